"""What a connection may send before anybody has looked at a key."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from proxy import CLIENT, Proxy
from raw import Answer, send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState
from wires import Wires

from one_adapter.runtime.host import heads

POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
KEY = b"Authorization: Bearer %b\r\n" % CLIENT.encode()
CHAT = b'{"model": "cheap", "messages": [{"role": "user", "content": "hi"}]}'


def memory(proxy: Proxy) -> int:
    """The proxy's resident memory in MiB."""
    status = Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) >> 10


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 300_000,
        b"GET / HTTP/1.1\r\n" + b"X-A" * 30_000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %b\r\n" % (at, b"a" * 1000) for at in range(70)) + b"\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % at for at in range(250)) + b"\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /?" + b"a" * 300_000,
        POST + KEY + b"X-A: " + b"a" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["value", "endless value", "endless name", "many", "countless", "path", "endless path", "with a key"],
)
def test_a_head_that_is_too_large_is_431_and_the_end(head: bytes, proxy: Proxy, upstream: Wires) -> None:
    upstream.take()
    assert send(proxy.port, head).status == 431
    assert upstream.take() == []


def test_a_head_of_60_kib_is_read(proxy: Proxy, upstream: Wires) -> None:
    upstream.take()
    padding = b"".join(b"X-%d: %b\r\n" % (at, b"a" * 1000) for at in range(58))
    head = POST + KEY + padding + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(CHAT)
    assert send(proxy.port, head + CHAT).status == 200
    assert len(upstream.take()) == 1


@pytest.mark.parametrize(
    "endless",
    [
        POST + b"X-A: " + b"a" * 60_000,
        POST + KEY + b"Transfer-Encoding: chunked\r\n\r\n2;a=" + b"a" * 60_000,
        POST + KEY + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: " + b"a" * 60_000,
    ],
    ids=["header", "chunk extension", "trailer"],
)
def test_what_has_no_end_is_ended(endless: bytes, proxy: Proxy) -> None:
    before = memory(proxy)
    sent = 0
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        connection.sendall(endless)
        try:
            while sent < 60_000_000:
                sent += connection.send(b"a" * 500_000)
        except OSError:
            pass
    assert sent < 30_000_000
    assert memory(proxy) - before < 20


def test_no_header_comes_in_behind_a_body(ask: Callable[..., Answer], proxy: Proxy, upstream: Wires) -> None:
    del ask
    chunk = b"%x\r\n%b\r\n" % (len(CHAT), CHAT)
    head = POST + KEY + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = send(proxy.port, head + chunk + b"0\r\nx-litellm-timeout: 0.001\r\nx-api-key: wrong\r\n\r\n")
    assert answer.status == 200
    assert len(upstream.take()) == 1


def test_five_hundred_connections_that_say_nothing_keep_nobody_waiting(
    ask: Callable[..., Answer], proxy: Proxy
) -> None:
    idle = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(500)]
    try:
        for one in idle[::2]:
            one.sendall(POST + b"X-A: ")
        assert ask("GET", "/healthz").status == 200
    finally:
        for one in idle:
            one.close()


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class _Clock:
    """Stands where the event loop stands, for its timers alone."""

    def __init__(self) -> None:
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def call_soon(self, action: Callable[[], None]) -> None:
        del action  # what waits for the end of a turn is sent when the connection is closed

    def call_later(self, seconds: float, action: Callable[[], None]) -> Any:
        timer = (seconds, action)
        self.timers.append(timer)

        class Handle:
            def cancel(_self) -> None:  # noqa: N805
                self.timers.remove(timer)

        return Handle()


@pytest.mark.proxy
class TestSlowHeads:
    """A connection has half a minute to say what it wants."""

    @pytest.fixture
    def protocol(self) -> tuple[HttpToolsProtocol, _Transport, _Clock]:
        heads.install()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            del scope, receive, send

        config = Config(app, log_level="critical")
        config.load()
        clock, transport = _Clock(), _Transport()
        made = HttpToolsProtocol(config, ServerState(), {}, _loop=clock)  # type: ignore[arg-type]
        made.connection_made(transport)
        return made, transport, clock

    @pytest.mark.parametrize("said", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\nX-A"])
    def test_one_that_is_not_done_by_then_is_closed(self, said: bytes, protocol: Any) -> None:
        made, transport, clock = protocol
        for at in range(len(said)):
            made.data_received(said[at : at + 1])
        ((seconds, end),) = clock.timers
        assert seconds == 30
        end()
        assert transport.closed

    def test_one_that_is_done_has_all_the_time(self, protocol: Any) -> None:
        made, _, clock = protocol
        made._start_asgi_task = lambda *_: None
        made.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na")
        assert clock.timers == []

    def test_one_that_leaves_leaves_no_timer(self, protocol: Any) -> None:
        made, _, clock = protocol
        made.connection_lost(OSError())
        assert clock.timers == []

    @pytest.mark.parametrize("cut", [1, 100, 5_000, 65_000, 69_900])
    @pytest.mark.parametrize("before", [0, 30_000])
    def test_a_head_behind_another_request_is_measured_wherever_it_is_cut(
        self, cut: int, before: int, protocol: Any
    ) -> None:
        made, transport, _ = protocol
        made._start_asgi_task = lambda *_: None
        first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % before + b"b" * before
        large = b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n"
        made.data_received(first + large[:cut])
        made.data_received(large[cut:])
        assert transport.closed
