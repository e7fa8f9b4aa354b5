"""How much room a text takes where every character stands in cells of one width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from unicodedata import category, east_asian_width


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


def wrapped(text: str, cells: int, indent: str = "") -> list[str]:
    """The text in lines of at most this many cells, where its words allow it; all but the first are indented.

    A line ends between words, or on either side of a Chinese character; punctuation stays where it belongs.

    >>> wrapped("模型 m 没有服务，删去。", 12)
    ['模型 m 没有', '服务，删去。']
    """
    lines = [""]
    for blank, word in _words(text):
        longer = f"{lines[-1]}{blank}{word}" if lines[-1] else word
        if lines[-1] and width(longer) > cells:
            lines.append(indent + word)
        else:
            lines[-1] = longer
    return lines


#: What ends with a character that no line may begin with, or begins with one that no line may end with.
_OPENING, _CLOSING = "（“‘《【", "，。；：、？！）”’》】…"
_WORD = rf"(\s*)([{_OPENING}]*(?:[^\s\u2e80-\uffef{_OPENING}{_CLOSING}]+|[\u2e80-\uffef])?[{_CLOSING}]*)"


@cache
def _word() -> re.Pattern[str]:
    """The pattern, compiled when it is first asked for: a range of so many characters takes 10 ms."""
    return re.compile(_WORD)


def _words(text: str) -> Iterator[tuple[str, str]]:
    """What may stand on a line of its own, each with the blank before it."""
    for found in _word().finditer(text):
        if found[2]:
            yield " " if found[1] else "", found[2]


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    if category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
