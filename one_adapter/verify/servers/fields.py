"""The form of a JSON value: its paths with their types, and nothing of what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Depth and number of paths beyond which a value's form is not followed.
DEPTH, PATHS = 12, 400
#: Fields that hold what is said, which may be nothing.
TEXTS = frozenset(("content", "text", "delta", "arguments", "thinking", "reasoning_content"))
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "list"}


def fields_of(value: Any, prefix: str = "") -> frozenset[str]:
    """The paths of a value with their types; what is null or empty is as if it were not there, but for texts.

    >>> sorted(fields_of({"id": "x", "choices": [{"index": 0}], "error": None, "tools": [], "user": ""}))
    ['choices[].index number', 'id string']
    """
    found: set[str] = set()
    for path in _paths(value, prefix, 0):
        found.add(path)
        if len(found) >= PATHS:
            break
    return frozenset(found)


def words_of(value: Any, names: frozenset[str]) -> frozenset[str]:
    """The paths of the fields with these names, each with its word.

    >>> sorted(words_of({"object": "list", "data": [{"object": "embedding"}]}, frozenset(("object",))))
    ['data[].object embedding', 'object list']
    """
    return frozenset(f"{path} {word}" for path, word in _words(value, names, "", 0))


def _words(value: Any, names: frozenset[str], path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth >= DEPTH:
        return
    if isinstance(value, list):
        for each in value[:PATHS]:
            yield from _words(each, names, f"{path}[]", depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in names and isinstance(each, str) and each:
                yield f"{path}.{key}".lstrip("."), each
            yield from _words(each, names, f"{path}.{key}".lstrip("."), depth + 1)


def _paths(value: Any, path: str, depth: int) -> Iterator[str]:
    if value is None or value in ({}, []) or (value == "" and path.rpartition(".")[2] not in TEXTS):
        return
    if isinstance(value, dict) and depth < DEPTH:
        for key, each in value.items():
            yield from _paths(each, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list) and depth < DEPTH:
        for each in value:
            yield from _paths(each, f"{path}[]", depth + 1)
    else:
        yield f"{path or 'value'} {_TYPES.get(type(value), 'value')}"
