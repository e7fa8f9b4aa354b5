"""An answer's head waits for what follows it, and for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from one_adapter.runtime.host import heads
from one_adapter.runtime.host.corking import Corked

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
ASK = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


class Transport(asyncio.Transport):
    """Keeps each write by itself, and that it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.writes.append(b"".join(list_of_data))

    def get_write_buffer_size(self) -> int:
        return len(self.writes)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


async def test_a_head_goes_out_with_what_follows_it() -> None:
    transport = Transport()
    corked = Corked(transport, asyncio.get_running_loop())
    corked.write(HEAD)
    corked.write(b"one")
    corked.write(b"two")
    await asyncio.sleep(0)
    assert transport.writes == [HEAD + b"one", b"two"]


async def test_a_head_that_nothing_follows_goes_out_at_the_end_of_the_turn() -> None:
    transport = Transport()
    corked = Corked(transport, asyncio.get_running_loop())
    corked.write(HEAD)
    assert transport.writes == []
    await asyncio.sleep(0)
    assert transport.writes == [HEAD]


async def test_a_head_goes_out_before_the_connection_is_closed_or_asked_for_anything() -> None:
    transport = Transport()
    corked = Corked(transport, asyncio.get_running_loop())
    corked.write(HEAD)
    assert corked.get_write_buffer_size() == 1
    corked.write(HEAD)
    corked.close()
    assert (transport.writes, transport.closing) == ([HEAD, HEAD], True)


async def test_nothing_is_written_to_a_client_that_is_gone() -> None:
    transport = Transport()
    corked = Corked(transport, asyncio.get_running_loop())
    corked.write(HEAD)
    transport.closing = True
    await asyncio.sleep(0)
    assert transport.writes == []


@pytest.mark.proxy
async def test_uvicorn_sends_a_whole_answer_at_once() -> None:
    heads.install()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        head = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{}"})

    config = Config(app, log_level="critical", lifespan="off")
    config.load()
    transport = Transport()
    protocol = HttpToolsProtocol(config, ServerState(), {})
    protocol.connection_made(transport)
    protocol.data_received(ASK)
    for _ in range(9):
        await asyncio.sleep(0)
    (written,) = transport.writes
    assert written.startswith(b"HTTP/1.1 200")
    assert written.endswith(b"\r\n\r\n{}")
    protocol.connection_lost(None)
