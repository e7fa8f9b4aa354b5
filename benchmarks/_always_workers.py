"""Several workers against one: memory, the first answer, requests a second, and what a killed one breaks."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import _native
import _upstream
from _figures import Row, at_least, at_most, figure, ratio
from _measure import BIN, in_turn
from _proxy import Proxy, free_port, serving, tree

HERE = Path(__file__).resolve().parent
KEY = "sk-the-clients-key"
CHAT_PATH = "/v1/chat/completions"
#: Workers whose memory is weighed, and those that share two processors.
MANY, FEW = 4, 2
CONNECTIONS, REQUESTS, SHORT_REQUESTS = 64, 20_000, 3_000
#: Threads that ask while a worker is killed, and seconds for which they do.
ASKING, SECONDS, SHORT_SECONDS = 24, 20.0, 6.0
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]})


@contextlib.contextmanager
def vendor() -> Iterator[_native.Server]:
    """Run the vendor that costs next to nothing."""
    port = free_port()
    with subprocess.Popen([sys.executable, HERE / "_upstream.py", str(port)]) as process:
        yield _native.Server(port, process.pid)
        process.terminate()


@contextlib.contextmanager
def proxy(upstream: int, workers: int, *options: str) -> Iterator[Proxy]:
    """`one-adapter run --workers` from its start to its end, entered when it answers."""
    service = {"models": ["m"], "enabled": True, "credentials": {"api_key": "sk-of-the-vendor"}}
    service |= {"server_url": f"http://127.0.0.1:{upstream}/v1"}
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.json")
        file.write_text(json.dumps({"api_key": KEY, "services": {"openai": [service]}}), encoding="utf-8")
        words: list[str | Path] = [
            BIN / "one-adapter",
            "run",
            file,
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        words += ["--workers", str(workers), "--grace", "5", *options]
        with serving(words, port, KEY) as running:
            yield running


def shared_megabytes(pid: int) -> float:
    """Return the memory of a process and its children where a page that several have counts once (Linux)."""
    found = 0
    for one in tree(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
        found += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return found / 1024


@contextlib.contextmanager
def cheapest_vendor() -> Iterator[_native.Server]:
    """Run nginx in its place, where that is installed."""
    answers = {CHAT_PATH: _upstream.CHAT.partition(b"\r\n\r\n")[2]}
    with _native.vendor(answers) if _native.installed() else vendor() as found:
        yield found


def load(running: Proxy, requests: int) -> float:
    """Return the requests a second that it answers on many connections at once."""
    return python_load(running, requests)["rps"]


def python_load(running: Proxy, requests: int) -> dict[str, float]:
    """Ask so often on many connections at once; what `_load.py` says, and `cpu_s`, its processor time."""
    words: list[str | Path] = [sys.executable, HERE / "_load.py", str(running.port), KEY, "chat"]
    before = os.times()
    done = subprocess.run(
        [*words, str(CONNECTIONS), str(requests)], capture_output=True, text=True, check=True
    )
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {**json.loads(done.stdout), "cpu_s": spent}


@figure("workers-memory")
def memory(short: bool) -> Iterable[Row]:
    """Weigh four workers and their parent against one, after some load."""
    found = []
    with vendor() as upstream:
        for workers in (1, MANY):
            with proxy(upstream.port, workers) as running:
                load(running, SHORT_REQUESTS if short else REQUESTS)
                time.sleep(1)
                found.append((shared_megabytes(running.pid), running.ready_after))
    (one, first), (many, last) = found
    yield Row(f"memory of one and of {MANY} workers", f"{one:.0f} MB and {many:.0f} MB")
    yield at_most(f"memory of {MANY} workers, by one's", many / one, 2.0)
    yield Row(f"first answer of one and of {MANY} workers", f"{first:.1f} s and {last:.1f} s")


@figure("workers-start")
def start(short: bool) -> Iterable[Row]:
    """Time the first answers in turn."""
    with vendor() as upstream:

        def ready(workers: int) -> float:
            with proxy(upstream.port, workers) as running:
                return running.ready_after

        names = f"first answer of {MANY} workers", "of one"
        pairs = in_turn(
            (names[0], lambda: ready(MANY)), (names[1], lambda: ready(1)), rounds=1 if short else 5
        )
    yield ratio(pairs, most=1.3)


@dataclass
class Rate:
    """The load of `workers-rate`: what it and the workers took, and how these shared the connections."""

    upstream: _native.Server
    seconds: float
    requests: int
    answers: float = 0.0
    beside: float = 0.0
    fewest: float = 1.0
    spent: dict[int, list[float]] = field(default_factory=dict)

    def of(self, running: Proxy) -> float:
        """The requests a second that a proxy answers on many connections at once."""
        began, own = self.upstream.processor_seconds(), running.processor_seconds()
        with ThreadPoolExecutor(1) as other:
            shares = other.submit(self._share, running)
            if _native.installed():
                found = _native.load(running.port, KEY, "chat", CONNECTIONS, self.seconds)
            else:
                found = python_load(running, self.requests)
            self.fewest = min(self.fewest, shares.result())
        own = running.processor_seconds() - own
        self.spent.setdefault(running.pid, []).append(1000 * own / found["answers"])
        self.answers += found["answers"]
        self.beside += found["cpu_s"] + self.upstream.processor_seconds() - began
        return found["rps"]

    def _share(self, running: Proxy) -> float:
        """The part of the connections that the worker with the fewest has, halfway."""
        time.sleep(self.seconds / 2)
        found = [_connections(pid, running.port) for pid in _workers(running.pid)] or [1]
        return min(found) / max(1, sum(found))


def rates(seconds: float, requests: int, rounds: int, *options: str) -> Iterator[Row]:
    """Two workers and one in turn, started with these options."""
    with (
        cheapest_vendor() as upstream,
        proxy(upstream.port, 1, *options) as one,
        proxy(upstream.port, FEW, *options) as two,
    ):
        measured = Rate(upstream, seconds, requests)
        pairs = in_turn(
            (f"requests a second of {FEW} workers", lambda: measured.of(two)),
            ("of one", lambda: measured.of(one)),
            rounds=rounds,
            unit="/s",
        )
        mine, other = (statistics.median(measured.spent[running.pid][1:]) for running in (two, one))
    beside = 1000 * measured.beside / measured.answers
    yield Row("requests a second", f"{max(pairs.these):.0f} and {max(pairs.those):.0f}")
    told = "vendor and load, " + ("nginx and wrk" if _native.installed() else "both Python")
    yield Row(f"{told}, processor time a request", f"{beside:.3f} ms")
    yield Row(f"processor time a request of {FEW} workers and of one", f"{mine:.3f} and {other:.3f} ms")
    yield Row("connections of the worker with the fewest, the least", f"{measured.fewest:.0%}")
    yield ratio(pairs, least=1.7)
    most = 2 * other / (mine + beside)
    yield Row("as much as two processors can give, where vendor and load have a part of them", f"{most:.2f}")


@figure("workers-rate")
def rate(short: bool) -> Iterable[Row]:
    """Relayed chats; wants two processors that have nothing else to do."""
    return rates(2.0, SHORT_REQUESTS, 2) if short else rates(8.0, REQUESTS, 5)


@figure("workers-rate-litellm")
def rate_of_litellm(short: bool) -> Iterable[Row]:
    """Chats that LiteLLM makes, of which vendor and load are a small part."""
    return rates(4.0, 300, 1, "--no-relay") if short else rates(8.0, 800, 3, "--no-relay")


class Asking:
    """Threads that ask over one connection each until they are told to stop, and what became of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answered = self.broken = self.refused = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(ASKING)]
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """Wait for the last answers."""
        self._over.set()
        for one in self._threads:
            one.join()

    def _ask(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._over.is_set():
            fresh = connection is None
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                head = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
                connection.request("POST", "/v1/chat/completions", BODY, head)
                answer = connection.getresponse()
                answer.read()
                good = answer.status == 200
            except (OSError, http.client.HTTPException):
                good, connection = False, None
            with self._lock:
                self.answered += good
                self.broken += not good and not fresh
                self.refused += not good and fresh


@figure("workers-killed")
def killed(short: bool) -> Iterable[Row]:
    """Kill one of two workers under load: its own connections break, and no new one is refused."""
    seconds = SHORT_SECONDS if short else SECONDS
    with vendor() as upstream, proxy(upstream.port, FEW) as running:
        time.sleep(1)
        victim = _workers(running.pid)[0]
        asking = Asking(running.port)
        time.sleep(seconds / 2)
        own = _connections(victim, running.port)
        os.kill(victim, signal.SIGKILL)
        began = time.perf_counter()
        while len({*_workers(running.pid)} - {victim}) < FEW:
            time.sleep(0.005)
        back = time.perf_counter() - began
        time.sleep(seconds / 2)
        asking.stop()
    yield Row("answered, connections of the killed one", f"{asking.answered}, {own}")
    yield at_most("connections that broke, beyond the killed one's", max(0, asking.broken - own), 0)
    yield at_most("new connections that failed", asking.refused, 0)
    yield at_most("another process in its place", back, 1, "s")
    yield at_least("answered after all", asking.answered, 1)


def _workers(parent: int) -> list[int]:
    """Return the workers of a parent: children that run the same, as its Redis does not (Linux)."""

    def command(pid: int) -> bytes:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""

    own = command(parent)
    return [pid for pid in tree(parent)[1:] if command(pid) == own]


def _connections(pid: int, port: int) -> int:
    """Return how many connections to a port a process has, by the numbers of its sockets (Linux)."""
    own = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            own.add(str(one.readlink()).removeprefix("socket:[").removesuffix("]"))
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(words[1].endswith(f":{port:04X}") and words[3] == "01" and words[9] in own for words in lines)
