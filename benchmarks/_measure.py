"""What the benchmark scripts share: timing in pairs, and the words for the result.

Two things are measured turn by turn in one run, and compared round by round. The figure that is told is
the median of the rounds' ratios, with the smallest and the largest beside it: a busy machine slows both,
and seconds from another day mean nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

HEAD = """\
| measured | compared with | this (median) | that (median) | ratio min | **ratio median** | ratio max |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One comparison: what was measured against what, with one value of each per round."""

    this: str
    that: str
    these: Sequence[float]
    those: Sequence[float]
    unit: str = "s"

    @property
    def ratios(self) -> list[float]:
        """this / that, round by round."""
        return [mine / other for mine, other in zip(self.these, self.those, strict=True)]

    def row(self) -> str:
        """The comparison as a row under `HEAD`."""
        ratios = self.ratios
        cells = (
            self.this,
            self.that,
            f"{statistics.median(self.these):.3g} {self.unit}",
            f"{statistics.median(self.those):.3g} {self.unit}",
            f"{min(ratios):.2f}",
            f"**{statistics.median(ratios):.2f}**",
            f"{max(ratios):.2f}",
        )
        return f"| {' | '.join(cells)} |"


def in_turn(
    this: tuple[str, Callable[[], float]],
    that: tuple[str, Callable[[], float]],
    *,
    rounds: int = 5,
    unit: str = "s",
) -> Pairs:
    """Measure both `rounds` times, one after the other, after one round each that does not count."""
    these, those = [], []
    for turn in range(rounds + 1):
        mine, other = this[1](), that[1]()
        if turn:
            these.append(mine)
            those.append(other)
    return Pairs(this[0], that[0], these, those, unit)


def seconds(command: Sequence[str | Path]) -> float:
    """Wall time of a whole process that must end with 0 or 1 (a linter that found something)."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    spent = time.perf_counter() - start
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")
    return spent


def peak_megabytes(command: Sequence[str | Path]) -> float:
    """The largest resident set of a whole process, in MB."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return usage.ru_maxrss / 1024


def table(rows: Sequence[Pairs]) -> str:
    """All comparisons as a Markdown table."""
    return "\n".join([HEAD, *(pairs.row() for pairs in rows)])
