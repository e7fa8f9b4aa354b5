"""Reloads under load: whose upstream an answer came from, what it had to wait, what is left in the process.

Usage of the vendor alone: python _always_reloads.py PORT

Each configuration has addresses and a key of its own. The vendor answers with the number in the address, and
with 401 where the key is another configuration's. An answer is misrouted when its number was not in force at
any moment of its request, or when the pieces of a stream have two.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from _figures import Row, at_most, figure
from _measure import BIN
from _proxy import PATIENCE, Proxy, free_port, serving

KEY, ADMIN = "sk-the-clients-key", "sk-the-masters-key"
#: Connections that ask for whole answers and for streams, and seconds that each waits between two.
WHOLE, STREAMS, THINKS = 40, 10, 0.1
#: Pieces of a stream, and seconds between them: many are under way when a configuration changes.
PIECES, GAP = 8, 0.05
#: Reloads, and how long the quiet load is looked at before (seconds).
RELOADS, QUIET, SHORT_RELOADS, SHORT_QUIET = 500, 30.0, 40, 8.0
NUMBER = re.compile(rb'"content": ?"g(\d+)"')
PATH = re.compile(rb"POST /g(\d+)/")


async def vendor(port: int) -> None:
    """Answer for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await _answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1])) if length else b""
    found = PATH.match(head)
    number = found[1].decode() if found else "0"
    right = f"bearer sk-the-vendors-{number}".encode() in head.lower()
    if b'"stream": true' not in body and b'"stream":true' not in body:
        said = {"role": "assistant", "content": f"g{number}"}
        raw = _json(
            object="chat.completion", choices=[{"index": 0, "message": said, "finish_reason": "stop"}]
        )
        status = b"200 OK" if right else b"401 Unauthorized"
        writer.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (status, len(raw), raw)
        )
        return
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for place in range(PIECES + 1):
        delta = {"content": f"g{number}"} if place < PIECES else {}
        reason = None if place < PIECES else "stop"
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        piece = b"data: " + _json(object="chat.completion.chunk", choices=[choice]) + b"\n\n"
        piece += b"data: [DONE]\n\n" if reason else b""
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        await asyncio.sleep(GAP)
    writer.write(b"0\r\n\r\n")


def _json(**fields: Any) -> bytes:
    return json.dumps({"id": "1", "created": 1, "model": "up", **fields}).encode()


@dataclass
class Load:
    """What the clients have seen, and when which configuration was written and known to be in force."""

    port: int
    written: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    spent: list[float] = field(default_factory=list)
    answers: int = 0
    failed: list[str] = field(default_factory=list)
    misrouted: list[str] = field(default_factory=list)

    async def client(self, stream: bool) -> None:
        """Ask for ever, on one connection."""
        body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
        raw = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while True:
            await asyncio.sleep(THINKS)
            began = time.monotonic()
            writer.write(head.encode() + raw)
            try:
                status, answer = await _read(reader)
            except (OSError, asyncio.IncompleteReadError) as problem:
                self.failed.append(repr(problem))
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                continue
            self._judge(status, answer, began, stream)

    def _judge(self, status: int, answer: bytes, began: float, stream: bool) -> None:
        ended = time.monotonic()
        self.answers += 1
        numbers = {int(one) for one in NUMBER.findall(answer)}
        if status != 200 or not numbers or (stream and b"[DONE]" not in answer):
            self.failed.append(f"{status} {answer[:200]!r}")
            return
        if not stream:
            self.spent.append(ended - began)
        number = max(numbers)
        late = self.seen.get(number + 1, ended) < began
        if len(numbers) > 1 or late or self.written.get(number, ended) > ended:
            self.misrouted.append(f"{sorted(numbers)}, late: {late}")


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    if length:
        return status, await reader.readexactly(int(length[1]))
    parts = []
    while True:
        size = int((await reader.readline()).strip() or b"0", 16)
        parts.append(await reader.readexactly(size + 2))
        if not size:
            return status, b"".join(parts)


def configuration(number: int, port: int, vendor_port: int) -> str:
    """The text of one configuration: the address, the key and a second model are its own."""
    service = {
        "enabled": True,
        "server_url": f"http://127.0.0.1:{vendor_port}/g{number}/v1",
        "credentials": {"api_key": f"sk-the-vendors-{number}"},
    }
    services = [{**service, "models": ["m"]}, {**service, "models": [f"only-{number}", "m"]}]
    return json.dumps({"api_key": KEY, "server_port": f":{port}", "services": {"openai": services}})


async def _reload(load: Load, path: Path, number: int, text: str, pid: int) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text, "utf-8")
    load.written[number] = time.monotonic()
    draft.replace(path)
    Popen(["kill", "-HUP", str(pid)]).wait()  # noqa: ASYNC220 - done at once
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        await asyncio.sleep(0.05)
        if await asyncio.to_thread(_generation, load.port) >= number:
            load.seen[number] = time.monotonic()
            return
    raise SystemExit(f"generation {number} never came")


def _generation(port: int) -> int:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/healthz", headers={"Authorization": f"Bearer {ADMIN}"}
    )
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        return int(json.load(answer)["generation"])


def _p99(spent: list[float]) -> float:
    return statistics.quantiles(spent, n=100)[98] * 1000


def _left(proxy: Proxy) -> tuple[int, float]:
    """The open files and the megabytes of a proxy."""
    return sum(1 for _ in Path(f"/proc/{proxy.pid}/fd").iterdir()), proxy.megabytes()


async def _measured(proxy: Proxy, path: Path, vendor_port: int, reloads: int, quiet: float) -> list[Row]:
    load = Load(proxy.port, written={1: 0.0}, seen={1: 0.0})
    clients = [asyncio.create_task(load.client(place >= WHOLE)) for place in range(WHOLE + STREAMS)]
    await asyncio.sleep(quiet / 2)
    load.spent.clear()
    await asyncio.sleep(quiet)
    before = _p99(load.spent)
    load.spent.clear()
    first = max(reloads // 5, 1)
    left = (0, 0.0)
    for number in range(2, reloads + 2):
        text = configuration(number, proxy.port, vendor_port)
        await _reload(load, path, number, text, proxy.pid)
        if number == first + 1:
            left = _left(proxy)
    during = _p99(load.spent)
    await asyncio.sleep(4.0)
    files, megabytes = _left(proxy)
    for task in clients:
        task.cancel()
    for told in itertools.islice([*load.failed, *load.misrouted], 5):
        print(told, file=sys.stderr)
    return [
        Row("reloads, answers", f"{reloads}, {load.answers}"),
        at_most("failed requests", len(load.failed), 0),
        at_most("misrouted requests", len(load.misrouted), 0),
        at_most(f"p99 of chats, by {before:.0f} ms when quiet", during / before, 3),
        at_most(f"more open files at the end than after {first} reloads ({left[0]})", files - left[0], 20),
        at_most(
            f"more memory at the end than after {first} reloads ({left[1]:.0f} MB)",
            megabytes - left[1],
            20,
            "MB",
        ),
    ]


@figure("reloads")
def reloads(short: bool) -> Iterable[Row]:
    """Change the configuration again and again while 50 connections ask."""
    port, vendor_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.json")
        path.write_text(configuration(1, port, vendor_port), "utf-8")
        upstream = Popen([sys.executable, __file__, str(vendor_port)])
        command: list[str | Path] = [BIN / "one-adapter", "run", path, "--host", "127.0.0.1", "--watch"]
        try:
            with serving(command, port, KEY, {"LITELLM_MASTER_KEY": ADMIN}) as proxy:
                times = (SHORT_RELOADS, SHORT_QUIET) if short else (RELOADS, QUIET)
                return asyncio.run(_measured(proxy, path, vendor_port, *times))
        finally:
            upstream.send_signal(signal.SIGTERM)
            upstream.wait()


if __name__ == "__main__":
    asyncio.run(vendor(int(sys.argv[1])))
