"""Whether a value fits the type LiteLLM's models ask for, by the rules of pydantic's lax mode."""

from __future__ import annotations

import re
from collections.abc import Mapping

from one_adapter.config.node import Node
from one_adapter.language import Message, listed, tr
from one_adapter.lint.litellm.tables import Key

#: What stands there, as a person says it.
KINDS: Mapping[str, Message] = {
    "object": tr("a mapping"),
    "array": tr("a list"),
    "string": tr("text"),
    "number": tr("a number"),
    "bool": tr("a boolean"),
    "null": tr("nothing"),
    "date": tr("a date"),
}
_WANTED: Mapping[str, Message] = {
    "boolean": tr("true or false"),
    "integer": tr("a whole number"),
    "number": tr("a number"),
    "string": tr("text"),
    "array": tr("a list"),
    "object": tr("a mapping"),
    "null": tr("nothing"),
}
_TRUTH = frozenset(["0", "1", "t", "f", "y", "n", "true", "false", "yes", "no", "on", "off"])
_INTEGER = re.compile(r"\s*[-+]?\d+(?:_\d+)*(?:\.0*)?\s*$")
REFERENCE = "os.environ/"


def is_reference(node: Node) -> bool:
    """Whether a value is taken from the environment."""
    return node.kind == "string" and node.value.startswith(REFERENCE)


def is_number(text: str) -> bool:
    """Whether Python makes a number of a text.

    >>> is_number("1e-6"), is_number("60s")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def fits(node: Node, key: Key) -> bool:
    """Whether a value is, or can be turned into, one of the types of a key."""
    return any(_fits(node, kind) for kind in key.types) and (
        node.kind != "array" or not key.items or "array" not in key.types or _items_fit(node, key.items)
    )


def _items_fit(node: Node, items: str) -> bool:
    kinds = items.split("|")
    return all(any(_fits(item, kind) for kind in kinds) for item in node.items)


def _fits(node: Node, kind: str) -> bool:
    value = node.value
    if kind == "string":
        return node.kind == "string"
    if kind == "boolean":
        return (
            node.kind == "bool"
            or (node.kind == "number" and value in (0, 1))
            or (node.kind == "string" and value.lower() in _TRUTH)
        )
    if kind == "integer":
        whole = (
            node.kind == "number" and value == value and abs(value) != float("inf") and value == int(value)
        )
        return whole or node.kind == "bool" or (node.kind == "string" and bool(_INTEGER.match(value)))
    if kind == "number":
        return node.kind in ("number", "bool") or (node.kind == "string" and is_number(value))
    return {"array": "array", "object": "object", "null": "null"}.get(kind) == node.kind


def wanted(name: str, key: Key, node: Node) -> Message:
    """The sentence about a value that does not fit."""
    kinds = listed([_WANTED[kind] for kind in key.types if kind != "null"])
    if node.kind == "array" and "array" in key.types:
        return tr("{name} is a list with an element that does not fit: each must be text", name=name)
    if node.kind == "string":
        return tr("{name} must be {kinds}, this is a text that is none", name=name, kinds=kinds)
    if node.kind == "number" and "integer" in key.types:
        return tr("{name} must be {kinds}, this has a fraction", name=name, kinds=kinds)
    return tr("{name} must be {kinds}, this is {kind}", name=name, kinds=kinds, kind=KINDS[node.kind])
