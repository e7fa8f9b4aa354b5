"""Two thousand requests, a fifth with a fault, and 200 streams left half-way: is anything lost, does it grow?

One proxy (`one-adapter run`), one vendor whose paths choose the fault, services limited to a few calls at a
time. The faults: 429, 500, a reset connection, a cut stream, a slow answer beyond the service's timeout, a
client that leaves. Chats are relayed, messages and responses go LiteLLM's way. Afterwards as many calls as
the limit allows are made at once: each must be let in without a wait, so no place was lost. Memory and open
files are those of the proxy's process (Linux).

Usage: python soak.py [REQUESTS]
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from _proxy import Proxy, free_port, run_command, serving

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "runtime"))

from vendor import Vendor  # the tests' own, with faults by path

KEY = "sk-the-clients-key"
PLACES = 4
AT_ONCE = 16
FAULTS = {
    "429": "fail429",
    "500": "fail500",
    "reset": "drop",
    "cut stream": "cut",
    "slow": "slow30",
    "client leaves": "slow3",
    "stream left": "slowchunk0.5",
}
LEFT = 200
#: The faults of which one in five requests has one.
INJECTED = [one for one in FAULTS if one != "stream left"]
ROUTES = ("/v1/chat/completions", "/v1/messages", "/v1/responses")
#: What an answer may be. A client that left has none to wait for.
FINE = {
    "none": {200},
    "429": {429},
    "500": {500},
    "reset": {500, 502},
    "cut stream": {200, 500, 502},
    "slow": {429, 504},  # some wait for a place until their time is over
    "client leaves": {0},
    "stream left": {0},
}


def configuration(vendor: str) -> dict[str, Any]:
    """One service a fault and one without, each with a few places."""
    paths = {"none": "fine", **FAULTS}
    services = [
        {
            "id": f"s-{number}",
            "models": [f"m-{number}"],
            "enabled": True,
            "credentials": {"api_key": "sk-up"},
            "server_url": f"{vendor}/{path}/v1",
            "limit": {"concurrency": PLACES, "timeout": 120},
            "timeout": 4 if fault == "slow" else 120,
        }
        for number, (fault, path) in enumerate(paths.items())
    ]
    return {"api_key": KEY, "services": {"openai": services}, "circuit_breaker": {"enabled": False}}


def body(route: str, model: str, stream: bool) -> dict[str, Any]:
    """A request on a route."""
    said = [{"role": "user", "content": "hello"}]
    if route.endswith("responses"):
        return {"model": model, "input": "hello", "stream": stream}
    return {"model": model, "messages": said, "max_tokens": 9, "stream": stream}


async def one(session: aiohttp.ClientSession, fault: str, route: str, stream: bool) -> tuple[str, int]:
    """One request; its fault and the status it got (0: the client left first, -1: none came)."""
    model = f"m-{[*FINE].index(fault)}"
    patience = 0.7 if fault == "client leaves" else 100
    timeout = aiohttp.ClientTimeout(total=patience)
    try:
        async with session.post(route, json=body(route, model, stream), timeout=timeout) as answer:
            if fault == "stream left" and answer.status == 200:
                await answer.content.readany()
                answer.close()
                return fault, 0
            await answer.read()
            return fault, answer.status
    except asyncio.TimeoutError:
        return fault, 0 if fault == "client leaves" else -1
    except aiohttp.ClientError:
        return fault, -1


async def load(proxy: Proxy, requests: int, left: int) -> tuple[Counter[tuple[str, int]], list[float]]:
    """All requests, some at once, `left` of them streams that are left; what they got, and the memory."""
    chance = random.Random(7)
    leaving = frozenset(chance.sample(range(requests), left))
    gate = asyncio.Semaphore(AT_ONCE)
    memory = [proxy.megabytes()]
    found: Counter[tuple[str, int]] = Counter()

    async def run(number: int) -> None:
        fault = chance.choice(INJECTED) if number % 5 == 0 else "none"
        if number in leaving:
            fault = "stream left"
        route = ROUTES[number % 3]
        stream = fault in ("cut stream", "stream left") or chance.random() < 0.5
        async with gate:
            found[await one(session, fault, route, stream)] += 1
        if number % max(1, requests // 10) == 0:
            memory.append(proxy.megabytes())

    headers = {"authorization": f"Bearer {KEY}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{proxy.port}", headers=headers, connector=connector
    ) as session:
        await asyncio.gather(*(run(number) for number in range(requests)))
        memory.append(proxy.megabytes())
    return found, memory


async def places(proxy: Proxy, vendor: Vendor) -> int:
    """How many calls the vendor gets at once now from the service whose clients left (3 s each)."""
    vendor.most_open = vendor.open
    headers = {"authorization": f"Bearer {KEY}"}
    base = f"http://127.0.0.1:{proxy.port}"
    model = f"m-{[*FINE].index('client leaves')}"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        calls = [
            session.post(ROUTES[number % 3], json=body(ROUTES[number % 3], model, False))
            for number in range(PLACES + 2)
        ]
        answers = await asyncio.gather(*calls)
        assert all(answer.status == 200 for answer in answers)
    return int(vendor.most_open)


def main(requests: int) -> int:
    """Print the figures; 1 when something was lost."""
    vendor = Vendor().start()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "gateway.json")
        config.write_text(json.dumps(configuration(vendor.base)), encoding="utf-8")
        port = free_port()
        with serving(run_command(config, port), port, KEY) as proxy:
            files = len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))
            asyncio.run(load(proxy, requests // 10, LEFT // 10))  # warm: pools, caches, compiled patterns
            began = time.monotonic()
            found, memory = asyncio.run(load(proxy, requests + LEFT, LEFT))
            spent = time.monotonic() - began
            most = asyncio.run(places(proxy, vendor))
            left = vendor.open
            files_after = len(list(Path(f"/proc/{proxy.pid}/fd").iterdir()))
    vendor.stop()
    print(
        f"{requests} requests and {LEFT} streams that are left in {spent:.0f} s, {AT_ONCE} at once, by fault:"
    )
    wrong = 0
    for (fault, status), count in sorted(found.items()):
        fine = status in FINE[fault]
        wrong += 0 if fine else count
        said = {0: "left", -1: "NO ANSWER"}.get(status, str(status))
        print(f"  {fault:14} {said:>9} {count:5}{'' if fine else '   not as it should be'}")
    print(f"places of a limiter afterwards: {most} of {PLACES}")
    print(f"calls still open at the vendor: {left}")
    print(f"open files of the proxy: {files} before, {files_after} after")
    steps = ", ".join(f"{one:.0f}" for one in memory)
    print(f"memory (MB): {steps}")
    growth = memory[-1] - memory[len(memory) // 2]
    print(f"growth over the second half: {growth:.1f} MB")
    lost = wrong or most != PLACES or left
    print("something was lost" if lost else "nothing was lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
