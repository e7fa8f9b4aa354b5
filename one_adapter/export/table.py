"""Tables for a terminal in which Chinese takes the two columns it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache


def width(text: str) -> int:
    """How many columns a text takes on a terminal.

    >>> width("abc"), width("通义")
    (3, 4)
    """
    return len(text) if text.isascii() and text.isprintable() else sum(map(_columns, text))


@cache
def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Cc", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def printable(text: str) -> str:
    """`text` with control characters shown instead of acted upon.

    >>> printable("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows under a heading, columns two blanks apart; the columns in `right` end flush.

    >>> print(table(["NAME", "SHARE"], [["通义", "50%"], ["b", "5%"]], right=frozenset([1])))
    NAME  SHARE
    通义    50%
    b        5%
    """
    cells = [head, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(_line(row, widths, right) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    parts = []
    for column, cell in enumerate(row):
        gap = " " * (widths[column] - width(cell))
        parts.append(gap + cell if column in right else cell + gap)
    return "  ".join(parts).rstrip()
