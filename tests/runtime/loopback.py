"""A server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import TypeVar

from aiohttp import web

Some = TypeVar("Some", bound="LoopbackServer")


class LoopbackServer:
    """Answers by `_handle` from `start` to `stop`; a request whose client leaves is cancelled."""

    def start(self: Some) -> Some:
        """Listen; on return it does."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        """Listen no longer, and end what is being answered."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await runner.setup()
        for port in self._ports():
            await web.TCPSite(runner, "127.0.0.1", port).start()
        self._listens([address[1] for address in runner.addresses])
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def _ports(self) -> Sequence[int]:
        """The ports to listen on, 0 for any."""
        raise NotImplementedError

    def _listens(self, ports: Sequence[int]) -> None:
        """Note the ports that they have become."""
        raise NotImplementedError

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError
