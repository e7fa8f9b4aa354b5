"""Writing YAML a person reads: block style, comments, the same bytes every time.

Only what a configuration needs: mappings, lists, scalars, one-line mappings and
anchors. PyYAML's emitter writes no comments, and for ten thousand deployments it
takes the better part of a minute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from one_adapter.language import translated

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*\Z")
#: Words that YAML 1.1 or 1.2 would read as something other than text.
_WORDS = re.compile(r"(?i)(?:y|n|yes|no|on|off|true|false|null|nan|inf)\Z")
#: What YAML forbids or takes for a line's end, and what acts on a terminal or is not seen there.
_ESCAPED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
#: Numbers below this are written as whole ones where they are: above, a float does not hold each of them.
_LARGEST_WHOLE = 1e15
_SIMPLE = (str, int)


@dataclass(frozen=True, slots=True)
class Flow:
    """A mapping or list written on one line."""

    value: Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Anchored:
    """A mapping given a name, so that it can stand elsewhere by that name."""

    name: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alias:
    """The place of a mapping that stands elsewhere under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A line for the reader, in the chosen language: as an element of a list, or as a mapping's key."""

    text: str


def scalar(value: object) -> str:
    """A scalar as YAML, quoted where a reader or an older parser could take it for anything else.

    >>> [scalar(v) for v in ("gpt-4o", "on", "", "1e3", "通义", "a: b", True, None, 0.5)]
    ['gpt-4o', '"on"', '""', '"1e3"', '"通义"', '"a: b"', 'true', 'null', '0.5']
    """
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _float(value) if isinstance(value, float) else str(value)


@lru_cache(maxsize=1024)  # the same few keys stand in every deployment
def _text(value: str) -> str:
    if _PLAIN.match(value) and not _WORDS.match(value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(_escape, quoted)


def _escape(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _float(value: float) -> str:
    """A number as YAML 1.1 takes it for one: with a point where there is an exponent."""
    if value != value or value in (float("inf"), float("-inf")):
        return f"{value!r}".replace("inf", ".inf").replace("nan", ".nan")
    if value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}{'.0' if exponent and '.' not in mantissa else ''}{exponent}{power}"


def document(sections: Mapping[Any, Any]) -> str:
    """A whole file from its sections, a blank line between them; a comment but the first belongs to the next.

    >>> print(document({"a": {Comment("why"): None, "b": [1, {"c": Flow({"d": "e"})}]}}), end="")
    a:
      # why
      b:
        - 1
        - c: {d: e}
    """
    parts: list[str] = []
    above = ""
    for key, value in sections.items():
        if isinstance(key, Comment):
            text = "\n".join(f"# {line}".rstrip() for line in translated(key.text).split("\n"))
            above = f"{text}\n" if parts else ""
            parts += [] if parts else [text]
        else:
            parts.append(above + "\n".join(_pair(key, value, "")))
            above = ""
    return "\n\n".join(parts) + "\n"


def _pair(key: str, value: object, indent: str) -> list[str]:
    head = f"{indent}{_text(key)}:"
    if isinstance(value, _SIMPLE):
        return [f"{head} {scalar(value)}"]
    if isinstance(value, Anchored):
        return [f"{head} &{value.name}", *_mapping(value.value, indent + "  ")]
    if isinstance(value, Alias):
        return [f"{head} *{value.name}"]
    if isinstance(value, Mapping) and value:
        return [head, *_mapping(value, indent + "  ")]
    if isinstance(value, list | tuple) and value:
        return [head, *_list(value, indent + "  ")]
    return [f"{head} {_inline(value)}"]


def _mapping(value: Mapping[Any, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        if isinstance(key, Comment):
            lines += [f"{indent}# {line}" for line in translated(key.text).split("\n")]
        else:
            lines += _pair(key, item, indent)
    return lines


def _list(items: Iterable[object], indent: str) -> list[str]:
    lines: list[str] = []
    for item in items:
        if isinstance(item, Comment):
            lines += [f"{indent}# {line}" for line in translated(item.text).split("\n")]
        elif isinstance(item, Mapping) and item:
            block = _mapping(item, indent + "  ")
            lines += [f"{indent}- {block[0].lstrip()}", *block[1:]]
        else:
            lines.append(f"{indent}- {_inline(item)}")
    return lines


def _inline(value: object) -> str:
    if isinstance(value, Flow):
        value = value.value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return scalar(value)
