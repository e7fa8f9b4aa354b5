"""Numbers and texts the way a report shows them."""

from __future__ import annotations

from fractions import Fraction


def counted(number: int, word: str) -> str:
    """A number with its word in the right form.

    >>> counted(1, "name"), counted(12_000, "name")
    ('1 name', '12,000 names')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def percent(share: Fraction) -> str:
    """A share as people read it.

    >>> percent(Fraction(1, 3)), percent(Fraction(1, 4)), percent(Fraction(1, 4000))
    ('33.3 %', '25 %', '<0.1 %')
    """
    if 0 < share < Fraction(1, 1000):
        return "<0.1 %"
    return f"{round(float(share) * 100, 1):g} %"


def visible(text: str) -> str:
    r"""`text` on one line, with control characters, line ends and direction marks written out.

    >>> visible("a\x1b[31m\nb")
    'a\\u001b[31m\\u000ab'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
