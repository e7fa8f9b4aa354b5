"""The dry run's upstream: one HTTP server on loopback that stands in for every vendor.

An upstream's address becomes a path of this server (`through_echo`), so that the answer can say
where the call would have gone. It answers in the wire format it was called in, with the text

    POST https://api.openai.com/v1/chat/completions model=gpt-4o key=...cret message=hello
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.dryrun import wires as echo_wire

if TYPE_CHECKING:
    from aiohttp import web


def through_echo(base_url: str, original_api_base: str) -> str:
    """Return the address under which the echo server at `base_url` stands in for an upstream.

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


def original(path: str) -> str:
    """Return the address that a path of the echo server stands for.

    >>> original("/https/api.openai.com/v1/chat/completions")
    'https://api.openai.com/v1/chat/completions'
    """
    scheme, _, rest = path.lstrip("/").partition("/")
    return f"{scheme}://{rest}"


def last_four(key: str) -> str:
    """Return what may be shown of a key: its last four characters, if it is long enough to have more.

    >>> last_four("sk-secret"), last_four("abc")
    ('...cret', '...')
    """
    return f"...{key[-4:]}" if len(key) > 4 else "..."


class EchoServer:
    """The running server; `base_url` has no slash at its end."""

    def __init__(self) -> None:
        """Make a server that is not running yet."""
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
            raise OneAdapterError("The dry run's echo server did not start on loopback.")
        return self

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        from aiohttp import web

        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{tail:.*}", _answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()


def start() -> EchoServer:
    """Start an echo server on a free port of 127.0.0.1, in a thread of its own."""
    try:
        import aiohttp.web  # noqa: F401
    except ImportError:
        raise OneAdapterError(
            "The dry run needs the proxy's packages: pip install 'one-adapter[proxy]'."
        ) from None
    return EchoServer()._begin()


async def _answer(request: web.Request) -> web.StreamResponse:
    from aiohttp import web

    path = request.raw_path.partition("?")[0]
    if request.headers.get("upgrade", "").lower() == "websocket":
        return await _spark(request)
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    url = original(path)
    wire = "anthropic" if "anthropic-version" in request.headers else echo_wire.wire_of(url)
    model = str(body.get("model") or echo_wire.model_in(url))
    key = _key(request.headers, request.query)
    text = f"{request.method} {url} model={model} key={last_four(key)} message={echo_wire.message_in(body)}"
    streamed = (
        bool(body.get("stream")) or "streamGenerateContent" in url or body.get("response_mode") == "streaming"
    )
    if not streamed or wire == "embeddings":
        return web.json_response(echo_wire.whole(wire, model, text, body))
    response = web.StreamResponse(headers={"content-type": echo_wire.stream_type(wire)})
    await response.prepare(request)
    for event in echo_wire.stream(wire, model, text):
        await response.write(event)
    return response


async def _spark(request: web.Request) -> web.StreamResponse:
    from aiohttp import web

    socket = web.WebSocketResponse()
    await socket.prepare(request)
    message = await socket.receive_json(timeout=10)
    url = original(request.raw_path.partition("?")[0])
    app = str((message.get("header") or {}).get("app_id") or "")
    model = str(((message.get("parameter") or {}).get("chat") or {}).get("domain") or "")
    text = f"GET {url} model={model} key={last_four(app)} message={echo_wire.message_in(message)}"
    for frame in echo_wire.spark_frames(text):
        await socket.send_json(frame)
    await socket.close()
    return socket


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:]
    return (
        headers.get("x-api-key")
        or headers.get("api-key")
        or headers.get("x-goog-api-key")
        or query.get("key", "")
    )
