"""A JSON object that can be written again with some values changed and all others as they came.

The standard library's scanner says where each value ends, so a value that nobody changes goes on as the text
it was: `1.0` stays `1.0`, `1e2` stays `1e2`, and a key nobody knows keeps its place.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isfinite
from typing import Any


class _Drop:
    def __repr__(self) -> str:
        return "DROP"


#: What takes a field out of the object in `JsonObject.render`.
DROP: Any = _Drop()

_BEGIN = re.compile(r"[ \t\n\r]*\{[ \t\n\r]*")
_SPACE = re.compile(r"[ \t\n\r]*")
#: A field's name without escapes, and the colon.
_NAME = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*')
#: The end of the object, or the comma and, where that is plain, the next field's name and the colon.
_FOLLOWS = re.compile(r'[ \t\n\r]*(?:(\})|,[ \t\n\r]*(?:"([^"\\\x00-\x1f]*)"[ \t\n\r]*:[ \t\n\r]*)?)')
#: Every escape, so that a backslash is never taken for the beginning of one; the group is half of a pair.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"{digits[:20]} is larger than any number can be")
    return number


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


_scan = json.scanner.c_make_scanner(json.JSONDecoder(parse_float=_finite, parse_constant=_no_number))  # type: ignore[attr-defined]


class JsonObject:
    """The fields of one JSON object, and the text of each; of two fields of one name the last counts."""

    __slots__ = ("_texts", "fields")

    def __init__(self, fields: dict[str, Any], texts: dict[str, str | None]) -> None:
        """Take both, under the same names in the same order."""
        self.fields = fields
        self._texts = texts

    @classmethod
    def read(cls, raw: bytes) -> JsonObject:
        r"""The object at the beginning of `raw`; what follows it is passed over.

        Bytes that are no UTF-8, and halves of surrogate pairs, become U+FFFD. Raises `ValueError`, also for
        NaN, for numbers beyond a float's range, and for nesting beyond what the scanner takes.

        >>> JsonObject.read(b'{"a": 1.0, "b": "\\ud83d"} tail').fields
        {'a': 1.0, 'b': '\ufffd'}
        """
        text = raw.removeprefix(BOM_UTF8).decode("utf-8", "replace")
        if "\\ud" in text or "\\uD" in text:
            text = _ESCAPE.sub(lambda one: r"\ufffd" if one.group(1) else one.group(), text)
        fields: dict[str, Any] = {}
        texts: dict[str, str | None] = {}
        begun = _BEGIN.match(text)
        at = begun.end() if begun is not None else _past(text, 0, "{")  # which raises
        if text[at : at + 1] == "}":
            return cls(fields, texts)
        plain = _NAME.match(text, at)
        name, at = (plain.group(1), plain.end()) if plain is not None else (None, at)
        try:
            while True:
                if name is None:
                    name, at = scanstring(text, _past(text, at, '"'), True)
                    at = _past(text, at, ":")
                value, end = _scan(text, at)
                if name in fields:
                    del fields[name], texts[name]
                fields[name], texts[name] = value, text[at:end]
                follows = _FOLLOWS.match(text, end)
                if follows is None:
                    raise ValueError(f"expecting , at character {end}")
                closed, name = follows.groups()
                if closed:
                    return cls(fields, texts)
                at = follows.end()
        except StopIteration as problem:
            raise ValueError(f"expecting a value at character {problem.value}") from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def put(self, name: str, value: Any) -> None:
        """Give a field another value, or the object another field."""
        self.fields[name], self._texts[name] = value, None

    def called(self, name_of: Callable[[str], str]) -> JsonObject:
        """The object with its fields called as `name_of` says; of two of one name the last counts.

        >>> JsonObject.read(b'{"a": 1, "A": 2.0}').called(str.lower).render({})
        b'{"a":2.0}'
        """
        names = [name_of(name) for name in self.fields]
        if names == list(self.fields):
            return self
        fields = dict(zip(names, self.fields.values(), strict=True))
        return JsonObject(fields, dict(zip(names, self._texts.values(), strict=True)))

    def render(self, changes: Mapping[str, Any]) -> bytes:
        """The object as JSON with `changes` made; a field whose value is `DROP` is left out.

        >>> JsonObject.read(b'{"a": 1.0, "b": 2, "c": 3}').render({"b": "two", "c": DROP, "d": None})
        b'{"a":1.0,"b":"two","d":null}'
        """
        parts = []
        for name, text in self._texts.items():
            if name not in changes:
                parts.append(f"{_quoted(name)}:{_written(self.fields[name]) if text is None else text}")
            elif changes[name] is not DROP:
                parts.append(f"{_quoted(name)}:{_written(changes[name])}")
        for name, value in changes.items():
            if name not in self._texts and value is not DROP:
                parts.append(f"{_quoted(name)}:{_written(value)}")
        return f"{{{','.join(parts)}}}".encode()

    def render_inside(self, name: str, changes: Mapping[str, Any]) -> bytes:
        """The object as JSON with `changes` made to the object that one of its fields is.

        >>> JsonObject.read(b'{"a": 1.0, "b": {"c": 2.0, "d": 3}}').render_inside("b", {"d": "x"})
        b'{"a":1.0,"b":{"c":2.0,"d":"x"}}'
        """
        inner = JsonObject.read((self._texts[name] or "").encode()).render(changes).decode()
        return JsonObject(self.fields, {**self._texts, name: inner}).render({})


_quoted = json.encoder.encode_basestring_ascii
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _past(text: str, at: int, sign: str) -> int:
    """The place of what follows `sign` (and space around it), which has to come next."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] != sign:
        raise ValueError(f"expecting {sign} at character {at}")
    return at + 1 if sign == '"' else _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
