"""Rows of the ledger joined where neighbours in one list or object fare alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from one_adapter.plan.types import Row


@dataclass(frozen=True, slots=True)
class Line:
    """One or several rows: the first of them, and the last one's key ("" where it is alone)."""

    row: Row
    number: int = 1
    last: str = ""

    @property
    def place(self) -> str:
        """Line and column of the first row."""
        return f"{self.row.line}:{self.row.column}"


def lines_of(rows: Iterable[Row]) -> list[Line]:
    """The rows in their order, neighbours joined that stand in one list or object and say the same.

    >>> [line.last for line in lines_of([Row(f"/m/{n}", "mapped", "", "", 1, n) for n in range(3)])]
    ['2']
    """
    found: list[Line] = []
    for row in rows:
        before = found[-1] if found else None
        if before is not None and _joins(before.row, row):
            found[-1] = Line(before.row, before.number + 1, row.pointer.rpartition("/")[2])
        else:
            found.append(Line(row))
    return found


def _joins(first: Row, next_one: Row) -> bool:
    same = (first.verdict, first.target, first.note) == (next_one.verdict, next_one.target, next_one.note)
    return same and first.pointer.rpartition("/")[0] == next_one.pointer.rpartition("/")[0]
