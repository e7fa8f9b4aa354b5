"""JSON as clients send it: read by Go's rules where they matter, by JSON's own where Python has others.

Python takes NaN and Infinity for JSON and makes Infinity of 1e999; LiteLLM falls over both, after the
breaker's count has begun. Go takes a field's name in any case, so that `Model` beside `model` is the same
field to an upstream written in Go: what is checked here has to be what is sent on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from math import inf
from typing import Any, NoReturn

from one_adapter.runtime.answers import Refusal

#: The two letters outside ASCII that are an ASCII letter in another case.
_FOLDS = str.maketrans({"\u017f": "s", "\u212a": "k"})
#: Half of a character that is written as two, without its other half; behind a backslash it may be none.
_HALF = re.compile(
    rb"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F]..)", re.DOTALL
)
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    found = float(text)
    if found in (inf, -inf):
        raise ValueError("a number is out of range")
    return found


#: How many values a body may hold, and how many fields; reading more keeps everybody else waiting.
ITEMS, FIELDS = 300_000, 50_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
#: How deep lists and objects may lie in each other. Nobody's JSON does, and much of Python cannot follow.
DEPTH = 100
_decode = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite).raw_decode


def read(raw: bytes) -> dict[str, Any]:
    r"""Return the JSON object in `raw`; text after it is passed over, as the gateway does.

    Raises `Refusal` (400) for anything else, for NaN and numbers beyond any float, and for more nesting
    than can be read; 413 for too many values. Half a character becomes the sign for a broken one, as in Go.

    >>> read(b'{"input": "\\ud800!"} tail')
    {'input': '�!'}
    """
    if (raw.count(b",") > ITEMS or raw.count(b":") > FIELDS) and _is_crowded(_TEXT.sub(b"", raw)):
        raise Refusal(413, "The body holds more values than are read at once.", "request_too_large")
    if (b"\\ud" in raw or b"\\uD" in raw) and _HALF.search(raw):
        raw = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], raw)
    try:
        body, _ = _decode(raw.decode("utf-8-sig").lstrip())
    except (ValueError, RecursionError) as problem:
        raise Refusal(400, f"The body is not JSON: {problem}.", "invalid_json") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The body must be a JSON object.", "invalid_json")
    if raw.count(b"[") + raw.count(b"{") > DEPTH and _is_deep(body):
        raise Refusal(400, f"The body is nested more than {DEPTH} deep.", "invalid_json")
    return body


def _is_crowded(marks: bytes) -> bool:
    return marks.count(b",") > ITEMS or marks.count(b":") > FIELDS


def _is_deep(body: object) -> bool:
    level, depth = [body], 0
    while level and depth <= DEPTH:
        inside = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))
        )
        level = [value for values in inside for value in values if isinstance(value, (dict, list))]
        depth += 1
    return bool(level)


def folded(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return an object whose fields of these (lower-case) names are written so; the last of several wins.

    >>> folded({"model": "a", "Model": "b", "Extra": 1, "me\u017f\u017fages": []}, {"model", "messages"})
    {'model': 'b', 'Extra': 1, 'messages': []}
    """
    if all(name in names or _fold(name) not in names for name in body):
        return body
    found: dict[str, Any] = {}
    for name, value in body.items():
        known = _fold(name)
        found[known if known in names else name] = value
    return found


def _fold(name: str) -> str:
    return name.translate(_FOLDS).lower() if not name.islower() or not name.isascii() else name


def folded_all(items: Iterable[Any], names: Collection[str]) -> list[Any]:
    """Return a list whose objects are `folded`; what is no object stays as it is."""
    return [folded(item, names) if isinstance(item, dict) else item for item in items]
