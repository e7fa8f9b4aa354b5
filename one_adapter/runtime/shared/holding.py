"""What one worker's requests hold at shared limits, and what of them Redis or the worker itself must know."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Any, NamedTuple

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Limits, Release
from one_adapter.runtime.shared.waiting import MICROSECONDS, Chain, Waiter


class Start(NamedTuple):
    """A request that has started, `at` a time of the loop."""

    at: float
    number: int
    cost: int
    layers: Sequence[Layer]
    chain: Chain


class Places:
    """What a request that runs holds; called, it gives that back, once. `own`: what it holds here alone."""

    __slots__ = ("_end", "own", "start")

    def __init__(self, end: Callable[[Start], None], start: Start, own: Release | None) -> None:
        """Have `end` told when the request is over."""
        self._end, self.start, self.own = end, start, own

    def __call__(self) -> None:
        """Give it back."""
        self._end(self.start)
        own, self.own = self.own, None
        if own is not None:
            own()


def nothing() -> None:
    """Give back nothing."""


class Holding:
    """The requests of one worker that hold places, and those that started in the last `minute` seconds."""

    def __init__(self, minute: float, end: Callable[[Start], None]) -> None:
        """Have `end` told when a request gives its places back."""
        self._minute, self._end = minute, end
        self._running: dict[int, Places] = {}
        self._starts: deque[Start] = deque()

    def begin(self, waiter: Waiter, own: Release | None = None) -> Release:
        """Note a start, which holds `own` where it is this worker's alone; return what ends it."""
        chain = waiter.chain
        if not chain.places and not chain.windows:
            return own or nothing
        now = asyncio.get_running_loop().time()
        start = Start(now, waiter.number, waiter.cost, waiter.layers, chain)
        if chain.windows:
            self._starts.append(start)
            if self._starts[0].at <= now - 2 * self._minute:
                self._forget()
        if not chain.places:
            return own or nothing
        places = self._running[waiter.number] = Places(self._end, start, own)
        return places

    def drop(self, number: int) -> bool:
        """Forget that a request runs; tell whether it did."""
        return self._running.pop(number, None) is not None

    def undo(self, number: int) -> None:
        """Forget that a request has started."""
        self.drop(number)
        self._starts = deque(one for one in self._starts if one.number != number)

    def counts(self) -> dict[str, int]:
        """How many run, by limit."""
        found: dict[str, int] = {}
        for places in self._running.values():
            for name in places.start.chain.places:
                found[name] = found.get(name, 0) + 1
        return found

    def alone(self, workers: int) -> Limits:
        """Limits of this worker's own, one part of so many, at which what it has begun counts."""
        self._forget()
        limits = Limits()
        for start in self._starts:
            parts = [share_of(one, workers) for one in start.layers if one.name in start.chain.windows]
            limits.start([_with(one, concurrency=0.0) for one in parts], start.cost, start.at)
        for places in self._running.values():
            start = places.start
            parts = [share_of(one, workers) for one in start.layers if one.name in start.chain.places]
            places.own = limits.start([_with(one, qps=0.0, qpm=0.0, tpm=0.0) for one in parts], start.cost)
        return limits

    def told(self, ticket: Callable[[int], str]) -> Mapping[str, Any]:
        """What Redis has to know; `ticket` names a request."""
        self._forget()
        now = asyncio.get_running_loop().time()
        return {
            "held": {ticket(number): one.start.chain.places for number, one in self._running.items()},
            "starts": [
                [int((now - one.at) * MICROSECONDS), ticket(one.number), one.cost, one.chain.windows]
                for one in self._starts
            ],
        }

    def _forget(self) -> None:
        """Drop the starts that count no more."""
        last = asyncio.get_running_loop().time() - self._minute
        while self._starts and self._starts[0].at <= last:
            self._starts.popleft()


def share_of(layer: Layer, workers: int) -> Layer:
    """One worker's part of a limit: what is counted in whole numbers is at least one.

    >>> from one_adapter.runtime.gateway.settings import Limit
    >>> share_of(Layer("s", Limit(qps=1.0, qpm=30.0, concurrency=3.0)), 4).limit
    Limit(qps=0.25, qpm=7, tpm=0.0, concurrency=1.0, wait_seconds=0.0)
    """
    limit = layer.limit
    parts = {
        kind: max(min(number, 1.0), floor(number / workers))
        for kind in ("qpm", "tpm", "concurrency")
        if (number := getattr(limit, kind))
    }
    rate = limit.qps / workers if layer.least else max(min(limit.qps, 1.0), limit.qps / workers)
    return _with(layer, qps=rate, **parts)


def _with(layer: Layer, **numbers: float) -> Layer:
    return layer._replace(limit=replace(layer.limit, **numbers))
