"""Requests that wait at shared limits: who they are, in whose queue, and until when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Release

#: Microseconds of a second: Redis' scripts reckon in whole ones.
MICROSECONDS = 1e6


class Chain(NamedTuple):
    """Limits as Redis reads them; the names of those with places, and of those with a window."""

    text: str
    places: tuple[str, ...]
    windows: tuple[str, ...]


def chain_of(layers: Sequence[Layer]) -> Chain:
    """Limits as Redis reads them.

    >>> from one_adapter.runtime.gateway.settings import Limit
    >>> chain_of([Layer("s", Limit(qpm=30.0, wait_seconds=2.0))])
    Chain(text='[["s",0.0,30.0,0.0,0.0,2000000,0,1]]', places=(), windows=('s',))
    """
    numbers = [
        [
            layer.name,
            layer.limit.qps,
            layer.limit.qpm,
            layer.limit.tpm,
            layer.limit.concurrency,
            int(layer.limit.wait_seconds * MICROSECONDS),
            int(layer.of_key),
            layer.least,
        ]
        for layer in layers
    ]
    places = tuple(one.name for one in layers if one.limit.concurrency)
    windows = tuple(one.name for one in layers if one.limit.qpm or one.limit.tpm)
    return Chain(json.dumps(numbers, separators=(",", ":")), places, windows)


class Waiter:
    """A request on its way through its limits, until it has started; times are the loop's.

    `order` is its place among all arrivals, `at` the limit whose queue it is in, until `till` at most.
    """

    __slots__ = ("at", "chain", "cost", "end", "expiry", "layers", "number", "order", "till", "turn")

    def __init__(self, number: int, layers: Sequence[Layer], chain: Chain, cost: int, end: float) -> None:
        """Begin outside of every queue; `end` is when it has waited for long enough in all."""
        self.number, self.layers, self.chain, self.cost, self.end = number, layers, chain, cost, end
        self.turn: asyncio.Future[Release] = asyncio.get_running_loop().create_future()
        self.at = ""
        self.order = 0
        self.till = end
        self.expiry: asyncio.TimerHandle | None = None

    def fail(self, problem: Exception) -> None:
        """Give up, unless it is known already what becomes of it."""
        if not self.turn.done():
            self.turn.set_exception(problem)


class Queues:
    """Those of one worker who wait, by the limits they wait at."""

    def __init__(self, expire: Callable[[Waiter], None], look: Callable[[str], None]) -> None:
        """Have `expire` told when somebody's time is up, and `look` when a queue is to be looked at."""
        self._expire, self._look = expire, look
        self._waiters: dict[int, Waiter] = {}
        self._names: dict[str, dict[int, Waiter]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def find(self, number: int) -> Waiter | None:
        """Who has a number, while it waits."""
        return self._waiters.get(number)

    def all(self) -> list[Waiter]:
        """Everybody, by arrival."""
        return sorted(self._waiters.values(), key=lambda one: one.order)

    def of(self, name: str) -> Sequence[int]:
        """The numbers of those who wait at a limit."""
        return list(self._names.get(name, ()))

    def sizes(self) -> dict[str, int]:
        """How many wait, by limit."""
        return {name: len(queue) for name, queue in self._names.items()}

    def join(self, waiter: Waiter, name: str, longest: float) -> None:
        """Have somebody wait at a limit for `longest` seconds at most."""
        loop = asyncio.get_running_loop()
        waiter.at, waiter.till = name, loop.time() + longest
        waiter.expiry = loop.call_at(waiter.till, self._expire, waiter)
        self._waiters[waiter.number] = waiter
        self._names.setdefault(name, {})[waiter.number] = waiter

    def leave(self, waiter: Waiter) -> bool:
        """Have somebody wait no more; tell whether it did."""
        if self._waiters.pop(waiter.number, None) is None:
            return False
        assert waiter.expiry is not None
        waiter.expiry.cancel()
        queue = self._names[waiter.at]
        del queue[waiter.number]
        if not queue:
            del self._names[waiter.at]
            timer = self._timers.pop(waiter.at, None)
            if timer is not None:
                timer.cancel()
        return True

    def arm(self, name: str, seconds: float) -> None:
        """Have a queue looked at in so many seconds, or when it was to be before."""
        if name not in self._names:
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(name)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[name] = loop.call_later(seconds, self._ring, name)

    def _ring(self, name: str) -> None:
        del self._timers[name]
        self._look(name)
