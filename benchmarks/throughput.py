"""What a proxy adds to a vendor's answer, and what the callback and the launch profile change about it.

Four proxies with one worker each stand side by side, all serving the same gateway with one vendor, and are
loaded in turn. *run*: `one-adapter run`. *exported*: the stock `litellm --config` with the exported file,
where our callback applies what it can of the launch profile. *profile off*: the same with
`ONE_ADAPTER_PROFILE=stock`: LiteLLM as it comes, with our callback. *pure*: the stock command with the file
of `export --pure`, nothing of ours; *profile off* against it shows what the callback costs, best in
processor time a request, which other programs disturb least. All run with bytecode compiled. The vendor is
a fixed answer over asyncio; the last line says how much faster it is than what is measured. Proxy, vendor
and load share the cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from _measure import Pairs, table
from _proxy import Proxy, export, free_port, run_command, serving, stock_command

KEY = "sk-the-clients-key"
HERE = Path(__file__).resolve().parent
ROUNDS = 5
Figures = dict[str, float]


def load(port: int, key: str, connections: int, seconds: float, *more: str) -> Figures:
    """One measurement in a process of its own."""
    script = HERE / "_load.py"
    words = [sys.executable, str(script), str(port), key, str(connections), str(seconds), *more]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr[-1000:])
    figures: Figures = json.loads(done.stdout)
    return figures


def measure(proxy: Proxy) -> Figures:
    """All figures of one proxy, one round."""
    before = proxy.processor_seconds()
    many = load(proxy.port, proxy.key, 16, 3)
    spent = proxy.processor_seconds() - before
    one = load(proxy.port, proxy.key, 1, 3)
    stream = load(proxy.port, proxy.key, 1, 2, "stream")
    return {
        "rps at 16 connections": many["rps"],
        "processor time a request": 1000 * spent / many["answers"],
        "p50 at 1 connection": one["p50_ms"],
        "p99 at 1 connection": one["p99_ms"],
        "p99 at 16 connections": many["p99_ms"],
        "stream: to the first piece": stream["first_ms"],
        "stream: passing a piece on": stream["passing_ms"],
        "memory after the load": proxy.megabytes(),
    }


COMPARED = (
    ("run", "exported"),
    ("run", "profile off"),
    ("run", "pure"),
    ("exported", "pure"),
    ("profile off", "pure"),
)
UNITS = {"rps at 16 connections": "/s", "memory after the load": "MB"}


def main() -> None:
    """Print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vendor = free_port()
        process = subprocess.Popen([sys.executable, HERE / "_upstream.py", str(vendor)])
        stack.callback(process.wait)
        stack.callback(process.terminate)
        proxies = start(stack, folder, vendor)
        for proxy in proxies.values():
            load(proxy.port, proxy.key, 4, 3)
            load(proxy.port, proxy.key, 1, 1, "stream")
        found: dict[str, list[Figures]] = {name: [] for name in proxies}
        for _ in range(ROUNDS):
            for name, proxy in proxies.items():
                found[name].append(measure(proxy))
        alone = load(vendor, KEY, 16, 3)["rps"]
    rows = []
    for this, that in COMPARED:
        for figure in found[this][0]:
            these, those = ([one[figure] for one in found[name]] for name in (this, that))
            rows.append(Pairs(f"{this}, {figure}", that, these, those, UNITS.get(figure, "ms")))
    print(table(rows))
    tails = [one["p99 at 1 connection"] / one["p50 at 1 connection"] for one in found["run"]]
    print(f"\nrun, p99 at 1 connection: {median(tails):.1f} times its own p50 (at most {max(tails):.1f}).")
    fastest = max(median(one["rps at 16 connections"] for one in rounds) for rounds in found.values())
    times = alone / fastest
    print(f"\nThe vendor alone: {alone:,.0f} requests a second, {times:.0f} times the fastest proxy.")


def gateway(folder: Path, vendor: int) -> Path:
    """A simple-one-api file with the vendor on this port, written into `folder`."""
    config = folder / "gateway.json"
    service = {
        "models": ["m"],
        "enabled": True,
        "credentials": {"api_key": "sk-the-vendors-key"},
        "server_url": f"http://127.0.0.1:{vendor}/v1",
    }
    config.write_text(json.dumps({"api_key": KEY, "services": {"openai": [service]}}), encoding="utf-8")
    return config


def start(stack: ExitStack, folder: Path, vendor: int) -> dict[str, Proxy]:
    """The four proxies, up and answering."""
    config = gateway(folder, vendor)
    secrets = export(config, folder / "exported")
    exported = folder / "exported" / "config.yaml"
    plain = export(config, folder / "pure", "--pure")
    off = {**secrets, "ONE_ADAPTER_PROFILE": "stock"}
    pure = folder / "pure" / "config.yaml"
    commands = {
        "run": (run_command, config, KEY, {}),
        "exported": (stock_command, exported, KEY, secrets),
        "profile off": (stock_command, exported, KEY, off),
        "pure": (stock_command, pure, plain["LITELLM_MASTER_KEY"], plain),
    }
    proxies = {}
    for name, (command, file, key, environment) in commands.items():
        port = free_port()
        proxies[name] = stack.enter_context(serving(command(file, port), port, key, environment))
    return proxies


if __name__ == "__main__":
    main()
