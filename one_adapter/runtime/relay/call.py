"""One call to an upstream over aiohttp's connections, and what the upstream answers.

aiohttp's connector opens the connections, keeps and counts them, and its parser reads what comes. What its
session works out anew for each call (the request's head, and which connections fit) is the same for all calls
to an address, and is worked out once: that is a third of what a call through the session costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError
from yarl import URL

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from multidict import CIMultiDictProxy

#: Bytes of a body that are still sent in one piece with the head.
JOINED_BYTES = 64 << 10
#: What would end a line of the head, and begin one of somebody else's.
_LINE_ENDS = frozenset("\r\n\0")
#: What a call uses of aiohttp beside its session, and the parameters it gives.
_USED: tuple[tuple[type, str, frozenset[str]], ...] = (
    (aiohttp.BaseConnector, "connect", frozenset(("req", "traces", "timeout"))),
    (aiohttp.ClientRequest, "__init__", frozenset(("method", "url", "session", "loop"))),
    (aiohttp.ClientRequest, "connection_key", frozenset()),
    (ResponseHandler, "set_response_params", frozenset(("read_until_eof", "read_bufsize"))),
    (ResponseHandler, "read", frozenset()),
    (URL, "host_port_subcomponent", frozenset()),
)


@cache
def fits() -> bool:
    """Whether the installed aiohttp has all that a call uses; else its session has to make the calls."""
    return all(_has(owner, name, parameters) for owner, name, parameters in _USED)


def _has(owner: type, name: str, parameters: frozenset[str]) -> bool:
    found: Callable[..., Any] | None = getattr(owner, name, None)
    return found is not None and (not parameters or parameters <= signature(found).parameters.keys())


class _Request(aiohttp.ClientRequest):
    """What the connector is told of a call."""

    @cached_property
    def connection_key(self) -> ConnectionKey:
        return super().connection_key


class Address:
    """Where calls go, and the head that they all have; a thing of one event loop."""

    def __init__(
        self, session: aiohttp.ClientSession, url: URL, headers: Mapping[str, str], ahead_bytes: int
    ) -> None:
        """Take the session whose connections are used; `ahead_bytes` are read before anybody asks for them.

        Raises `ValueError` for headers that would end a line.
        """
        connector = session.connector
        assert connector is not None
        self._connector = connector
        self._timeout = session.timeout
        self._ahead_bytes = ahead_bytes
        self._headers = headers
        self._request = _Request("POST", url, session=session, loop=asyncio.get_running_loop())
        self._start = [f"POST {url.raw_path_qs} HTTP/1.1", f"host: {url.host_port_subcomponent}"]
        self._head = self._written(headers)

    @property
    def closed(self) -> bool:
        """Whether its connections have been closed for good."""
        return self._connector.closed

    def post(self, body: bytes, headers: Mapping[str, str]) -> Call:
        """A call that begins when it is entered; raises `ValueError` as the address itself."""
        return Call(self, self._head if headers is self._headers else self._written(headers), body)

    def _written(self, headers: Mapping[str, str]) -> bytes:
        lines = [*self._start, *[f"{name}: {value}" for name, value in headers.items()], "content-length: "]
        if not _LINE_ENDS.isdisjoint("".join(lines)):
            raise ValueError("a header holds the end of a line")
        return "\r\n".join(lines).encode()

    async def connect(self) -> Connection:
        """A free connection, or a new one."""
        try:
            found = await self._connector.connect(self._request, [], self._timeout)
        except asyncio.TimeoutError as late:
            raise aiohttp.ServerTimeoutError("the connection takes too long") from late
        assert found.protocol is not None
        found.protocol.set_response_params(read_until_eof=True, read_bufsize=self._ahead_bytes)
        return found


class Call:
    """A call, as a context manager that gives itself once the answer's head is read.

    What is not read to its end is not waited for: its connection is closed.
    """

    __slots__ = ("_address", "_body", "_connection", "_head", "content", "headers", "raw_headers", "status")

    status: int
    headers: CIMultiDictProxy[str]
    raw_headers: tuple[tuple[bytes, bytes], ...]
    content: aiohttp.StreamReader

    def __init__(self, address: Address, head: bytes, body: bytes) -> None:
        """Take what is sent; the head ends before the number of the body's bytes."""
        self._address = address
        self._head = b"%b%d\r\n\r\n" % (head, len(body))
        self._body = body
        self._connection: Connection | None = None

    async def __aenter__(self) -> Call:
        """Send the request and wait for the answer's head; raises `aiohttp.ClientError`."""
        connection = self._connection = await self._address.connect()
        protocol: Any = connection.protocol
        try:
            self._send(protocol.transport)
            code = 100
            while code < 200:  # what comes before is no answer
                message, content = await protocol.read()
                code = message.code
                if code == 101:
                    raise aiohttp.ClientConnectionError("another protocol was never asked for")
        except HttpProcessingError as strange:
            connection.close()
            raise aiohttp.ClientConnectionError("the answer is no HTTP") from strange
        except BaseException:
            connection.close()
            raise
        self.status, self.headers, self.raw_headers = code, message.headers, message.raw_headers
        self.content = content
        content.on_eof(self._ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the connection."""
        self.close()

    def _send(self, transport: asyncio.Transport | None) -> None:
        if transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError("the connection was closed")
        if len(self._body) <= JOINED_BYTES:
            transport.write(self._head + self._body)
        else:
            transport.write(self._head)
            transport.write(self._body)

    def _ended(self) -> None:
        """Give the connection back once the answer has ended, unless it ended before the request did."""
        connection = self._connection
        if connection is not None:
            transport = connection.transport
            if transport is None or transport.get_write_buffer_size():
                connection.close()
            else:
                connection.release()

    def close(self) -> None:
        """Close the connection, if it is still this call's; may be called again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
