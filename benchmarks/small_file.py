"""The commands that read, as whole processes, on one small file: the guide's NVIDIA service.

Beside them stands the time that Python and the three base libraries take by themselves to start: no command
can be quicker than that. A command imports only what it needs, so a ratio may lie below 1.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from _measure import BIN, ROOT, in_turn, seconds, table

COMMANDS = {
    "lint": ["lint"],
    "export": ["export"],
    "explain": ["explain"],
    "explain --format json": ["explain", "--format", "json"],
    "schema": ["schema"],
}


def main() -> None:
    """Print one table of ratios."""
    libraries = [sys.executable, "-c", "import click, jsonschema, yaml"]
    nvidia = ROOT / "examples" / "nvidia.json"
    rows = []
    for name, words in COMMANDS.items():
        command: list[str | Path] = [BIN / "one-adapter", *words, *([] if name == "schema" else [nvidia])]
        rows.append(
            in_turn(
                (f"`{name}`", partial(seconds, command)),
                ("starting Python with the libraries", partial(seconds, libraries)),
            )
        )
    print(table(rows))


if __name__ == "__main__":
    main()
