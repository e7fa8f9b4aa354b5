"""Numbers and texts the way a report shows them."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from one_adapter.errors import visible
from one_adapter.plan.types import LimitPolicy

__all__ = ["counted", "json_text", "limit_words", "percent", "visible"]

_NOT_PLAIN = re.compile(r"[^\n -~]")


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


def limit_words(limit: LimitPolicy) -> str:
    """A limit in a few words.

    >>> limit_words(LimitPolicy(qpm=15, wait_seconds=30)), limit_words(LimitPolicy(tpm=9000, concurrency=2))
    ('15 a minute', '9000 tokens a minute, 2 at once')
    """
    units = {"qps": "a second", "qpm": "a minute", "tpm": "tokens a minute", "concurrency": "at once"}
    return ", ".join(
        f"{limit.numbers[name]:.10g} {unit}" for name, unit in units.items() if name in limit.numbers
    )


def json_text(value: Any, indent: int) -> str:
    r"""`value` as JSON a terminal can show: letters as they stand, what would act on it escaped.

    >>> print(json_text({"文": "\u202e\x9b"}, 0))
    {
    "文": "\u202e\u009b"
    }
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _NOT_PLAIN.sub(
        lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text
    )
