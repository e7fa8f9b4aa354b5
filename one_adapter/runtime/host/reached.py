"""Whether a request has got as far as its upstream.

A client's body may make LiteLLM fail before any call (a tool it does not know, a picture it cannot fetch),
and LiteLLM answers 500 as if the upstream had. Its exceptions do not tell the two apart, and its hooks run
before it has read the body, so the calls themselves are watched: `transport` tells of every HTTP request
on its way out, and here aiohttp tells of websockets, which Spark is called by. A call counts when it is a
POST or a websocket to a host of the deployment's (LiteLLM fetches pictures by GET, and callbacks of the
operator's have hosts of their own); that the host cannot be connected to, or does not answer, is its failure.
Where it has answered well, and LiteLLM falls over the request only then (it counts tokens), it has none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx

from one_adapter.runtime.entry.request import Request, current
from one_adapter.runtime.record.trace import Trace


def note(method: str, host: str) -> Request | None:
    """Note an HTTP request that leaves now; return the request in whose course an upstream is asked by it."""
    request = current.get()
    if request is None or method != "POST" or not _is_upstream(request, host):
        return None
    request.attempt.reached = True
    if request.trace is not None:
        request.trace.asks()
    return request


def note_answer(request: Request, answer: bytes) -> None:
    """Note the whole answer, of a good status, to such a request."""
    request.attempt.answer = answer
    if request.trace is not None:
        request.trace.said(answer)


def heeded(request: Request | None, stream: httpx.AsyncByteStream) -> httpx.AsyncByteStream:
    """The stream of an answer, noted on its way where anybody wants to know."""
    if request is None or request.trace is None:
        return stream
    return Heeded(stream, request.trace)


class Heeded(httpx.AsyncByteStream):
    """A stream of which every piece is noted."""

    def __init__(self, stream: httpx.AsyncByteStream, trace: Trace) -> None:
        """Note the pieces of `stream` in `trace`."""
        self._stream, self._trace = stream, trace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces."""
        async for piece in self._stream:
            self._trace.said(piece)
            yield piece

    async def aclose(self) -> None:
        """End the upstream's answer."""
        await self._stream.aclose()


def _is_upstream(request: Request, host: str) -> bool:
    return not request.policy.hosts or host in request.policy.hosts


def install() -> None:
    """Watch aiohttp's websockets, once."""
    import aiohttp

    if not hasattr(aiohttp.ClientSession.ws_connect, "own"):
        aiohttp.ClientSession.ws_connect = _watched(aiohttp.ClientSession.ws_connect)  # type: ignore[method-assign]


def _watched(stock: Any) -> Any:
    def ws_connect(self: Any, url: Any, **named: Any) -> Any:
        request = current.get()
        if request is not None:
            request.attempt.reached = True
            if request.trace is not None:
                request.trace.asks()
        return stock(self, url, **named)

    ws_connect.own = stock  # type: ignore[attr-defined]
    return ws_connect
