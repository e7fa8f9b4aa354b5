"""What is always on: reloads, workers, a shared memory, and what is recorded of each request.

Usage: python benchmarks/always_on.py [--short] [FIGURE...]     (all figures by default)

Each figure says what it must be and whether it holds; the short form of one takes a minute at most and
is for finding out whether it still runs, not for quoting. A figure is a function in a file `_always_*.py`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from _figures import FIGURES, HEAD

SHORT = "--short"


def load() -> None:
    """Import every file with figures."""
    for path in sorted(Path(__file__).resolve().parent.glob("_always_*.py")):
        importlib.import_module(path.stem)


def main(words: list[str]) -> None:
    """Measure the named figures, or all, and print their rows as they come."""
    load()
    names = [word for word in words if word != SHORT]
    unknown = set(names) - set(FIGURES)
    if unknown:
        known = ", ".join(sorted(FIGURES))
        raise SystemExit(f"no figure is called {', '.join(sorted(unknown))}; there are {known}")
    print(HEAD, flush=True)
    for name in names or FIGURES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        for row in FIGURES[name](SHORT in words):
            print(row.cells(name), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
