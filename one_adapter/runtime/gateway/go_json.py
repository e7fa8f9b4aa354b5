"""JSON as Go writes it: compact, keys in order, `<`, `>` and `&` escaped, every number a float of 64 bits."""

from __future__ import annotations

from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

_ESCAPED = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)
#: Within these numbers are written without an exponent.
_SMALLEST, _LARGEST = 1e-6, 1e21


def go_json(value: Any) -> str:
    r"""Write what JSON has been read into.

    >>> go_json({"b": [1.0, 1e-7, None, True], "a": "<\n"})
    '{"a":"\\u003c\\n","b":[1,1e-7,null,true]}'
    """
    # Not recursive: what a client sends may be nested deeper than Python calls go. A tuple is text to write.
    written: list[str] = []
    left: list[Any] = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.append(("}",))
            for name in sorted(one, reverse=True):
                left += (one[name], (f",{_text(name)}:",))
            left[-1] = (left[-1][0].replace(",", "{", 1),) if one else ("{}",)
        elif isinstance(one, list):
            left.append(("]",))
            for item in reversed(one):
                left += (item, (",",))
            left[-1] = ("[",) if one else ("[]",)
        else:
            written.append(_scalar(one))
    return "".join(written)


def _scalar(value: Any) -> str:
    if isinstance(value, tuple):
        return str(value[0])
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _number(value)


def _text(value: str) -> str:
    written = encode_basestring(value)
    for character, escape in _ESCAPED:
        if character in written:
            written = written.replace(character, escape)
    return written


def _number(value: float) -> str:
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    if number and not _SMALLEST <= abs(number) < _LARGEST:
        return repr(number).replace("e-0", "e-")
    written = format(Decimal(repr(number)), "f")
    return written[:-2] if written.endswith(".0") else written
