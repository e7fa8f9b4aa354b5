"""The connection: what is asked at once, what it makes of odd answers, which server of a cluster it asks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from redis_server import Server
from several import layer, until, workers

from one_adapter.runtime.shared.connection import Lost, connect


def heard(_channel: bytes, _message: bytes) -> None:
    """Hear nothing."""


async def test_what_is_asked_at_once_is_answered_in_order(server: Server) -> None:
    link = await connect(server.url, "{x}", heard)
    assert await asyncio.gather(*(link.ask("ECHO", f"{n}") for n in range(50))) == [
        f"{n}".encode() for n in range(50)
    ]
    link.close()
    link.close()


async def test_what_is_asked_of_a_connection_that_has_ended_is_lost(server: Server) -> None:
    link = await connect(server.url, "{x}", heard)
    asking = asyncio.create_task(link.ask("PING"))
    await asyncio.sleep(0)
    link.close("of the test")
    with pytest.raises(Lost, match="of the test"):
        await asking
    with pytest.raises(Lost, match="of the test"):
        await link.ask("PING")
    link.call(None, "PING")


async def test_an_error_of_redis_ends_the_connection_with_its_words(server: Server) -> None:
    link = await connect(server.url, "{x}", heard)
    with pytest.raises(Lost, match="unknown command"):
        await link.ask("NOSUCH")
    assert link.ended.done()


async def test_who_waits_no_more_for_an_answer_is_passed_over(server: Server) -> None:
    link = await connect(server.url, "{x}", heard)
    asking = asyncio.create_task(link.ask("PING"))
    await asyncio.sleep(0)
    asking.cancel()
    assert await link.ask("ECHO", "after") == b"after"
    link.close()


@pytest.mark.parametrize("url", ["redis://:pw/x@h", "redis://:pw@h?pw=1", "rediss://h?ssl_cert_reqs=pw"])
async def test_a_url_that_is_wrong_is_lost_and_not_told(url: str) -> None:
    with pytest.raises(Lost, match="its URL says something") as lost:
        await connect(url, "{x}", heard)
    assert "pw" not in str(lost.value)


class Odd(asyncio.Protocol):
    """A server that is no Redis after its handshake: it answers the first question of ours so."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if b"EXISTS" in data:
            port = self.transport.get_extra_info("sockname")[1]
            self.transport.write(self.answer.replace(b"PORT", str(port).encode()))
        else:
            hello = b"%1\r\n$5\r\nproto\r\n:3\r\n" if b"HELLO" in data else b""
            self.transport.write(hello + b"+OK\r\n" * (data.count(b"SETINFO") + data.count(b"PING")))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not Redis'"),
        (b"", "no answer within"),
        (b"-MOVED 1 127.0.0.1:PORT\r\n", "another server each time"),
        (b"-CLUSTERDOWN Hash slot not served\r\n", "CLUSTERDOWN"),
    ],
    ids=["no Redis", "silent", "moved for ever", "down"],
)
async def test_a_server_that_does_not_answer_as_it_should_is_lost(answer: bytes, why: str) -> None:
    odd = await asyncio.get_running_loop().create_server(lambda: Odd(answer), "127.0.0.1", 0)
    async with odd:
        with pytest.raises(Lost, match=why):
            await connect(f"redis://127.0.0.1:{odd.sockets[0].getsockname()[1]}", "{x}", heard)


def free_port() -> int:
    """A port whose cluster bus, ten thousand higher, is one too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55000:
            return port


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Server, int]]]:
    """Two servers that have half of the slots each."""
    found = []
    try:
        for _ in range(2):
            port = free_port()
            options = ("--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes")
            found.append((Server(tmp_path_factory.mktemp("redis"), *options), port))
        for (server, _), first in zip(found, (0, 8192), strict=True):
            client = server.client()
            client.execute_command("CLUSTER", "ADDSLOTS", *range(first, first + 8192))
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", found[0][1])
        yield found
    finally:
        for server, _ in found:
            server.stop()


def is_whole(cluster: list[tuple[Server, int]]) -> bool:
    every = [server.client().execute_command("CLUSTER", "INFO") for server, _ in cluster]
    return all("cluster_state:ok" in (one.decode() if isinstance(one, bytes) else str(one)) for one in every)


@pytest.mark.slow
async def test_in_a_cluster_that_server_is_asked_which_has_the_keys(
    cluster: list[tuple[Server, int]], name: str
) -> None:
    await until(lambda: is_whole(cluster))
    for _, port in cluster:  # one of them has to name the other
        async with workers(f"redis://127.0.0.1:{port}", name) as (one, two):
            release = await one.takes(layer(concurrency=1))
            assert await two.is_full(layer(concurrency=1))
            waits = asyncio.create_task(two.takes(layer(concurrency=1)))
            await until(two.waiting)
            release()
            (await waits)()
