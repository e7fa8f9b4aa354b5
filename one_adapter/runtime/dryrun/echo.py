"""The dry run's upstream: one HTTP server on loopback that stands in for every vendor.

An upstream's address becomes a path of this server (`through_echo`), so that the answer can say
where the call would have gone. It answers in the wire format it was called in, with the text

    POST https://api.openai.com/v1/chat/completions model=gpt-4o key=...cret message=hello

and, where there are more than the one message, ` roles=system,user`, and ` tools=` with their names;
unless whoever starts it has something else to say.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.dryrun import wires
from one_adapter.runtime.dryrun.heard import Heard, Said, last_four, of_request, of_spark, original

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["EchoServer", "echoing", "last_four", "original", "start", "through_echo"]

#: What decides on an answer; it may take its time.
Answering = Callable[[Heard], Awaitable[Said]]


def through_echo(base_url: str, original_api_base: str) -> str:
    """The address under which the echo server at `base_url` stands in for an upstream.

    The upstream's path, query and fragment stay as they are, so rules that look at an address's end hold.

    >>> through_echo("http://127.0.0.1:9", "https://api.openai.com/v1")
    'http://127.0.0.1:9/https/api.openai.com/v1'
    >>> through_echo("http://127.0.0.1:9", "wss://spark-api.xf-yun.com/v4.0/chat")
    'ws://127.0.0.1:9/wss/spark-api.xf-yun.com/v4.0/chat'
    """
    parts = urlsplit(original_api_base)
    host = parts.netloc.rpartition("@")[2]
    base = base_url.replace("http", "ws", 1) if parts.scheme in ("ws", "wss") else base_url
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{base}/{parts.scheme}/{host}{parts.path}{query}{fragment}"


async def echoing(call: Heard) -> Said:
    """Say what the vendor would have received."""
    where = f"{call.method} {call.url}"
    roles, tools = wires.roles_in(call.body), wires.tools_in(call.body)
    more = (f" roles={roles}" if roles else "") + (f" tools={tools}" if tools else "")
    return Said(f"{where} model={call.model} key={last_four(call.key)} message={call.message}{more}")


class EchoServer:
    """The running server; `base_url` has no slash at its end."""

    def __init__(self, answering: Answering = echoing) -> None:
        """Make a server that is not running yet."""
        self._answering = answering
        self.base_url = ""
        self.port = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._main, name="echo", daemon=True)

    def stop(self) -> None:
        """End the server; again does nothing."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(5)

    def _begin(self) -> EchoServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise OneAdapterError(tr("The dry run's echo server did not start on loopback."))
        return self

    def _main(self) -> None:
        asyncio.run(self.serve())

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        return await _reply(request, self._answering)

    async def serve(self) -> None:
        """Answer on the running loop until `stop`, or until the task is cancelled."""
        from aiohttp import web

        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{tail:.*}", self._reply)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._ready.set()
        try:
            await self._end.wait()
        finally:
            await runner.cleanup()


def start(answering: Answering = echoing) -> EchoServer:
    """Start an echo server on a free port of 127.0.0.1, in a thread of its own."""
    try:
        import aiohttp.web  # noqa: F401
    except ImportError:
        raise OneAdapterError(
            tr("The dry run needs the proxy's packages: pip install 'one-adapter[proxy]'.")
        ) from None
    return EchoServer(answering)._begin()


async def _reply(request: web.Request, answering: Answering) -> web.StreamResponse:
    from aiohttp import web

    if request.headers.get("upgrade", "").lower() == "websocket":
        return await _spark(request, answering)
    call = of_request(
        request.method, request.raw_path, {**request.headers}, dict(request.query), await request.read()
    )
    said = await answering(call)
    if said.status >= 400:
        return web.json_response({"error": {"message": said.text, "type": "echo"}}, status=said.status)
    if not call.streamed or call.wire == "embeddings":
        return web.json_response(wires.whole(call.wire, call.model, said.text, call.body, said.tool))
    response = web.StreamResponse(headers={"content-type": wires.stream_type(call.wire)})
    await response.prepare(request)
    for event in wires.stream(call.wire, call.model, said.text):
        await response.write(event)
    return response


async def _spark(request: web.Request, answering: Answering) -> web.StreamResponse:
    from aiohttp import web

    socket = web.WebSocketResponse()
    await socket.prepare(request)
    call = of_spark(request.raw_path, dict(request.query), await socket.receive_json(timeout=10))
    said = await answering(call)
    for frame in wires.spark_frames(said.text):
        await socket.send_json(frame)
    await socket.close()
    return socket
