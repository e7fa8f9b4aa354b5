"""What each choice of the launch profile brings: alone, and on top of all the others.

For each choice two proxies: LiteLLM as it comes with this one choice (`--profile CHOICE`), compared with
`--profile stock`; and the whole profile without it (`--profile fast,-CHOICE`), compared with
`--profile fast`. All are `one-adapter run --no-relay` on a gateway with a vendor that speaks Anthropic's
protocol, asked for chats, which LiteLLM translates, by 16 connections in turn.
Processor time is that of the proxy for one request, all its threads; a ratio below 1 means that the choice
alone saves time, above 1 that the profile without it costs more.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from _measure import Pairs, table
from _proxy import Proxy, free_port, run_command, serving
from throughput import KEY, gateway, load, start_vendor

from one_adapter.runtime.host.profile import CHOICES

ROUNDS, REQUESTS = 5, 150
#: Chats for the vendor that speaks Anthropic's protocol.
ROUTE = "translated"
TIME, TAIL = "processor time a request", "p99 at 16 connections"


def measure(proxy: Proxy) -> tuple[float, float]:
    """Milliseconds of processor time a request, and the 99th percentile of the latency."""
    before = proxy.processor_seconds()
    many = load(proxy.port, proxy.key, ROUTE, 16, REQUESTS)
    return 1000 * (proxy.processor_seconds() - before) / many["answers"], many["p99_ms"]


def command(config: Path, port: int, profile: str) -> list[str | Path]:
    """`one-adapter run` with a profile."""
    return [*run_command(config, port), "--no-relay", "--profile", profile]


def pair(config: Path, this: str, that: Proxy) -> list[Pairs]:
    """One profile against a proxy that runs already."""
    port = free_port()
    with serving(command(config, port, this), port, KEY) as proxy:
        load(proxy.port, proxy.key, ROUTE, 4, REQUESTS)
        these, those = [], []
        for _ in range(ROUNDS):
            these.append(measure(proxy))
            those.append(measure(that))
    name = "fast" if this.startswith("fast") else "stock"
    return [
        Pairs(f"`{this}`, {what}", name, [one[k] for one in these], [one[k] for one in those], "ms")
        for k, what in enumerate((TIME, TAIL))
    ]


def main() -> None:
    """Print the table."""
    rows: list[Pairs] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = gateway(folder, start_vendor(stack)[0])
        whole = {}
        for profile in ("stock", "fast"):
            port = free_port()
            whole[profile] = stack.enter_context(serving(command(config, port, profile), port, KEY))
            load(port, KEY, ROUTE, 4, REQUESTS)
        rows += pair(config, "fast", whole["stock"])
        for choice in sorted(CHOICES):
            rows += pair(config, choice, whole["stock"])
            rows += pair(config, f"fast,-{choice}", whole["fast"])
    print(table(rows))


if __name__ == "__main__":
    main()
