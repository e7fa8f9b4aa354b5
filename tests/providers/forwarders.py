"""A forward proxy and a SOCKS5 proxy on loopback that remember where they were asked to go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _join(one: Streams, two: Streams) -> None:
    try:
        await asyncio.gather(_pipe(one[0], two[1]), _pipe(two[0], one[1]))
    finally:
        two[1].close()
        with contextlib.suppress(OSError):
            await two[1].wait_closed()


async def _http(client: Streams, seen: list[str]) -> None:
    line, _, rest = (await client[0].readuntil(b"\r\n\r\n")).partition(b"\r\n")
    method, target, version = line.decode().split()
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        seen.append(f"CONNECT {target}")
        upstream = await asyncio.open_connection(host, int(port))
        client[1].write(b"HTTP/1.1 200 OK\r\n\r\n")
    else:
        parts = urlsplit(target)
        seen.append(f"{method} {parts.netloc}{parts.path}")
        upstream = await asyncio.open_connection(parts.hostname, parts.port)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        upstream[1].write(f"{method} {path} {version}\r\n".encode() + rest)
    await _join(client, upstream)


async def _socks(client: Streams, seen: list[str]) -> None:
    reader, writer = client
    _, count = await reader.readexactly(2)
    await reader.readexactly(count)
    writer.write(b"\x05\x00")
    _, _, _, kind = await reader.readexactly(4)
    if kind == 1:
        host = ".".join(str(part) for part in await reader.readexactly(4))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    port = int.from_bytes(await reader.readexactly(2), "big")
    seen.append(f"SOCKS {host}:{port}")
    upstream = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    await _join(client, upstream)


@contextlib.asynccontextmanager
async def _running(
    serve: Callable[[Streams, list[str]], Awaitable[None]], scheme: str
) -> AsyncIterator[tuple[str, list[str]]]:
    seen: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve((reader, writer), seen)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def http_proxy() -> contextlib.AbstractAsyncContextManager[tuple[str, list[str]]]:
    """(URL, where it was asked to go)."""
    return _running(_http, "http")


def socks_proxy() -> contextlib.AbstractAsyncContextManager[tuple[str, list[str]]]:
    """(URL, where it was asked to go)."""
    return _running(_socks, "socks5")
