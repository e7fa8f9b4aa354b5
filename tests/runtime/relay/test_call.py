"""A call over aiohttp's connections: what goes out, which connection it takes, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from one_adapter.runtime.gateway.settings import ProxyRule
from one_adapter.runtime.relay.call import JOINED_BYTES, fits
from one_adapter.runtime.relay.client import Pools
from one_adapter.runtime.upstream.endpoint import Endpoint

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
PATIENCE = 30.0


class Upstream:
    """A server that hears requests as bytes; answers with `said`, and counts its connections."""

    def __init__(self) -> None:
        self.said = OK
        self.heard: list[bytes] = []
        self.connections = 0
        self.reads_all = True
        self.url = ""
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                self.heard.append(head + (await reader.readexactly(length) if self.reads_all else b""))
                writer.write(self.said)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # it has left, or goes on with a body that is not read
        finally:
            writer.close()

    async def close(self) -> None:
        """Wait until every connection has ended."""
        for writer in self.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    one = Upstream()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat?key=a%2Fb"
    yield one
    server.close()
    await one.close()


@pytest.fixture
async def pools() -> AsyncIterator[Pools]:
    made = Pools({})
    yield made
    await made.close()
    await asyncio.sleep(0)  # the transports end in the loop's next turn


async def asked(pools: Pools, endpoint: Endpoint, body: bytes = b"{}", **headers: str) -> tuple[int, bytes]:
    """Make one call and read its answer."""
    given = {**endpoint.headers, **headers} if headers else endpoint.headers

    async def call() -> tuple[int, bytes]:
        async with pools.post(endpoint, body, given, None) as answer:
            return answer.status, b"".join([part async for part in answer.content.iter_any()])

    return await asyncio.wait_for(call(), PATIENCE)


async def test_a_request_is_its_head_and_its_body(upstream: Upstream, pools: Pools) -> None:
    endpoint = Endpoint(upstream.url, {"authorization": "Bearer k"})
    assert await asked(pools, endpoint, b'{"a":1}') == (200, b"{}")
    assert await asked(pools, endpoint, b"[]", beta="x") == (200, b"{}")
    host = upstream.url.split("/")[2].encode()
    head = b"POST /v1/chat?key=a%%2Fb HTTP/1.1\r\nhost: %b\r\nauthorization: Bearer k\r\n" % host
    assert upstream.heard == [
        head + b'content-length: 7\r\n\r\n{"a":1}',
        head + b"beta: x\r\ncontent-length: 2\r\n\r\n[]",
    ]


async def test_the_next_call_takes_the_connection_of_the_one_before(upstream: Upstream, pools: Pools) -> None:
    endpoint = Endpoint(upstream.url, {})
    for body in (b"{}", b" " * (JOINED_BYTES + 1), b"{}"):
        assert await asked(pools, endpoint, body) == (200, b"{}")
    assert upstream.connections == 1


async def test_two_keys_at_one_address_are_told_apart(upstream: Upstream, pools: Pools) -> None:
    for key in ("one", "two"):
        await asked(pools, Endpoint(upstream.url, {"authorization": key}))
    assert [b"authorization: one" in one for one in upstream.heard] == [True, False]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0"])
async def test_no_header_can_begin_another(upstream: Upstream, pools: Pools, end: str) -> None:
    endpoint = Endpoint(upstream.url, {"authorization": "k"})
    with pytest.raises(ValueError, match="end of a line"):
        await asked(pools, endpoint, beta=f"x{end}admin: yes")
    with pytest.raises(ValueError, match="end of a line"):
        await asked(pools, Endpoint(upstream.url, {"authorization": f"k{end}x: y"}))
    assert upstream.heard == []


@pytest.mark.parametrize(
    "said",
    [b"no HTTP\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ids=["words", "another protocol"],
)
async def test_what_is_no_answer_is_a_broken_connection(
    upstream: Upstream, pools: Pools, said: bytes
) -> None:
    endpoint = Endpoint(upstream.url, {})
    upstream.said = said
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(pools, endpoint)
    upstream.said = OK
    assert await asked(pools, endpoint) == (200, b"{}")
    assert upstream.connections == 2


async def test_what_comes_before_an_answer_is_passed_over(upstream: Upstream, pools: Pools) -> None:
    upstream.said = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK
    assert await asked(pools, Endpoint(upstream.url, {})) == (200, b"{}")


async def test_an_answer_before_the_request_was_sent_leaves_no_connection_behind(
    upstream: Upstream, pools: Pools
) -> None:
    upstream.reads_all = False
    upstream.said = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"
    endpoint = Endpoint(upstream.url, {})
    assert await asked(pools, endpoint, b" " * (32 << 20)) == (413, b"")
    upstream.reads_all, upstream.said = True, OK
    assert await asked(pools, endpoint) == (200, b"{}")
    assert upstream.connections == 2


async def test_an_answer_that_is_not_read_leaves_no_connection_behind(
    upstream: Upstream, pools: Pools
) -> None:
    endpoint = Endpoint(upstream.url, {})
    upstream.said = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"
    async with pools.post(endpoint, b"{}", endpoint.headers, None) as answer:
        assert answer.status == 200
    upstream.said = OK
    assert await asked(pools, endpoint) == (200, b"{}")
    assert upstream.connections == 2


async def test_pools_that_were_closed_are_made_again(upstream: Upstream, pools: Pools) -> None:
    endpoint = Endpoint(upstream.url, {})
    await asked(pools, endpoint)
    await pools.close()
    assert await asked(pools, endpoint) == (200, b"{}")


async def test_an_http_proxy_gets_the_whole_address(upstream: Upstream) -> None:
    pools = Pools({"P": upstream.url})
    endpoint = Endpoint("http://vendor.example/v1/chat", {})
    async with pools.post(endpoint, b"{}", endpoint.headers, ProxyRule(http_env="P")) as answer:
        assert await answer.read() == b"{}"
    await pools.close()
    assert upstream.heard[0].startswith(b"POST http://vendor.example/v1/chat HTTP/1.1\r\n")


@pytest.mark.parametrize("change", ["other parameters", "another name"])
async def test_an_aiohttp_that_is_another_inside_calls_by_its_session(
    upstream: Upstream, pools: Pools, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    with monkeypatch.context() as later:
        if change == "other parameters":
            later.setattr(aiohttp.BaseConnector, "connect", print)
        else:
            later.delattr(ResponseHandler, "set_response_params")
        fits.cache_clear()
        assert not fits()
    try:
        endpoint = Endpoint(upstream.url, {"authorization": "Bearer k"})
        for _ in range(2):
            assert await asked(pools, endpoint, b'{"a":1}', beta="x") == (200, b"{}")
    finally:
        fits.cache_clear()
    assert fits(), "what is installed for the tests has all of it"
    assert upstream.connections == 1
    assert all(b"Bearer k" in head and head.endswith(b'{"a":1}') for head in upstream.heard)
    assert all(b"POST /v1/chat?key=a%2Fb HTTP/1.1\r\n" in head for head in upstream.heard)
    assert upstream.heard[0].split(b"\r\n")[1].startswith(b"Host: ")  # as aiohttp writes it
