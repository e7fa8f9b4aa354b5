"""From the command to the first answer: `one-adapter run` against the stock `litellm --config`.

Both serve the same gateway, `examples/guide.json`: ours from the file itself, the stock command from what
`export --pure` wrote, nothing of ours. The clock stops when `/v1/models` answers a client's key. Memory is
the resident set at that moment, processor time what the process has taken by then. For the first chat the
gateway has a vendor on this machine, and is asked as soon as `/v1/models` has answered.
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from _measure import ROOT, Pairs, table
from _proxy import Proxy, export, free_port, run_command, serving, stock_command
from throughput import KEY, gateway, start_vendor

GUIDE = ROOT / "examples" / "guide.json"
CLIENT_KEY = "sk-my-clients-key"
ROUNDS = 5
OURS, STOCK = "`one-adapter run`", "`litellm --config`"
Measured = Callable[[Proxy], tuple[float, ...]]


def main() -> None:
    """Print the table."""
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        these, those = rounds(GUIDE, folder / "guide", CLIENT_KEY, ready)
        rows.append(pairs("to the first answer", "s", these, those, 0))
        rows.append(pairs("memory then", "MB", these, those, 1))
        rows.append(pairs("processor time until then", "s", these, those, 2))
        config = gateway(folder, start_vendor(stack)[0])
        these, those = rounds(config, folder / "one", KEY, first_chat)
        rows.append(pairs("to the first chat's answer", "s", these, those, 0))
    print(table(rows))


def ready(proxy: Proxy) -> tuple[float, ...]:
    """Seconds from the start until it answered, its memory, and its processor time."""
    return proxy.ready_after, proxy.megabytes(), proxy.processor_seconds()


def first_chat(proxy: Proxy) -> tuple[float, ...]:
    """Seconds from the start until a chat was answered."""
    start = time.perf_counter()
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{proxy.port}/v1/chat/completions",
        body,
        {"Authorization": f"Bearer {proxy.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (proxy.ready_after + time.perf_counter() - start,)


def rounds(
    config: Path, folder: Path, key: str, measure: Measured
) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Both in turn; the first round warms the disk and does not count."""
    secrets = export(config, folder, "--pure")
    master = secrets["LITELLM_MASTER_KEY"]
    these, those = [], []
    for turn in range(ROUNDS + 1):
        port = free_port()
        with serving(run_command(config, port), port, key) as proxy:
            mine = measure(proxy)
        port = free_port()
        with serving(stock_command(folder / "config.yaml", port), port, master, secrets) as proxy:
            other = measure(proxy)
        if turn:
            these.append(mine)
            those.append(other)
    return these, those


def pairs(
    what: str, unit: str, these: list[tuple[float, ...]], those: list[tuple[float, ...]], place: int
) -> Pairs:
    """One figure of all rounds."""
    return Pairs(f"{OURS}, {what}", STOCK, [one[place] for one in these], [one[place] for one in those], unit)


if __name__ == "__main__":
    main()
