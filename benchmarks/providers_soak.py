"""Hold many streams of the three providers open on one proxy worker, and see that nothing is left behind.

Usage: python benchmarks/providers_soak.py [--streams 200] [--seconds 300] [--pause 0.5]

A stock LiteLLM proxy (one worker) stands before the mock vendors of the tests. Clients ask for streams, one
after another; one in ten leaves in the middle. Sockets, asyncio tasks and memory of the worker are counted
after a warm-up, at the end, and once all is quiet. Exits with 1 when sockets or tasks are left over, when a
stream failed, or when memory grew by more than 15 % between the first minute and the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "providers")]

from live_proxy import MASTER_KEY, LiveProxy  # noqa: E402
from mock_vendors import CREDENTIALS, Vendors  # noqa: E402

MODELS = ("spark", "dify", "ark")
LEAVES = 10  # every tenth client leaves in the middle
QUIET = 20.0  # seconds until sockets and tasks must be gone; idle connections are kept for 15
GROWTH = 1.15
#: Runs inside the worker: counts what a process listing does not show.
PROBE = """
import asyncio, gc
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy import proxy_server

async def count():
    gc.collect()
    return {"tasks": len(asyncio.all_tasks())}

proxy_server.app.add_api_route("/soak/count", count, methods=["GET"])
handler = CustomLogger()
"""


def configuration(vendors: Vendors) -> dict[str, Any]:
    """The proxy's configuration: one deployment for each provider."""
    params = {
        "spark": {"model": "xinghuo/generalv3.5", "credential_env": "CANARY"},
        "dify": {"model": "dify/app", "credential_env": "CANARY_DIFY"},
        "ark": {
            "model": "huoshan/ep-1",
            "credential_env": "CANARY_ARK",
            "openapi_base": vendors.url("mint", "ok"),
        },
    }
    names = {"xinghuo", "dify", "huoshan"}
    return {
        "model_list": [
            {
                "model_name": name,
                "litellm_params": more | {"api_base": vendors.url(name, "slow")},
            }
            for name, more in params.items()
        ],
        "litellm_settings": {
            "callbacks": ["soak_probe.handler"],
            "num_retries": 0,
            "custom_provider_map": [
                {"provider": name, "custom_handler": f"one_adapter.providers.{name}.handler"}
                for name in sorted(names)
            ],
        },
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }


async def client(
    session: aiohttp.ClientSession, url: str, number: int, end: float, seen: Counter[str]
) -> None:
    """Streams one after another until the end."""
    turn = number
    while time.monotonic() < end:
        turn += 1
        body = {"model": MODELS[turn % 3], "messages": [{"role": "user", "content": "hi"}], "stream": True}
        text = b""
        try:
            async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                async for line in response.content:
                    text += line
                    if turn % LEAVES == 0 and text.count(b"data:") == 5:
                        break
            whole = b"[DONE]" in text
            seen["left" if turn % LEAVES == 0 else "whole" if whole else "failed"] += 1
            if not whole and turn % LEAVES:
                seen[text[-200:].decode(errors="replace")] += 1
        except aiohttp.ClientError as error:
            seen["failed"] += 1
            seen[repr(error)] += 1


async def measure(session: aiohttp.ClientSession, proxy: LiveProxy) -> dict[str, int]:
    """Open sockets, tasks and resident memory (MiB) of the worker."""
    async with session.get(f"{proxy.url}/soak/count") as response:
        tasks = (await response.json())["tasks"]
    return {"tasks": tasks, **of_process(proxy.pid)}


def of_process(pid: int) -> dict[str, int]:
    """Open sockets and resident memory (MiB) of a process."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            links.append(str(entry.readlink()))
    status = Path(f"/proc/{pid}/status").read_text()
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    sockets = sum(link.startswith("socket:") for link in links)
    return {"sockets": sockets, "memory_mib": int(memory.split()[1]) // 1024}


async def soak(proxy: LiveProxy, vendors: Vendors, streams: int, seconds: float) -> dict[str, Any]:
    """All clients for the given time; the figures."""
    seen: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {MASTER_KEY}"}
    limit = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=limit, headers=headers, trust_env=False) as session:
        soon = time.monotonic() + 0.01
        await asyncio.gather(*(client(session, proxy.url, n, soon, Counter()) for n in range(3)))
        await asyncio.sleep(1)
        figures: dict[str, Any] = {"before": await measure(session, proxy)}
        end = time.monotonic() + seconds
        clients = [asyncio.create_task(client(session, proxy.url, n, end, seen)) for n in range(streams)]
        await asyncio.sleep(min(60.0, seconds / 2))
        figures["early"] = await measure(session, proxy) | {"streams_at_vendors": vendors.live}
        await asyncio.sleep(max(0.0, end - time.monotonic() - 1))
        figures["late"] = await measure(session, proxy) | {"streams_at_vendors": vendors.live}
        await asyncio.gather(*clients)
        await asyncio.sleep(QUIET)
        figures["after"] = await measure(session, proxy) | {"streams_at_vendors": vendors.live}
    return figures | {"streams": dict(seen)}


def problems(figures: dict[str, Any]) -> list[str]:
    """What must not be."""
    found = []
    spare = 5  # the connections that pools keep, LiteLLM's own tasks
    for name in ("sockets", "tasks"):
        if figures["after"][name] > figures["before"][name] + spare:
            found.append(
                f"{name} left over: {figures['before'][name]} before, {figures['after'][name]} after"
            )
    if figures["after"]["streams_at_vendors"]:
        found.append("streams at the vendors left over")
    if figures["late"]["memory_mib"] > figures["early"]["memory_mib"] * GROWTH:
        found.append(f"memory grew: {figures['early']['memory_mib']} to {figures['late']['memory_mib']} MiB")
    if figures["streams"].get("failed"):
        found.append(f"{figures['streams']['failed']} streams failed")
    return found


def main() -> int:
    """Run it and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two pieces of an answer")
    given = parser.parse_args()
    vendors = Vendors().start()
    vendors.pause = given.pause
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        (Path(folder) / "soak_probe.py").write_text(PROBE)
        environment = {**CREDENTIALS, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONPATH": folder}
        proxy = LiveProxy(configuration(vendors), environment, Path(folder), debug=False)
        try:
            figures = asyncio.run(soak(proxy, vendors, given.streams, given.seconds))
        finally:
            proxy.stop()
            vendors.stop()
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    found = problems(figures)
    print("\n".join(found) or "nothing left behind")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
