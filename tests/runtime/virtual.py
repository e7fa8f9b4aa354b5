"""An event loop whose clock jumps to the next timer, so that a minute's wait takes no time."""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable, Coroutine
from math import ceil
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while anything can run, and jumps when nothing can.

    `busy` tells whether an answer from outside is on its way: it takes no time either, and outside there
    are no parts of a microsecond.
    """

    def __init__(self, busy: Callable[[], bool] | None = None) -> None:
        super().__init__()
        self.now = 0.0
        self.busy = busy

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0].cancelled():
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            self._timer_cancelled_count -= 1
        if not self._ready and scheduled and not (self.busy and self.busy()):  # type: ignore[attr-defined]
            when = scheduled[0].when()
            self.now = max(self.now, when if self.busy is None else ceil(round(when * 1e6, 3)) / 1e6)
        super()._run_once()  # type: ignore[misc]


def run(coroutine: Coroutine[Any, Any, T], busy: Callable[[], bool] | None = None) -> T:
    """Run to the end in virtual time; fails when a task is left over."""
    return _to_its_end(coroutine, VirtualLoop(busy))


def _to_its_end(coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    try:
        result = loop.run_until_complete(coroutine)
        left = asyncio.all_tasks(loop)
        assert not left, f"tasks left: {left}"
        return result
    finally:
        loop.close()


class HurriedSelector(selectors.DefaultSelector):
    """Lets nobody wait for longer than it takes the kernel to hand on what another socket here has sent."""

    HANDED_ON_SECONDS = 0.001

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(min(timeout, self.HANDED_ON_SECONDS))
        self.now += 0 if found else timeout
        return found


class SocketLoop(asyncio.SelectorEventLoop):
    """A loop for servers and clients that all are on it: its clock jumps while nothing is sent."""

    def __init__(self) -> None:
        self.selector = HurriedSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def run_with_sockets(coroutine: Coroutine[Any, Any, T]) -> T:
    """The same for what speaks with itself through sockets."""
    return _to_its_end(coroutine, SocketLoop())


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing; fails for one that does."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits")
