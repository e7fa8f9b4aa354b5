"""How long the workers of one proxy answer by different configurations while a changed one is taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from subprocess import Popen

import _always_reloads as following
from _always_reloads import Seen, overlap
from _always_workers import _connections, _workers
from _figures import Row, at_least, at_most, figure
from _measure import BIN
from _proxy import PATIENCE, Proxy, free_port, serving

WORKERS, CONNECTIONS = 2, 12
#: Seconds that a connection waits between two requests, and that all go on between two reloads.
THINKS, BETWEEN = 0.005, 0.5
RELOADS, SHORT_RELOADS = 60, 15
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()


class Asking:
    """Connections that stay open and ask again and again, and what they have heard."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: list[Seen] = []
        self.failed: list[str] = []
        self.latest = [0] * CONNECTIONS

    async def client(self, place: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask for ever, on one connection."""
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {following.KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        while True:
            await asyncio.sleep(THINKS)
            began = time.monotonic()
            writer.write(head.encode() + BODY)
            status, answer = await following._read(reader)
            found = following.NUMBER.search(answer)
            if status != 200 or found is None:
                self.failed.append(f"{status} {answer[:200]!r}")
                continue
            self.latest[place] = int(found[1])
            self.answers.append(Seen(self.latest[place], began, time.monotonic()))

    async def until(self, number: int) -> None:
        """Wait until everybody has an answer of that configuration."""
        end = time.monotonic() + PATIENCE
        while min(self.latest) < number:
            if time.monotonic() > end:
                raise SystemExit(f"configuration {number} did not come to all connections")
            await asyncio.sleep(0.01)


async def _to_all(proxy: Proxy) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Return open connections of which every worker has some; the last one may have yet to listen."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(CONNECTIONS)]
        await asyncio.sleep(0.5)
        if min(_connections(pid, proxy.port) for pid in _workers(proxy.pid)):
            return found
        for _, writer in found:
            writer.close()
    raise SystemExit("one worker takes all connections")


async def _measured(proxy: Proxy, path: Path, vendor_port: int, reloads: int) -> list[Row]:
    asking = Asking(proxy.port)
    opened = await _to_all(proxy)
    clients = [asyncio.create_task(asking.client(place, *one)) for place, one in enumerate(opened)]
    await asking.until(1)
    at_each = [_connections(pid, proxy.port) for pid in _workers(proxy.pid)]
    spent = []
    for number in range(2, reloads + 2):
        asking.answers.clear()
        draft = path.with_suffix(".new")
        draft.write_text(following.configuration(number, proxy.port, vendor_port), "utf-8")
        draft.replace(path)
        os.kill(proxy.pid, signal.SIGHUP)
        await asking.until(number)
        await asyncio.sleep(BETWEEN)
        spent.append(overlap(asking.answers, number) * 1000)
    for task in clients:
        task.cancel()
    for told in asking.failed[:5]:
        print(told, file=sys.stderr)
    spent.sort()
    return [
        at_least(f"connections of each of {WORKERS} workers ({at_each}), the fewest", min(at_each), 1),
        at_most("failed requests", len(asking.failed), 0),
        Row(f"old answers beside new ones, the median of {reloads} reloads", f"{spent[reloads // 2]:.0f} ms"),
        at_most("the longest", spent[-1], 100, "ms"),
    ]


@contextlib.contextmanager
def _vendor(port: int) -> Iterator[None]:
    process = Popen([sys.executable, following.__file__, str(port)])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@figure("workers-together")
def together(short: bool) -> Iterable[Row]:
    """Change the configuration of two workers while connections to both ask all the time."""
    port, vendor_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, _vendor(vendor_port):
        path = Path(folder, "config.json")
        path.write_text(following.configuration(1, port, vendor_port), "utf-8")
        command: list[str | Path] = [BIN / "one-adapter", "run", path, "--host", "127.0.0.1"]
        command += ["--workers", str(WORKERS), "--grace", "5"]
        with serving(command, port, following.KEY) as proxy:
            return asyncio.run(_measured(proxy, path, vendor_port, SHORT_RELOADS if short else RELOADS))
