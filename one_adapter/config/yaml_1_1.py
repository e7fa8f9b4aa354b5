"""YAML as PyYAML's safe loader reads it, and so LiteLLM: version 1.1, with dates and many words for true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from one_adapter.config.node import Kind, Node, Span, SyntaxProblem
from one_adapter.config.yaml_text import Reader
from one_adapter.language import Message, tr

_RESOLVERS: dict[str, list[tuple[str, Any]]] = yaml.SafeLoader.yaml_implicit_resolvers
_SAFE = yaml.constructor.SafeConstructor()
_PREFIX = "tag:yaml.org,2002:"
_TYPED: dict[str, tuple[Kind, Any]] = {
    "null": ("null", _SAFE.construct_yaml_null),
    "bool": ("bool", _SAFE.construct_yaml_bool),
    "int": ("number", _SAFE.construct_yaml_int),
    "float": ("number", _SAFE.construct_yaml_float),
    "timestamp": ("date", _SAFE.construct_yaml_timestamp),
}
_TEXT = ("str", "binary")
_COLLECTIONS = ("map", "seq", "set", "omap", "pairs")
#: A number of more characters is none that anybody means, and takes long to read.
_LONGEST = 100
SECOND_DOCUMENT = tr("a second document begins here, and LiteLLM takes one only")


def _no_constructor(tag: str) -> Message:
    return tr("PyYAML's safe loader knows no tag {tag}", tag=tag)


def resolve(text: str) -> tuple[Kind, Any]:
    """The kind and value of an untagged plain scalar; `ValueError` for one that PyYAML fails on.

    >>> resolve("on"), resolve("12:30"), resolve("010"), resolve("1e-6")
    (('bool', True), ('number', 750), ('number', 8), ('string', '1e-6'))
    """
    for tag, pattern in (*_RESOLVERS.get(text[:1], ()), *_RESOLVERS.get(None, ())):  # type: ignore[call-overload]
        if pattern.match(text):
            return _constructed(tag.removeprefix(_PREFIX), text)
    return "string", text


def _constructed(name: str, text: str) -> tuple[Kind, Any]:
    if name in _TEXT:
        return "string", text
    if name not in _TYPED or len(text) > _LONGEST:
        raise ValueError(name)
    kind, construct = _TYPED[name]
    try:
        return kind, construct(yaml.ScalarNode(_PREFIX + name, text))
    except (ValueError, KeyError, AttributeError, IndexError, OverflowError):
        raise ValueError(name) from None


class Reader11(Reader):
    """Builds the tree with PyYAML's own table of scalars, and takes one document only."""

    def typed(self, event: Any, span: Span) -> Node:
        """A scalar as the value that it is."""
        quoted = not event.implicit[0] and event.tag in (None, "!")
        if quoted or (event.value == "<<" and event.implicit[0]):
            return Node("string", event.value, span)
        name = "" if event.implicit[0] else event.tag.removeprefix(_PREFIX)
        if name and name not in _TYPED and name not in _TEXT:
            raise SyntaxProblem(_no_constructor(event.tag), span.start, max(span))
        try:
            kind, value = _constructed(name, event.value) if name else resolve(event.value)
        except ValueError as problem:
            what = tr("PyYAML takes this for a value of type {type}, and fails", type=str(problem))
            raise SyntaxProblem(what, span.start, max(span.end, span.start + 1)) from None
        return Node(kind, value, span, raw="" if kind == "string" else event.value)

    def check_tag(self, event: Any) -> None:
        """Refuse a mapping or list with a tag that the safe loader does not know."""
        if event.tag not in (None, "!") and event.tag.removeprefix(_PREFIX) not in _COLLECTIONS:
            raise SyntaxProblem(_no_constructor(event.tag), self.offset(event.start_mark))

    def check_anchor(self, event: Any) -> None:
        """Refuse a second anchor of one name."""
        if event.anchor in self.anchors:
            start = self.offset(event.start_mark)
            what = tr("the anchor &{anchor} stands here a second time", anchor=event.anchor)
            raise SyntaxProblem(what, start, start + 1 + len(event.anchor))

    def look_behind(self, events: Iterator[Any]) -> None:
        """Refuse what stands behind the first document."""
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise SyntaxProblem(SECOND_DOCUMENT, self.offset(event.start_mark))


class FirstOf(Reader11):
    """Builds the tree of the first of several documents, as a manifest has them.

    Who reads a manifest is no PyYAML, and takes a second anchor of one name for another.
    """

    def check_anchor(self, event: Any) -> None:
        """Take any anchor."""

    def look_behind(self, events: Iterator[Any]) -> None:
        """Let others follow."""
