"""The figures of `always_on.py`: how one is written down, told and held to its bar.

A figure is a function of a file `_always_*.py` beside this one, given a name by `@figure`. It takes whether
the short form is asked for, a minute at most, and returns its rows. What depends on the machine is told as a
ratio of two measurements that took turns (`_measure.in_turn`), what must not happen as a count.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from _measure import Pairs

HEAD = "| figure | measured | value | must be | holds |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """One value: what it is of, how it is written, and how it stands to what it must be ("": nothing)."""

    measured: str
    value: str
    must: str = ""
    holds: bool = True

    def cells(self, figure: str) -> str:
        """Return the row under `HEAD`."""
        told = ("yes" if self.holds else "**no**") if self.must else ""
        return f"| {figure} | {self.measured} | {self.value} | {self.must} | {told} |"


Figure = Callable[[bool], Iterable[Row]]
FIGURES: dict[str, Figure] = {}


def figure(name: str) -> Callable[[Figure], Figure]:
    """Enter a function in the table under a name by which `always_on.py` is told to run it."""

    def enter(function: Figure) -> Figure:
        if name in FIGURES:
            raise ValueError(f"two figures are called {name}")
        FIGURES[name] = function
        return function

    return enter


def at_most(measured: str, value: float, most: float, unit: str = "") -> Row:
    """Return the row of a value that must not be larger.

    >>> at_most("failed requests", 0, 0).cells("reloads")
    '| reloads | failed requests | 0 | at most 0 | yes |'
    """
    return Row(measured, f"{value:.4g} {unit}".rstrip(), f"at most {most:g} {unit}".rstrip(), value <= most)


def at_least(measured: str, value: float, least: float, unit: str = "") -> Row:
    """Return the row of a value that must not be smaller.

    >>> at_least("requests per second", 1.5, 1.7).holds
    False
    """
    return Row(
        measured, f"{value:.4g} {unit}".rstrip(), f"at least {least:g} {unit}".rstrip(), value >= least
    )


def ratio(pairs: Pairs, most: float | None = None, least: float | None = None) -> Row:
    """Return the row of two measurements' ratio, the median of the rounds, with the smallest and the largest.

    >>> ratio(Pairs("a", "b", [2.0, 3.0, 4.0], [2.0, 2.0, 2.0]), most=1.4).cells("x")
    '| x | a, by b | 1.50 (1.00 to 2.00) | at most 1.4 | **no** |'
    """
    every = pairs.ratios
    middle = statistics.median(every)
    bounds = [] if most is None else [f"at most {most:g}"]
    bounds += [] if least is None else [f"at least {least:g}"]
    holds = (most is None or middle <= most) and (least is None or middle >= least)
    value = f"{middle:.2f} ({min(every):.2f} to {max(every):.2f})"
    return Row(f"{pairs.this}, by {pairs.that}", value, ", ".join(bounds), holds)
