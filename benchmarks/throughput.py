"""What a proxy adds to a vendor's answer: the relay, and what it is to be compared with.

Usage: python throughput.py [--old-gateway PROGRAM] [--rounds N]

Proxies with one worker each stand side by side, all serving the same gateway with two vendors, one by
OpenAI's protocol and one by Anthropic's; the load goes from one to the next, a second or two each. *run*:
`one-adapter run`, which relays. *bare*: the least that a relay can be in Python, `_bare.py`: uvicorn,
aiohttp, the model renamed, and nothing else. *no relay*: `one-adapter run --no-relay`, all LiteLLM's way.
*stock*: `litellm --config` with the file of `export --pure`, nothing of ours. *gateway*: the old gateway,
where its program is given. All run with bytecode compiled.

Figures are medians of the rounds, ratios medians of the rounds' ratios. The first counts most: the processor
time that the proxy's processes take for one request, which other programs disturb least; it is told by their
own clocks to the nanosecond, over some eight thousand requests a round of the fast proxies, which take turns.
Whole answers at 16 connections are asked for by wrk and given by nginx where both are installed, or else by
Python's load and vendor, which give the streams in any case. What a vendor takes for a request stands last.
All of them share the cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import _native
import _upstream
from _proxy import Proxy, export, free_port, processor_seconds, run_command, serving, stock_command

KEY = "sk-the-clients-key"
HERE = Path(__file__).resolve().parent
ROUNDS = 5
#: Proxies that LiteLLM slows down: they get a small share of the requests.
SLOW = ("no relay", "stock")
SHARE = 0.06
#: Answers at 16 connections, or the seconds for them, and answers at one.
MANY, MANY_SLOW, SECONDS, SINGLE = 8000, 80, 2, 500
#: First pieces, pieces of one stream, and of each of several streams for what passing costs.
FIRSTS, PASSED, STREAMS, PIECES = 60, 100, 16, 50
Figures = dict[str, float]


def load(port: int, key: str, route: str, connections: int, requests: int, pieces: int = 0) -> Figures:
    """One measurement in a process of its own."""
    numbers = (str(one) for one in (connections, requests, pieces))
    words = [sys.executable, str(HERE / "_load.py"), str(port), key, route, *numbers]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{route}: {done.stderr[-1000:]}")
    figures: Figures = json.loads(done.stdout)
    return figures


def at_once(port: int, key: str, route: str, share: float) -> Figures:
    """The load of whole answers at 16 connections."""
    if share == 1.0 and _native.installed():
        return _native.load(port, key, route, 16, SECONDS)
    return load(port, key, route, 16, MANY if share == 1.0 else MANY_SLOW)


def answers(proxy: Proxy, route: str, share: float) -> Figures:
    """Whole answers at 16 connections and at one."""
    before = proxy.processor_seconds()
    many = at_once(proxy.port, proxy.key, route, share)
    spent = proxy.processor_seconds() - before
    one = load(proxy.port, proxy.key, route, 1, int(SINGLE * share))
    return {
        f"{route}: processor time a request, ms": 1000 * spent / many["answers"],
        f"{route}: requests a second": many["rps"],
        f"{route}: p50 at 1 connection, ms": one["p50_ms"],
        f"{route}: p99 at 1 connection by its p50": one["p99_ms"] / one["p50_ms"],
    }


def streams(proxy: Proxy, route: str, share: float) -> Figures:
    """Streams: the first piece, and what it costs to pass one on."""
    asked = f"{route}, a stream"
    first = load(proxy.port, proxy.key, asked, 1, int(FIRSTS * max(share, 0.2)), 2)
    one = load(proxy.port, proxy.key, asked, 1, 1, PASSED)
    before = proxy.processor_seconds()
    many = load(proxy.port, proxy.key, asked, STREAMS, STREAMS, PIECES)
    spent = proxy.processor_seconds() - before
    return {
        f"{route}: to a stream's first piece, ms": first["first_ms"],
        f"{route}: passing a piece on, ms": one["passing_ms"],
        f"{route}: processor time a piece, ms": 1000 * spent / many["pieces"],
    }


#: What is measured, in turn.
LOADS: tuple[tuple[Callable[[Proxy, str, float], Figures], str], ...] = (
    (answers, "chat"),
    (streams, "chat"),
    (answers, "embeddings"),
    (answers, "messages"),
    (streams, "messages"),
)


def main(rounds: int, old_gateway: str | None) -> None:
    """Print the table."""
    found: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        streams_vendor, streams_process = start_vendor(stack)
        vendor, vendor_process = start_whole_vendor(stack) or (streams_vendor, streams_process)
        proxies = start(stack, folder, vendor, streams_vendor, old_gateway)
        for turn in range(rounds + 1):
            for measure, route in LOADS:
                for name, proxy in proxies.items():
                    figures = measure(proxy, route, SHARE if name in SLOW else 1.0)
                    for figure, value in figures.items() if turn else ():  # the first round warms
                        found.setdefault(figure, {}).setdefault(name, []).append(value)
        for name, proxy in proxies.items():
            found.setdefault("memory after the load, MB", {})[name] = [proxy.megabytes()]
        before = processor_seconds(vendor_process)
        alone = at_once(vendor, KEY, "chat", 1.0)
        cost = 1000 * (processor_seconds(vendor_process) - before) / alone["answers"]
        passing = [
            load(streams_vendor, KEY, "chat, a stream", 1, 1, PASSED)["passing_ms"] for _ in range(rounds)
        ]
    print(table(found, list(proxies)))
    times = {name: median(spent) for name, spent in found["chat: processor time a request, ms"].items()}
    print(
        f"\nThe vendor alone: {alone['rps']:,.0f} requests a second at {cost:.4f} ms of processor time each, "
        f"{times['run'] / cost:.0f} times less than *run* and {times['bare'] / cost:.0f} times less than "
        f"*bare*; a piece of its streams comes within {median(passing):.2f} ms."
    )


def table(found: dict[str, dict[str, list[float]]], names: list[str]) -> str:
    """Each figure's medians, and *run* by each of the others."""
    others = [name for name in names if name != "run"]
    lines = [
        f"| measured | {' | '.join(names)} | {' | '.join(f'run / {name}' for name in others)} |",
        "|---" * (1 + len(names) + len(others)) + "|",
    ]
    for figure, values in found.items():
        cells = [f"{median(values[name]):.3g}" if name in values else "" for name in names]
        cells += [
            f"**{ratio(values['run'], values[name]):.3g}**" if name in values else "" for name in others
        ]
        lines.append(f"| {figure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ratio(these: list[float], those: list[float]) -> float:
    """The median of the rounds' ratios."""
    return median(mine / other for mine, other in zip(these, those, strict=True))


def start_vendor(stack: ExitStack) -> tuple[int, int]:
    """The vendors' port and process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, HERE / "_upstream.py", str(port)])
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return port, process.pid


def start_whole_vendor(stack: ExitStack) -> tuple[int, int] | None:
    """Port and process of nginx with the whole answers, where it and wrk are installed."""
    if not _native.installed():
        return None
    answers = {f"/v1{path.decode()}": whole for path, whole in _upstream.ANSWERS.items()}
    found = stack.enter_context(
        _native.vendor({path: whole.partition(b"\r\n\r\n")[2] for path, whole in answers.items()})
    )
    return found.port, found.pid


def gateway(folder: Path, vendor: int, port: int = 9090, streams_vendor: int = 0) -> Path:
    """A simple-one-api file with the vendors on this port, written into `folder`; one for streams beside."""
    config = folder / "gateway.json"
    common = {"enabled": True, "credentials": {"api_key": "sk-the-vendors-key"}}
    address, streams = (f"http://127.0.0.1:{one}/v1" for one in (vendor, streams_vendor or vendor))
    services = {
        "openai": [
            {"models": ["m"], "embedding_models": ["e"], "server_url": address, **common},
            {"models": ["m-stream"], "server_url": streams, **common},
        ],
        "claude": [
            {"models": ["c"], "server_url": f"{address}/messages", **common},
            {"models": ["c-stream"], "server_url": f"{streams}/messages", **common},
        ],
        "ollama": [{"models": ["o"], "server_url": f"{address}/api/chat", **common}],
    }
    whole = {"server_port": f":{port}", "log_level": "prod", "api_key": KEY, "services": services}
    config.write_text(json.dumps(whole), encoding="utf-8")
    return config


def start(
    stack: ExitStack, folder: Path, vendor: int, streams_vendor: int, old_gateway: str | None
) -> dict[str, Proxy]:
    """The proxies, up and answering."""
    config = gateway(folder, vendor, streams_vendor=streams_vendor)
    secrets = export(config, folder / "pure", "--pure")
    pure = folder / "pure" / "config.yaml"
    proxies = {}

    def up(name: str, key: str, command: Callable[[int], list[str | Path]], **variables: str) -> None:
        port = free_port()
        proxies[name] = stack.enter_context(serving(command(port), port, key, variables))

    up("run", KEY, lambda port: run_command(config, port))
    addresses = [f"http://127.0.0.1:{one}" for one in (vendor, streams_vendor)]
    up("bare", KEY, lambda port: [sys.executable, HERE / "_bare.py", str(port), *addresses])
    up("no relay", KEY, lambda port: [*run_command(config, port), "--no-relay"])
    up("stock", secrets["LITELLM_MASTER_KEY"], lambda port: stock_command(pure, port), **secrets)
    if old_gateway:
        own = folder / "old"
        own.mkdir()
        up("gateway", KEY, lambda port: [old_gateway, gateway(own, vendor, port, streams_vendor)])
    return proxies


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the relay against what it is to be compared with.")
    parser.add_argument("--old-gateway", metavar="PROGRAM", help="the old gateway's program, measured beside")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    main(given.rounds, given.old_gateway)
