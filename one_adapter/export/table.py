"""Tables for a terminal in which Chinese takes the two columns it needs."""

from __future__ import annotations

from collections.abc import Sequence

from one_adapter.language import padded, translated, width


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
    cells = [[printable(translated(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            padded(cell, widths[column], right=column in right) for column, cell in enumerate(row)
        ).rstrip()
        for row in cells
    )
