"""The figures of a memory that several proxies share: what it costs, that it holds, that it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from os import kill
from pathlib import Path

import _load
from _figures import Row, at_least, at_most, figure, ratio
from _measure import Pairs
from _proxy import Proxy, free_port, run_command, serving, tree

KEY = "sk-client-key"
CONNECTIONS = 64
#: How long the vendor thinks, in seconds.
THINKS = (0.15, 0.35)


@dataclass
class Vendor:
    """A vendor that notes when each call came and how many were there at once."""

    port: int = 0
    came: list[float] = field(default_factory=list)
    now: int = 0
    most: int = 0
    thinks: tuple[float, float] = THINKS

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's calls."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(_load.LENGTH.search(head)[1]))  # type: ignore[index]
                self.came.append(time.monotonic())
                self.now += 1
                self.most = max(self.most, self.now)
                try:
                    await self._think(reader)
                finally:
                    self.now -= 1
                body = json.dumps(
                    {"id": "1", "object": "chat.completion", "model": "up", "choices": [CHOICE]}
                )
                writer.write(ANSWER % (len(body), body.encode()))
        writer.close()

    async def _think(self, reader: asyncio.StreamReader) -> None:
        """Take a while, unless the caller is gone before."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), random.uniform(*self.thinks))


ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}


@contextlib.contextmanager
def vendor(thinks: tuple[float, float] = THINKS) -> Iterator[Vendor]:
    """A vendor in a thread."""
    found, loop = Vendor(thinks=thinks), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(found.serve, "127.0.0.1", 0))
    found.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


class Redis:
    """A Redis that keeps nothing, on a socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis.sock"
        self.url = f"unix://{self.path}"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Begin, and wait until it listens."""
        program = shutil.which("redis-server") or "redis-server"
        words = [program, "--port", "0", "--unixsocket", str(self.path), "--save", ""]
        words += ["--dir", str(self.path.parent)]
        self.path.unlink(missing_ok=True)
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        while not self.path.exists():
            time.sleep(0.02)
        return self.process

    def stop(self) -> None:
        """End."""
        self.process.kill()
        self.process.wait()


def gateway(folder: Path, port: int, limit: Mapping[str, float] | None) -> Path:
    """A configuration of one service with a limit."""
    service = {
        "models": ["m"],
        "enabled": True,
        "credentials": {"api_key": "sk-upstream"},
        "server_url": f"http://127.0.0.1:{port}/v1",
        **({"limit": {"timeout": 600, **limit}} if limit else {}),
    }
    path = folder / "config.json"
    path.write_text(json.dumps({"api_key": KEY, "services": {"openai": [service]}}))
    return path


@contextlib.contextmanager
def proxies(config: Path, count: int, *options: str) -> Iterator[list[Proxy]]:
    """Some proxies on one configuration."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(serving([*run_command(config, port), *options], port, KEY))
            for port in [free_port() for _ in range(count)]
        ]


class Asking:
    """Clients that ask several proxies in turn; what they were answered, by status."""

    def __init__(self, found: Sequence[Proxy], connections: int) -> None:
        self.statuses: dict[str, int] = {}
        self.ended = False
        self.threads = [
            threading.Thread(target=self._ask, args=(found[number % len(found)].port,), daemon=True)
            for number in range(connections)
        ]

    def __enter__(self) -> Asking:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
        for thread in self.threads:
            thread.join(60)

    def _ask(self, port: int) -> None:
        import http.client

        body = json.dumps(_load.ROUTES["chat"][1])
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        while not self.ended:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=130)
            try:
                while not self.ended:
                    connection.request("POST", "/v1/chat/completions", body, headers)
                    answer = connection.getresponse()
                    answer.read()
                    self._note(str(answer.status))
            except OSError:
                self._note("broken")
            finally:
                connection.close()

    def _note(self, what: str) -> None:
        self.statuses[what] = self.statuses.get(what, 0) + 1


@contextlib.contextmanager
def folder_and_redis() -> Iterator[tuple[Path, Redis]]:
    """A folder, and a Redis in it."""
    with tempfile.TemporaryDirectory() as name:
        found = Redis(Path(name))
        try:
            yield Path(name), found
        finally:
            found.stop()


@figure("shared_cost")
def cost(short: bool) -> Iterable[Row]:
    """What a limit in Redis adds to the processor time of a relayed chat."""
    rounds, requests = (3, 600) if short else (9, 4000)
    limit = {"qpm": 10_000_000, "concurrency": 1000}
    with folder_and_redis() as (folder, redis), vendor((0, 0)) as upstream:
        config = gateway(folder, upstream.port, limit)
        with proxies(config, 1) as (alone,), proxies(config, 1, "--redis", redis.url) as (shared,):
            these: list[float] = []
            those: list[float] = []
            for number in range(rounds + 1):
                for proxy, found in ((shared, these), (alone, those)):
                    before = proxy.processor_seconds()
                    load(proxy, requests if number else 200)
                    if number:  # the first round is to warm up
                        found.append(proxy.processor_seconds() - before)
    yield ratio(Pairs("a chat limited in Redis", "one limited in the process", these, those), most=1.25)


def load(proxy: Proxy, requests: int) -> None:
    """Ask so many times over 16 connections."""
    script = Path(__file__).with_name("_load.py")
    words = [sys.executable, str(script), str(proxy.port), KEY, "chat", str(min(16, requests)), str(requests)]
    subprocess.run(words, check=True, capture_output=True)


@figure("shared_window")
def window(short: bool) -> Iterable[Row]:
    """Two proxies of two workers, a limit of 30 starts a minute, 64 connections."""
    with folder_and_redis() as (folder, redis), vendor() as upstream:
        config = gateway(folder, upstream.port, {"rpm": 30})
        two = proxies(config, 2, "--workers", "2", "--redis", redis.url)
        with two as found, Asking(found, CONNECTIONS):
            time.sleep(62 if short else 190)
            came = list(upstream.came)
    most = max(sum(1 for one in came if first <= one < first + 60) for first in came)
    yield at_most("starts in any 60 s, 30 a minute, 4 workers, 64 connections", most, 30)
    yield at_least("starts in the first minute", sum(1 for one in came if one < came[0] + 60), 30)


@figure("shared_places")
def places(short: bool) -> Iterable[Row]:
    """Two proxies of two workers, three places, a worker killed in the middle."""
    with folder_and_redis() as (folder, redis), vendor() as upstream:
        config = gateway(folder, upstream.port, {"concurrency": 3})
        two = proxies(config, 2, "--workers", "2", "--redis", redis.url)
        with two as found, Asking(found, CONNECTIONS) as asking:
            time.sleep(15 if short else 90)
            killed = time.monotonic()
            kill(tree(found[0].pid)[1], signal.SIGKILL)
            time.sleep(15 if short else 90)
            late = [one for one in upstream.came if one > killed]
            most = upstream.most
    rate = (len(upstream.came) - len(late)) / (15 if short else 90)
    full = next((a for a, b in zip(late, late[9:], strict=False) if b - a < 15 / max(rate, 1)), late[-1])
    yield at_most("calls at once at the vendor, 3 places", most, 3)
    yield at_most("all places at work again after a worker was killed", full - killed, 8, "s")
    yield Row("answers by status", json.dumps(asking.statuses))


@figure("shared_outage")
def outage(short: bool) -> Iterable[Row]:
    """Redis stopped and back, while 16 connections ask two proxies of two workers."""
    seconds = 6 if short else 30
    with folder_and_redis() as (folder, redis), vendor((0.02, 0.05)) as upstream:
        config = gateway(folder, upstream.port, {"concurrency": 8})
        two = proxies(config, 2, "--workers", "2", "--redis", redis.url)
        with two as found, Asking(found, 16) as asking:
            time.sleep(seconds)
            before = len(upstream.came)
            redis.process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            redis.stop()
            time.sleep(seconds)
            redis.start()
            time.sleep(seconds)
            after = len(upstream.came)
    lost = sum(count for status, count in asking.statuses.items() if status != "200")
    yield at_most("requests not answered while Redis stood still, was away and came back", lost, 0)
    yield at_least("calls meanwhile, by those of as long before", (after - before) / (3 * before), 0.5)


@figure("shared_turns")
def turns(short: bool) -> Iterable[Row]:
    """Two proxies of two workers take turns between two services, over connections of all of them."""
    requests = 60 if short else 1000
    with folder_and_redis() as (folder, redis), vendor((0, 0)) as first, vendor((0, 0)) as second:
        config = gateway(folder, first.port, None)
        text = json.loads(config.read_text())
        one = text["services"]["openai"][0]
        other = {**one, "server_url": f"http://127.0.0.1:{second.port}/v1"}
        text |= {"load_balancing": "rr", "services": {"openai": [one, other]}}
        config.write_text(json.dumps(text))
        with proxies(config, 2, "--workers", "2", "--redis", redis.url) as found:
            for number in range(requests):
                load(found[number % 2], 1)
    every = sorted([(at, 0) for at in first.came] + [(at, 1) for at in second.came])
    twice = sum(1 for a, b in pairwise(every) if a[1] == b[1])
    yield at_most("turns that went to the same service twice in a row", twice, 0)
