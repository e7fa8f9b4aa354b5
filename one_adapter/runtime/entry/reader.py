"""JSON as clients send it: read by Go's rules where they matter.

Go takes a field's name in any case, so that `Model` beside `model` is the same field to an upstream
written in Go: what is checked here has to be what is sent on.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.json_object import JsonObject

#: The two letters outside ASCII that are an ASCII letter in another case.
_FOLDS = str.maketrans({"\u017f": "s", "\u212a": "k"})
#: How many values a body may hold, and how many fields; reading more keeps everybody else waiting.
ITEMS, FIELDS = 300_000, 50_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
#: How deep lists and objects may lie in each other. Nobody's JSON does, and much of Python cannot follow.
DEEPEST = 100


def read(raw: bytes, names: Set[str]) -> JsonObject:
    r"""The JSON object in `raw`; fields of these (lower-case) names, in any case, are called so.

    Text after the object is passed over, as the gateway does. Raises `Refusal` (400) for anything else,
    for NaN and numbers beyond any float, and for more nesting than can be read; 413 for too many values.

    >>> read(b'{"Input": "\\ud800!"} tail', {"input"}).fields
    {'input': '\ufffd!'}
    """
    if len(raw) > FIELDS and _is_crowded(raw) and _is_crowded(_TEXT.sub(b"", raw)):
        raise Refusal(413, "The body holds more values than are read at once.", "request_too_large")
    try:
        body = JsonObject.read(raw)
    except ValueError as problem:
        raise Refusal(400, f"The body is no JSON object: {problem}.", "invalid_json") from None
    if len(raw) > 2 * DEEPEST and raw.count(b"[") + raw.count(b"{") > DEEPEST and _is_deep(body.fields):
        raise Refusal(400, f"The body is nested more than {DEEPEST} deep.", "invalid_json")
    return body if body.fields.keys() <= names else body.called(lambda name: _known(name, names))


def _is_crowded(marks: bytes) -> bool:
    return marks.count(b",") > ITEMS or marks.count(b":") > FIELDS


def _is_deep(body: object) -> bool:
    level, depth = [body], 0
    while level and depth <= DEEPEST:
        inside = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))
        )
        level = [value for values in inside for value in values if isinstance(value, (dict, list))]
        depth += 1
    return bool(level)


def folded(body: dict[str, Any], names: Set[str]) -> dict[str, Any]:
    """An object whose fields of these (lower-case) names are written so; the last of several wins.

    >>> folded({"model": "a", "Model": "b", "Extra": 1, "me\u017f\u017fages": []}, {"model", "messages"})
    {'model': 'b', 'Extra': 1, 'messages': []}
    """
    if body.keys() <= names or all(name in names or _fold(name) not in names for name in body):
        return body
    found: dict[str, Any] = {}
    for name, value in body.items():
        found[_known(name, names)] = value
    return found


def _known(name: str, names: Set[str]) -> str:
    """Which of `names` a name is in another case, else itself."""
    known = _fold(name)
    return known if known in names else name


def _fold(name: str) -> str:
    return name.translate(_FOLDS).lower() if not name.islower() or not name.isascii() else name
