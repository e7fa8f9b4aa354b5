"""Three thousand hostile requests of every kind at once: is anything lost, does anything grow, who waits?

One proxy (`one-adapter run`), one vendor, a model with one place and one whose breaker opens after three
failures. While a few clients send what no honest one would (paths, bodies, numbers, nesting, headers,
translations by the thousand, connections that say nothing, calls that are left), another asks for `/healthz`
and an honest one for a chat. Told are the slowest `/healthz` of each run, the places of the limit and the
breaker afterwards, memory and open files of the proxy's process (Linux).

Usage: python hostile.py [REQUESTS [RUNS]]
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from _proxy import Proxy, free_port, run_command, serving

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "runtime"))

from vendor import Vendor  # the tests' own

KEY = "sk-the-clients-key"
AT_ONCE = 12
BETWEEN = 0.02  # seconds between two looks at /healthz
HI = [{"role": "user", "content": "hi"}]
CHAT = "/v1/chat/completions"
ROUTES = {
    CHAT: {"messages": HI},
    "/v1/messages": {"messages": HI, "max_tokens": 5},
    "/v1/responses": {"input": "hi"},
    "/v1/embeddings": {"input": "hi"},
}
NUMBERS = ("NaN", "-Infinity", "1e999", "9" * 400, "1" * 5000)
SHAPES = ({"messages": "x"}, {"tools": "x"}, {"tools": [5]}, {"input": {}}, {"messages": [5]}, {"stream": 5})
ORDERS = (
    {"mock_response": "x"},
    {"api_base": "http://127.0.0.1:1"},
    {"deployment_id": "x"},
    {"timeout": 0.001},
)
PATHS = (
    *("/v1/files/x/chat/completions", "/key/generate", "/v1/realtime", "/", "/v1/../key/info", "/%00"),
    *("/health", "/v1/models/" + "a" * 5000, "/metrics", "/v1/files/x?model=m"),
)
Request = tuple[str, str, bytes]


def _number(chance: random.Random, model: str) -> Request:
    path = chance.choice([*ROUTES])
    body = json.dumps({"model": model, **ROUTES[path]})[:-1]
    return "POST", path, f'{body}, "temperature": {chance.choice(NUMBERS)}}}'.encode()


def _body(fields: Any) -> Callable[[random.Random, str], Request]:
    def made(chance: random.Random, model: str) -> Request:
        path = chance.choice([*ROUTES])
        return "POST", path, json.dumps({"model": model, **ROUTES[path], **chance.choice(fields)}).encode()

    return made


def _deep(chance: random.Random, model: str) -> Request:
    del model
    return "POST", chance.choice([*ROUTES, "/v2/translate"]), b'{"a":' + b"[" * chance.randrange(90, 100_000)


def _large(chance: random.Random, model: str) -> Request:
    part = chance.choice(
        [b'"' + b"a" * 4_000_000 + b'"', b"[" + b"1," * 400_000 + b"1]", b'"\\ud800' * 1 + b'"']
    )
    return "POST", CHAT, b'{"model":"%b","messages":[],"x":%b}' % (model.encode(), part)


def _path(chance: random.Random, model: str) -> Request:
    del model
    method = chance.choice(["GET", "DELETE", "PUT", "OPTIONS", "HEAD", "PATCH", "POST"])
    return method, chance.choice(PATHS), b""


def _texts(chance: random.Random, model: str) -> Request:
    del model
    count = chance.choice([51, 1000, 100_000])
    return "POST", "/v2/translate", json.dumps({"text": [""] * count, "target_lang": "DE"}).encode()


def _name(chance: random.Random, model: str) -> Request:
    del model
    name = "n" * chance.choice([10, 2000, 1_000_000])
    return "POST", CHAT, json.dumps({"model": name, "messages": HI}).encode()


KINDS: dict[str, Callable[[random.Random, str], Request]] = {
    "numbers": _number,
    "shapes": _body(SHAPES),
    "orders": _body(ORDERS),
    "nesting": _deep,
    "large": _large,
    "paths": _path,
    "texts": _texts,
    "names": _name,
    "left": _body(({"stream": True}, {})),
    "heads": _path,
}


def configuration(vendor: str) -> dict[str, Any]:
    """A model with a breaker, and one with a single place whose vendor takes a while."""
    common = {"enabled": True, "credentials": {"api_key": "sk-up"}, "timeout": 30}
    services = [
        {"models": ["m"], "server_url": f"{vendor}/a/v1", **common},
        {"models": ["one"], "server_url": f"{vendor}/slow0.2/v1", "limit": {"concurrency": 1}, **common},
    ]
    breaker = {"enabled": True, "failure_threshold": 3, "recovery_timeout_seconds": 600}
    return {"api_key": KEY, "services": {"openai": services}, "circuit_breaker": breaker}


async def send(session: aiohttp.ClientSession, port: int, kind: str, chance: random.Random) -> int:
    """One hostile request; its status, 0 for one that was left or ended."""
    if kind == "heads":
        return await _head(port, chance)
    method, path, raw = KINDS[kind](chance, "one" if kind == "left" else "m")
    patience = aiohttp.ClientTimeout(total=chance.uniform(0, 0.3) if kind == "left" else 60)
    headers = {"content-type": "application/json"}
    try:
        async with session.request(method, path, data=raw, headers=headers, timeout=patience) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, asyncio.TimeoutError):
        return 0


async def _head(port: int, chance: random.Random) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        writer.write(b"GET / HTTP/1.1\r\nX-A: " + b"a" * chance.choice([10, 70_000, 1_000_000]))
        await asyncio.wait_for(writer.drain(), 1)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(100), 0.2)
    writer.close()
    return 0


def watch(proxy: Proxy, done: Any, waits: Any) -> None:
    """Look at /healthz until all is over, in a process of its own; puts the slowest, twice, into `waits`.

    Seconds on the clock, and seconds of processor time that the proxy spent meanwhile: what it would have
    been with the machine to itself.
    """
    clock = processor = 0.0
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
    while not done.is_set():
        began, spent = time.perf_counter(), proxy.processor_seconds()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        clock = max(clock, time.perf_counter() - began)
        processor = max(processor, proxy.processor_seconds() - spent)
        time.sleep(BETWEEN)
    waits.put((clock, processor))


async def attack(port: int, requests: int, seed: int) -> Counter[tuple[str, int]]:
    """All requests of one run; what was answered."""
    chance = random.Random(seed)
    found: Counter[tuple[str, int]] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            kind = chance.choice([*KINDS])
            found[kind, await send(session, port, kind, chance)] += 1

    headers = {"authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        await asyncio.gather(*(one() for _ in range(requests)))
    return found


def run(proxy: Proxy, requests: int, seed: int) -> tuple[tuple[float, float], Counter[tuple[str, int]]]:
    """One run: the slowest /healthz (`watch`), and what was answered."""
    done, waits = multiprocessing.Event(), multiprocessing.Queue()
    watcher = multiprocessing.Process(target=watch, args=(proxy, done, waits))
    watcher.start()
    found = asyncio.run(attack(proxy.port, requests, seed))
    done.set()
    slowest: tuple[float, float] = waits.get(timeout=60)
    watcher.join()
    return slowest, found


async def honest(proxy: Proxy) -> list[int]:
    """Chats with the breaker's model and with the one of a single place, one after another."""
    headers = {"authorization": f"Bearer {KEY}"}
    found = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{proxy.port}", headers=headers) as session:
        for model in ("m", "one", "one"):
            async with session.post(CHAT, json={"model": model, "messages": HI}) as answer:
                found.append(answer.status)
    return found


def main(requests: int, runs: int) -> int:
    """Print the figures; 1 when something was lost."""
    vendor = Vendor().start()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "gateway.json")
        config.write_text(json.dumps(configuration(vendor.base)), encoding="utf-8")
        port = free_port()
        with serving(run_command(config, port), port, KEY) as proxy:
            run(proxy, requests // 10, 0)  # warm
            files = len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))
            slowest, memory = [], [proxy.megabytes()]
            found: Counter[tuple[str, int]] = Counter()
            for seed in range(1, runs + 1):
                wait, answered = run(proxy, requests, seed)
                slowest.append(wait)
                found += answered
                memory.append(proxy.megabytes())
            statuses = asyncio.run(honest(proxy))
            left = vendor.open
            files_after = len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))
    vendor.stop()
    for (kind, status), count in sorted(found.items()):
        print(f"  {kind:8} {status or 'ended':>5} {count:6}")
    for name, waits in zip(("on the clock", "of processor time"), zip(*slowest, strict=True), strict=True):
        told = ", ".join(f"{one:.2f}" for one in waits)
        print(f"slowest /healthz of each run (s {name}): {told}; median {statistics.median(waits):.2f}")
    print(f"memory before and after each run (MB): {', '.join(f'{one:.0f}' for one in memory)}")
    print(f"open files: {files} before, {files_after} after; calls open at the vendor: {left}")
    print(f"honest chats afterwards: {statuses}")
    lost = statuses != [200, 200, 200] or left
    print("something was lost" if lost else "nothing was lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in (*sys.argv[1:], "3000", "5")[:2])))
