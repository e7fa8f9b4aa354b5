"""Watching for clients that leave: not at once, for most requests are over by the time it is worth while."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context

from one_adapter.runtime.entry.asgi import Receive
from one_adapter.runtime.entry.request import Request

#: Seconds after which it is noticed that the client has left.
WATCH_AFTER_SECONDS = 0.05


class Watch:
    """Ends one request when its client leaves."""

    __slots__ = ("_task", "open")

    def __init__(self, request: Request, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch in a while; `receive` is asked for nothing but that the client has left."""
        global _due
        self.open: tuple[Request, Receive] | None = (request, receive)
        self._task: asyncio.Task[None] | None = None
        due = _due
        if due is None or due.loop is not loop:
            due = _due = _Due(loop)
        due.waiting.append((request.started + WATCH_AFTER_SECONDS, self))
        if len(due.waiting) == 1:
            due.set()

    def begin(self, request: Request, receive: Receive) -> None:
        """Watch from now on."""
        self._task = asyncio.create_task(_wait(request, receive))

    def end(self) -> None:
        """Watch no longer."""
        self.open = None
        if self._task is not None:
            self._task.cancel()


async def _wait(request: Request, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    request.leave()


class _Due:
    """The watches of one event loop that have not begun, under one timer: a timer for each costs far more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: deque[tuple[float, Watch]] = deque()

    def set(self) -> None:
        """Set the timer for the first that waits."""
        self.loop.call_at(self.waiting[0][0], self._begin, context=Context())  # no request's own

    def _begin(self) -> None:
        now = max(self.loop.time(), self.waiting[0][0])  # a timer may come a little early
        while self.waiting and self.waiting[0][0] <= now:
            watch = self.waiting.popleft()[1]
            if watch.open is not None:  # most are over by now
                watch.begin(*watch.open)
        if self.waiting:
            self.set()


_due: _Due | None = None
