"""Waiting for limits: all that a request has to pass are booked in one instant, or none is.

Who has to wait does so at the first limit that has no room, first come first served there, and holds
nothing meanwhile: neither a place anywhere nor the others who wait for other limits. Everything runs
on one event loop and by that loop's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from math import inf
from typing import Protocol

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.usage import MINUTE_SECONDS, Usage

Release = Callable[[], None]
#: Seconds no timer is shorter than, or the loop would spin.
SHORTEST_TIMER_SECONDS = 1e-6


class Full(Exception):  # noqa: N818 - it is a state, not a fault
    """The turn at `layer` does not come in time; `retry_after` is when it might, in seconds.

    `never`: the request costs more tokens than the limit has in a minute.
    """

    def __init__(self, layer: Layer, retry_after: float, never: bool = False) -> None:
        super().__init__(f"limit {layer.name} reached, try again in {retry_after:.1f} s")
        self.layer = layer
        self.retry_after = retry_after
        self.never = never


class LimitStore(Protocol):
    """Where limits are kept: in this process, or one that several share."""

    async def acquire(
        self, layers: Sequence[Layer], tokens: int, most: float, spare: bool = False
    ) -> Release:
        """Start a request that costs `tokens` at all `layers`, waiting at most `most` seconds in all.

        At each layer it waits its own `wait_seconds` at most; where another key is left (`spare`), it does
        not wait at a key's whose wait would leave no time for that one. Returns what ends the request: it
        gives back its places among those that run, once. Raises `Full`, with nothing used; cancelled, it
        uses nothing.
        """

    def renew(self, layers: Iterable[Layer]) -> None:
        """Let the limits of a new configuration hold at once, for those who wait already too.

        Whoever comes later with an older configuration's numbers does not bring them back.
        """

    def held(self) -> dict[str, tuple[int, int]]:
        """Name -> (requests that run, requests that wait) of every limit in use now.

        Where several processes share the limits, it counts this one's.
        """


def _nothing() -> None:
    """Give back nothing."""


class _Limiter(Usage):
    """One limit in use, and those who wait for it by their arrival."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer)
        self.queue: deque[_Waiter] = deque()
        self.timer: asyncio.TimerHandle | None = None


class _Waiter:
    """A request that waits `at` one limiter; `began` is when it first did at each."""

    def __init__(self, number: int, chain: Sequence[_Limiter], cost: int, end: float, spare: bool) -> None:
        self.number, self.chain, self.cost, self.end, self.spare = number, chain, cost, end, spare
        self.turn: asyncio.Future[Release] = asyncio.get_running_loop().create_future()
        self.at: _Limiter | None = None
        self.began: dict[_Limiter, float] = {}
        self.patience = self.started = 0.0
        self.expiry: asyncio.TimerHandle | None = None


class _Places:
    """What a request that runs holds; called, it gives that back, once."""

    def __init__(self, limits: Limits, held: list[_Limiter]) -> None:
        self._limits, self._held = limits, held

    def __call__(self) -> None:
        held, self._held = self._held, []
        for one in held:
            one.held -= 1
        for one in held:
            if one.queue:
                self._limits.pump(one)


class Limits:
    """The limits of one process, made on first use and known by name."""

    def __init__(self) -> None:
        """Begin with nothing used."""
        self._made: dict[str, _Limiter] = {}
        self._arrivals = count()

    def held(self) -> dict[str, tuple[int, int]]:
        """Name -> (requests that run, requests that wait) of every limit in use now."""
        used = {name: (one.held, len(one.queue)) for name, one in self._made.items()}
        return {name: both for name, both in used.items() if any(both)}

    async def acquire(
        self, layers: Sequence[Layer], tokens: int, most: float, spare: bool = False
    ) -> Release:
        """Start a request that costs `tokens` at all `layers`: see `LimitStore`."""
        now = asyncio.get_running_loop().time()
        chain = [self._limiter(layer) for layer in layers]
        blocked = _blocked(chain, now, tokens, inf)
        if blocked is None:
            return self._start(chain, now, tokens)
        for one in chain:
            if one.too_large(tokens):
                raise Full(one.layer, MINUTE_SECONDS, never=True)
        waiter = _Waiter(next(self._arrivals), chain, tokens, now + most, spare)
        waiter.patience = layers[0].patience
        self._wait(waiter, blocked, now)
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            if waiter.expiry is not None:
                waiter.expiry.cancel()

    def renew(self, layers: Iterable[Layer]) -> None:
        """Let the limits of a new configuration hold: see `LimitStore`; what nobody uses is forgotten."""
        named = {layer.name for layer in layers if self._limiter(layer)}
        now = asyncio.get_running_loop().time()
        for name, one in [*self._made.items()]:
            if name not in named and not one.held and not one.queue and one.is_forgotten(now):
                del self._made[name]

    def start(self, layers: Sequence[Layer], tokens: int, at: float | None = None) -> Release:
        """Count a request that has started elsewhere, whether or not there is room; return what ends it.

        `at` is when, on the loop's clock; such are told in their order. None: now.
        """
        now = asyncio.get_running_loop().time() if at is None else at
        return self._start([self._limiter(layer) for layer in layers], now, tokens)

    def pump(self, limiter: _Limiter) -> None:
        """Let everybody start whose turn has come at a limiter, and set the clock for the next."""
        now = asyncio.get_running_loop().time()
        queue = limiter.queue
        while queue:
            waiter = queue[0]
            blocked = None if waiter.turn.done() else _blocked(waiter.chain, now, waiter.cost, waiter.number)
            if blocked is limiter and not limiter.too_large(waiter.cost):
                break
            self._unqueue(waiter)
            if waiter.turn.done():
                continue
            if blocked is None:
                waiter.started = now
                waiter.turn.set_result(self._start(waiter.chain, now, waiter.cost))
            elif blocked is limiter:
                waiter.turn.set_exception(Full(limiter.layer, MINUTE_SECONDS, never=True))
            else:
                self._wait(waiter, blocked, now)
        self._arm(limiter, now)

    def _limiter(self, layer: Layer) -> _Limiter:
        """The limiter of a layer; one whose numbers have changed takes the new ones on."""
        found = self._made.get(layer.name)
        if found is None:
            found = self._made[layer.name] = _Limiter(layer)
        elif found.layer.limit is not layer.limit and layer.generation >= found.layer.generation:
            changed, found.layer = found.layer.limit != layer.limit, layer
            if changed:
                self.pump(found)
        return found

    def _start(self, chain: Sequence[_Limiter], now: float, cost: int) -> Release:
        held = [one for one in chain if one.book(now, cost)]
        return _Places(self, held) if held else _nothing

    def _wait(self, waiter: _Waiter, limiter: _Limiter, now: float) -> None:
        """Queue a request at a limiter, or refuse it where its turn would come too late."""
        limit, queue = limiter.layer.limit, limiter.queue
        began = waiter.began.setdefault(limiter, now)
        until = began + (limit.wait_seconds or waiter.patience)
        if waiter.spare and limiter.layer.of_key and until >= waiter.end:
            until = now
        wait = max(0.0, min(until, waiter.end) - now)
        ahead = len(queue)
        while ahead and queue[ahead - 1].number > waiter.number:
            ahead -= 1
        refusal = limiter.hopeless(now, ahead, wait)
        if refusal is not None:
            waiter.turn.set_exception(Full(limiter.layer, refusal))
            return
        queue.insert(ahead, waiter)
        waiter.at = limiter
        waiter.expiry = asyncio.get_running_loop().call_later(wait, self._expire, waiter)
        if not ahead:
            self._arm(limiter, now)

    def _unqueue(self, waiter: _Waiter) -> None:
        """Take a request out of the queue it is in."""
        assert waiter.at is not None
        assert waiter.expiry is not None
        waiter.at.queue.remove(waiter)
        waiter.at = None
        waiter.expiry.cancel()

    def _expire(self, waiter: _Waiter) -> None:
        """End the wait at a limiter, unless the turn comes in the same moment."""
        limiter = waiter.at
        assert limiter is not None
        self.pump(limiter)
        if waiter.at is not limiter:
            return
        delay = limiter.delay(asyncio.get_running_loop().time(), limiter.queue[0].cost)
        self._unqueue(waiter)
        if not waiter.turn.done():
            waiter.turn.set_exception(Full(limiter.layer, delay if delay < inf else MINUTE_SECONDS))
        self.pump(limiter)

    def _withdraw(self, waiter: _Waiter) -> None:
        """Undo what was done for a request that is cancelled: its place in the queue, or its start."""
        if waiter.at is not None:
            limiter = waiter.at
            self._unqueue(waiter)
            self.pump(limiter)
        elif not waiter.turn.cancelled() and waiter.turn.exception() is None:
            for one in waiter.chain:
                one.unbook(waiter.started, waiter.cost)
            waiter.turn.result()()
            for one in waiter.chain:
                self.pump(one)

    def _arm(self, limiter: _Limiter, now: float) -> None:
        if limiter.timer is not None:
            limiter.timer.cancel()
            limiter.timer = None
        if not limiter.queue:
            return
        delay = limiter.delay(now, limiter.queue[0].cost)
        if delay < inf:
            loop = asyncio.get_running_loop()
            limiter.timer = loop.call_later(max(delay, SHORTEST_TIMER_SECONDS), self.pump, limiter)


def _blocked(chain: Sequence[_Limiter], now: float, cost: int, number: float) -> _Limiter | None:
    """The first limiter without room for a request, or where somebody who came before it waits."""
    for one in chain:
        if (one.queue and one.queue[0].number < number) or one.delay(now, cost) > 0:
            return one
    return None
