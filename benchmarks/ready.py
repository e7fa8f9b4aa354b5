"""From the command to the first answer: `one-adapter run` against the stock `litellm --config`.

Both serve the same gateway, `examples/guide.json`: ours from the file itself, the stock command from
what `export` wrote, one-adapter's callback included. The clock stops when `/v1/models` answers a
client's key. Memory is the resident set at that moment.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from _measure import ROOT, Pairs, table
from _proxy import Proxy, export, free_port, run_command, serving, stock_command

GUIDE = ROOT / "examples" / "guide.json"
CLIENT_KEY = "sk-my-clients-key"
ROUNDS = 5


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        secrets = export(GUIDE, Path(folder))
        exported = Path(folder, "config.yaml")

        def ours() -> tuple[float, float]:
            port = free_port()
            with serving(run_command(GUIDE, port), port, CLIENT_KEY) as proxy:
                return _figures(proxy)

        def stock() -> tuple[float, float]:
            port = free_port()
            with serving(stock_command(exported, port), port, CLIENT_KEY, secrets) as proxy:
                return _figures(proxy)

        these, those = _rounds(ours, stock)
    names = "`one-adapter run guide.json`", "`litellm --config config.yaml`"
    print(
        table(
            [
                Pairs(*names, [one[0] for one in these], [one[0] for one in those]),
                Pairs("its memory", "its memory", [one[1] for one in these], [one[1] for one in those], "MB"),
            ]
        )
    )


def _figures(proxy: Proxy) -> tuple[float, float]:
    return proxy.ready_after, proxy.megabytes()


def _rounds(
    ours: Callable[[], tuple[float, float]], stock: Callable[[], tuple[float, float]]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Both in turn; the first round warms the disk and does not count."""
    these, those = [], []
    for turn in range(ROUNDS + 1):
        mine, other = ours(), stock()
        if turn:
            these.append(mine)
            those.append(other)
    return these, those


if __name__ == "__main__":
    main()
