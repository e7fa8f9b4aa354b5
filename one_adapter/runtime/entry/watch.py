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

    def __init__(self, request: Request, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch in a while; `receive` is asked for nothing but that the client has left."""
        self._open: tuple[Request, Receive] | None = request, receive
        self._task: asyncio.Task[None] | None = None
        _due_in(loop).add(self, request.started)

    def begin(self) -> None:
        """Watch from now on, if the request is not over."""
        if self._open is not None:
            self._task = asyncio.create_task(_wait(*self._open))

    def end(self) -> None:
        """Watch no longer."""
        self._open = None
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
        self._waiting: deque[tuple[float, Watch]] = deque()

    def add(self, watch: Watch, now: float) -> None:
        self._waiting.append((now + WATCH_AFTER_SECONDS, watch))
        if len(self._waiting) == 1:
            self._set()

    def _set(self) -> None:
        self.loop.call_at(self._waiting[0][0], self._begin, context=Context())  # no request's own

    def _begin(self) -> None:
        now = self.loop.time()
        self._waiting.popleft()[1].begin()  # a timer may come a little early
        while self._waiting and self._waiting[0][0] <= now:
            self._waiting.popleft()[1].begin()
        if self._waiting:
            self._set()


_due: _Due | None = None


def _due_in(loop: asyncio.AbstractEventLoop) -> _Due:
    global _due
    if _due is None or _due.loop is not loop:
        _due = _Due(loop)
    return _due
