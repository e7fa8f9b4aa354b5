"""How much room a text takes where every character stands in cells of one width."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def width(text: str) -> int:
    """Cells of a terminal: a Chinese character takes two, a mark on the one before none.

    >>> width("模型 m")
    6
    """
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def padded(text: str, cells: int, right: bool = False) -> str:
    """The text with blanks after it (before it, where `right`) up to this many cells.

    >>> padded("模型", 6) + "|"
    '模型  |'
    """
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks


def _cells(char: str) -> int:
    if combining(char) or char in "\u200b\u200c\u200d\ufe0e\ufe0f":
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
