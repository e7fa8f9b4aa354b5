"""The heartbeat of a worker, in a thread with a connection of its own.

A loop that is busy would be taken for a worker that is dead, and its places given away while its calls run.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Protocol

from one_adapter.runtime.shared.connection import Link, Lost


class Beating(Protocol):
    """Whose heartbeat it is."""

    async def connect(self) -> Link:
        """Open a connection; raises `Lost`."""

    async def beat(self, link: Link) -> tuple[int, int]:
        """Say that it is alive; return whether it was known, and how many are alive. Raises `Lost`."""

    def beaten(self, known: int, workers: int) -> None:
        """Take note of that, on its own loop."""


class Pulse:
    """The thread."""

    def __init__(self, whose: Beating, seconds: float) -> None:
        """Begin to beat for somebody who lives on the running loop, every so many `seconds`."""
        self._whose, self._seconds = whose, seconds
        self._owner = asyncio.get_running_loop()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._begin, daemon=True, name="one-adapter-redis")
        self._thread.start()

    def stop(self) -> None:
        """End, once what is asked just now is answered."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _begin(self) -> None:
        try:
            self._loop.run_until_complete(self._beat())
        finally:
            self._loop.close()

    async def _beat(self) -> None:
        link: Link | None = None
        while not self._stop.is_set():
            with contextlib.suppress(Lost):
                if link is None or link.ended.done():
                    link = await self._whose.connect()
                answer = await self._whose.beat(link)
                with contextlib.suppress(RuntimeError):  # its loop has ended
                    self._owner.call_soon_threadsafe(self._whose.beaten, *answer)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._seconds)
        if link is not None:
            link.close()
