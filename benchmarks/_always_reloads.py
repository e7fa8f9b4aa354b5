"""Reloads under load: whose upstream an answer came from, what it had to wait, what is left in the process.

Usage of the vendor alone: python _always_reloads.py PORT

Each configuration has addresses and a key of its own. The vendor answers with the number in the address, and
with 401 where the key is another configuration's. An answer is misrouted when its number was not in force at
any moment of its request, or when the pieces of a stream have two. When a configuration is in force the proxy
says itself, as it would to systemd: nobody has to ask it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import uvloop
from _figures import Row, at_most, figure
from _measure import BIN
from _proxy import PATIENCE, Proxy, free_port, serving, tree

KEY = "sk-the-clients-key"
#: Connections that ask for whole answers and for streams, and seconds that each waits between two, at least
#: and at most: where all wait equally long, they come in crowds.
WHOLE, STREAMS, THINKS = 40, 10, (0.05, 0.15)
#: Pieces of a stream, and seconds between them: many are under way when a configuration changes.
PIECES, GAP = 8, 0.05
#: Reloads, and how long the quiet load is looked at before (seconds).
RELOADS, QUIET, SHORT_RELOADS, SHORT_QUIET = 500, 12.0, 40, 8.0
#: Several workers, and milliseconds for which they may answer by different configurations.
WORKERS, TOGETHER = 3, 100
#: Seconds between two looks at whether the load itself is late.
BEAT = 0.005
NUMBER = re.compile(rb'"content": ?"g(\d+)"')
PATH = re.compile(rb"POST /g(\d+)/")


async def vendor(port: int) -> None:
    """Answer for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, RuntimeError, asyncio.IncompleteReadError):  # the other end may be gone
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


class Seen(NamedTuple):
    """One answer: the configuration whose upstream it came from, and when the request began and ended."""

    number: int
    began: float
    ended: float


def overlap(answers: Iterable[Seen], number: int) -> float:
    """Return for how many seconds older answers came beside those of `number`.

    Requests that began before anybody had an answer of the new one may have begun before it was taken: they
    do not count.

    >>> seen = [Seen(1, 0.0, 5.0), Seen(2, 0.9, 1.0), Seen(1, 1.1, 1.25), Seen(2, 1.2, 1.3)]
    >>> overlap(seen, 2), overlap(seen[:2], 2), overlap(seen[:1], 2)
    (0.25, 0.0, 0.0)
    """
    every = [*answers]
    first = min((one.ended for one in every if one.number == number), default=inf)
    late = [one.ended - first for one in every if one.number < number and one.began > first]
    return max(late, default=0.0)


@dataclass
class Load:
    """What the clients have seen, and when which configuration was written and known to be in force."""

    port: int
    written: dict[int, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    whole: list[Seen] = field(default_factory=list)
    answers: int = 0
    failed: list[str] = field(default_factory=list)
    misrouted: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def spent(self) -> list[float]:
        """Return the milliseconds that each whole answer took so far, and forget them."""
        found, self.whole = self.whole, []
        return [1000 * (one.ended - one.began) for one in found]

    async def beat(self) -> None:
        """Note for ever how late this process is for what it has to do."""
        while True:
            due = time.monotonic() + BEAT
            await asyncio.sleep(BEAT)
            self.late.append(1000 * (time.monotonic() - due))

    async def client(self, place: int) -> None:
        """Ask for ever, on one connection."""
        stream, chance = place >= WHOLE, random.Random(place)
        body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
        raw = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while True:
            await asyncio.sleep(chance.uniform(*THINKS))
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
        number = max(numbers)
        if not stream:
            self.whole.append(Seen(number, began, ended))
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


class Following:
    """A proxy that is given one configuration after another, and says when each is in force."""

    def __init__(self, proxy: Proxy, path: Path, vendor_port: int, told: socket.socket) -> None:
        self.proxy, self._path, self._vendor_port, self._told = proxy, path, vendor_port, told
        self.load = Load(proxy.port, written={1: 0.0}, seen={1: 0.0})

    async def reload(self, number: int) -> None:
        """Have a configuration in force."""
        with suppress(BlockingIOError):
            while self._told.recv(1024):
                pass
        draft = self._path.with_suffix(".new")
        draft.write_text(configuration(number, self.proxy.port, self._vendor_port), "utf-8")
        self.load.written[number] = time.monotonic()
        draft.replace(self._path)
        os.kill(self.proxy.pid, signal.SIGHUP)
        await asyncio.wait_for(self._ready(), PATIENCE)
        self.load.seen[number] = time.monotonic()

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        while not (await loop.sock_recv(self._told, 1024)).startswith(b"READY=1"):
            pass

    def left(self) -> tuple[int, float]:
        """Return the open files and the megabytes of all its processes."""
        files = sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in tree(self.proxy.pid))
        return files, self.proxy.megabytes()


def _p99(spent: list[float]) -> float:
    return statistics.quantiles(spent, n=100)[98]


async def _measured(following: Following, reloads: int, quiet: float) -> list[Row]:
    load = following.load
    work = [asyncio.create_task(load.client(place)) for place in range(WHOLE + STREAMS)]
    work.append(asyncio.create_task(load.beat()))
    await asyncio.sleep(quiet / 3)
    load.spent()
    load.late.clear()
    await asyncio.sleep(quiet)
    before, late = _p99(load.spent()), _p99(load.late)
    load.late.clear()
    beside, marks, first, left = [0.0], [0, 0], max(reloads // 5, 1), (0, 0.0)
    for number in range(2, reloads + 2):
        marks.append(len(load.whole))
        await following.reload(number)
        beside.append(1000 * overlap(load.whole[marks[number - 1] :], number - 1))
        if number == first + 1:
            left = following.left()
    during, late_during = _p99(load.spent()), _p99(load.late)
    await asyncio.sleep(4.0)
    files, megabytes = following.left()
    for task in work:
        task.cancel()
    for told in itertools.islice([*load.failed, *load.misrouted], 5):
        print(told, file=sys.stderr)
    return [
        Row("reloads, answers", f"{reloads}, {load.answers}"),
        at_most("failed requests", len(load.failed), 0),
        at_most("misrouted requests", len(load.misrouted), 0),
        at_most("old answers beside new ones, the longest", max(beside), TOGETHER, "ms"),
        Row("how late the load itself is, p99, quiet and meanwhile", f"{late:.1f} and {late_during:.1f} ms"),
        at_most(f"p99 of chats ({during:.1f} ms), by {before:.1f} ms when quiet", during / before, 3),
        at_most(f"more open files at the end than after {first} reloads ({left[0]})", files - left[0], 20),
        at_most(
            f"more memory at the end than after {first} reloads ({left[1]:.0f} MB)",
            megabytes - left[1],
            20,
            "MB",
        ),
    ]


def _changed(workers: int, short: bool) -> list[Row]:
    """Change the configuration again and again while 50 connections ask."""
    port, vendor_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        path, heard = Path(folder, "config.json"), str(Path(folder, "told"))
        told.bind(heard)
        told.setblocking(False)
        path.write_text(configuration(1, port, vendor_port), "utf-8")
        upstream = Popen([sys.executable, __file__, str(vendor_port)])
        command: list[str | Path] = [BIN / "one-adapter", "run", path, "--host", "127.0.0.1", "--no-watch"]
        command += ["--workers", str(workers)]
        try:
            with serving(command, port, KEY, {"NOTIFY_SOCKET": heard}) as proxy:
                times = (SHORT_RELOADS, SHORT_QUIET) if short else (RELOADS, QUIET)
                return uvloop.run(_measured(Following(proxy, path, vendor_port, told), *times))
        finally:
            upstream.send_signal(signal.SIGTERM)
            upstream.wait()


@figure("reloads")
def reloads(short: bool) -> Iterable[Row]:
    """One worker."""
    return _changed(1, short)


@figure("reloads-workers")
def of_workers(short: bool) -> Iterable[Row]:
    """Several, which change together."""
    return [replace(row, measured=f"{WORKERS} workers: {row.measured}") for row in _changed(WORKERS, short)]


if __name__ == "__main__":
    uvloop.run(vendor(int(sys.argv[1])))
