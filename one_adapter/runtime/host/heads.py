"""A limit for what a connection may say before a request is one: 64 KiB, 200 headers, 30 seconds.

uvicorn's fast parser keeps the headers of a request, whoever sends it, for as long as they come: one
connection without a key fills the memory. Here the bytes are counted that lead to nothing (headers, the
trailers of a body in chunks, what is written behind a chunk's size), and the seconds until a head is
complete. What goes beyond is answered with 431 and the connection closed; who is slow is not answered.

The limits hold wherever uvicorn reads with httptools, as it does for `one-adapter run` and `litellm`, each
worker for itself. Its other parser, h11, has limits of its own; hypercorn and granian have theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from one_adapter.runtime.host.corking import Corked

#: Bytes and number of a request's headers.
HEAD_BYTES, MOST_HEADERS = 64 << 10, 200
#: Seconds until a request's head is complete, from the connection's beginning or the request's first byte.
HEAD_SECONDS = 30.0
#: Where the bytes that came are no more than these, a head of that many headers need not be measured.
PLAIN = HEAD_BYTES - 4 * MOST_HEADERS
_TOLD = b"The request's headers are larger than 64 KiB."
_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TOLD), _TOLD)
)


class _TooLarge(Exception):  # noqa: N818 - it ends the parsing and is seen by nobody
    """A head that goes beyond the limits."""


def install() -> None:
    """Put the limits into uvicorn's parser, once."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Protocol
    except ImportError:  # without httptools uvicorn reads with h11
        return
    if hasattr(Protocol, "_idle_bytes"):
        return
    stock = {name: wrap(getattr(Protocol, name)) for name, wrap in _WRAPS.items()}
    new = {"_idle_bytes": 0, "_head_bytes": 0, "_in_head": True, "_head_timer": None}
    for name, value in {**new, **stock}.items():
        setattr(Protocol, name, value)


def _data_received(own: Callable[..., None]) -> Callable[..., None]:
    def data_received(self: Any, data: bytes) -> None:
        if self.transport.is_closing():
            return
        size = len(data)
        self._idle_bytes += size
        self._head_bytes = self._head_bytes + size if self._in_head else size  # at least those of a head
        own(self, data)
        if self._idle_bytes > HEAD_BYTES and not self.transport.is_closing():
            _refuse(self)
        elif self._in_head:
            _start(self)

    return data_received


def _on_message_begin(own: Callable[..., None]) -> Callable[..., None]:
    def on_message_begin(self: Any) -> None:
        self._in_head = True
        own(self)

    return on_message_begin


def _on_headers_complete(own: Callable[..., None]) -> Callable[..., None]:
    def on_headers_complete(self: Any) -> None:
        self._idle_bytes = 0
        self._in_head = False
        if self._head_timer is not None:
            _stop(self)
        if len(self.headers) > MOST_HEADERS or (self._head_bytes > PLAIN and _size(self) > HEAD_BYTES):
            _refuse(self)
            raise _TooLarge  # the parser ends; `send_400_response` finds the connection closed
        own(self)
        if not self.parser.should_upgrade():
            self.headers = []  # what comes behind the body would stand among the headers, unchecked

    return on_headers_complete


def _size(self: Any) -> int:
    return len(self.url) + sum([len(name) + len(value) + 4 for name, value in self.headers])


def _on_body(own: Callable[..., None]) -> Callable[..., None]:
    def on_body(self: Any, body: bytes) -> None:
        self._idle_bytes = 0
        own(self, body)

    return on_body


def _connection_made(own: Callable[..., None]) -> Callable[..., None]:
    def connection_made(self: Any, transport: Any) -> None:
        own(self, Corked(transport, self.loop))
        _start(self)

    return connection_made


def _connection_lost(own: Callable[..., None]) -> Callable[..., None]:
    def connection_lost(self: Any, problem: Exception | None) -> None:
        _stop(self)
        own(self, problem)

    return connection_lost


def _send_400_response(own: Callable[..., None]) -> Callable[..., None]:
    def send_400_response(self: Any, message: str) -> None:
        if not self.transport.is_closing():
            own(self, message)

    return send_400_response


_WRAPS = {
    "connection_made": _connection_made,
    "connection_lost": _connection_lost,
    "data_received": _data_received,
    "on_message_begin": _on_message_begin,
    "on_headers_complete": _on_headers_complete,
    "on_body": _on_body,
    "send_400_response": _send_400_response,
}


def _start(self: Any) -> None:
    if self._head_timer is None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)


def _stop(self: Any) -> None:
    if self._head_timer is not None:
        self._head_timer.cancel()
        self._head_timer = None


def _refuse(self: Any) -> None:
    """Say why, unless an answer to an earlier request is under way, and close."""
    _stop(self)
    if self.cycle is None or self.cycle.response_complete:
        self.transport.write(_ANSWER)
    self.transport.close()
