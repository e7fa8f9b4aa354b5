"""Numbers and texts the way a report shows them."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from one_adapter.errors import visible as visible
from one_adapter.language import Message, enumerated, tr, trn
from one_adapter.plan.types import LimitPolicy

_NOT_PLAIN = re.compile(r"[^\n -~]")


def names_words(number: int) -> Message:
    """So many names.

    >>> str(names_words(1)), str(names_words(12_000))
    ('1 name', '12,000 names')
    """
    return trn("{count:,} name", "{count:,} names", number)


def services_words(number: int) -> Message:
    """So many services."""
    return trn("{count:,} service", "{count:,} services", number)


def settings_words(number: int) -> Message:
    """So many settings."""
    return trn("{count:,} setting", "{count:,} settings", number)


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

    >>> print(limit_words(LimitPolicy(qpm=15, wait_seconds=30)))
    15 a minute
    >>> print(limit_words(LimitPolicy(tpm=9000, concurrency=2)))
    9000 tokens a minute, 2 at once
    """
    numbers = {name: f"{number:.10g}" for name, number in limit.numbers.items()}
    words = []
    if "qps" in numbers:
        words.append(tr("{number} a second", number=numbers["qps"]))
    if "qpm" in numbers:
        words.append(tr("{number} a minute", number=numbers["qpm"]))
    if "tpm" in numbers:
        words.append(tr("{number} tokens a minute", number=numbers["tpm"]))
    if "concurrency" in numbers:
        words.append(tr("{number} at once", number=numbers["concurrency"]))
    return enumerated(words)


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
