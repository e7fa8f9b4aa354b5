"""A YAML reader that keeps positions and types scalars as the gateway's YAML library does.

PyYAML's parser gives the events (libyaml's where it was built with it); the tree
is built here with a stack of our own, because composing recursively falls over
on hostile nesting, and because PyYAML's scalar rules are those of YAML 1.1 while
the gateway reads YAML 1.2 with yaml.v3's additions.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import yaml

from one_adapter.config.node import Duplicate, Kind, Member, Node, Span, SyntaxProblem, escape
from one_adapter.language import tr

#: Levels of nesting that are followed.
MAX_DEPTH = 1_000
TOO_DEEP = tr("this is nested more than 1,000 levels deep")
#: What PyYAML says of the same since 6.0.4.
LIBYAMLS_LIMIT = "exceeded maximum nesting depth"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*|0)$")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
#: What is no part of a plain scalar at its end; other blanks, such as a no-break space, are.
_BLANK = " \t\r\n\x85\u2028\u2029"
_VALUE = re.compile(r":(?:\s|$)")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
#: Tags that promise a kind, which yaml.v3 holds a scalar to.
_TAGGED: dict[str, Kind] = {"null": "null", "bool": "bool", "int": "number", "float": "number"}
#: Characters of a number that may be a whole one; longer ones are beyond every type there is.
_LONGEST_INTEGER = 40
#: Decoded nodes between which yaml.v3 allows fewer and fewer of them to come by aliases.
_FEW_NODES, _MANY_NODES = 400_000, 4_000_000


class _Open:
    """A mapping or sequence still being read."""

    __slots__ = ("anchor", "children", "is_map", "place", "start")

    def __init__(self, start: int, place: str, is_map: bool, anchor: str | None) -> None:
        self.start = start
        self.place = place
        self.is_map = is_map
        self.anchor = anchor
        self.children: list[Node] = []

    def child_place(self) -> str:
        if not self.is_map:
            return f"{self.place}/{len(self.children)}"
        return (
            f"{self.place}/{escape(_key_text(self.children[-1]))}" if len(self.children) % 2 else self.place
        )


def read_yaml(text: str, reading: type[Reader] | None = None) -> tuple[Node, tuple[Duplicate, ...]]:
    """The tree of the first document in a YAML text and its repeated keys.

    An empty text is null. `reading` types scalars as another program does that reads the file. Raises
    `SyntaxProblem` where that program would refuse.

    >>> node, repeated = read_yaml("a: [1, on]")
    >>> node.value
    {'a': [1, 'on']}
    """
    shift = 1 if text.startswith("\ufeff") else 0
    reader = (reading or Reader)(text, shift)
    try:
        node = reader.read(yaml.parse(text[shift:], Loader=_LOADER))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        at = min(mark.index + shift if mark else 0, max(0, len(text) - 1))
        said = problem.problem or problem.context or "this is no YAML"
        if said == LIBYAMLS_LIMIT:
            raise SyntaxProblem(TOO_DEEP, at) from None
        raise SyntaxProblem(tr("this is no YAML: {said}", said=said), at) from None
    except yaml.reader.ReaderError as problem:
        at = min(problem.position + shift, max(0, len(text) - 1))
        raise SyntaxProblem(tr("YAML allows no control characters"), at) from None
    if node is None:
        return Node("null", None, Span(len(text), len(text))), ()
    reader.refuse_bombs()
    return node, tuple(reader.duplicates)


class Reader:
    """Builds the tree out of PyYAML's events, with scalars as the gateway takes them."""

    def __init__(self, text: str, shift: int) -> None:
        self.text = text
        self.shift = shift
        self.duplicates: list[Duplicate] = []
        self.anchors: dict[str, Node | None] = {}
        self.sizes: dict[int, int] = {}
        self.decoded = 0
        self.by_alias = 0

    def read(self, events: Iterator[Any]) -> Node | None:
        """The tree of the first document; None where there is none."""
        stack: list[_Open] = []
        for event in events:
            node: Node | None
            if isinstance(event, yaml.ScalarEvent):
                if event.anchor:
                    self.check_anchor(event)
                node = self._scalar(event)
                self._remember(event.anchor, node)
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self.check_tag(event)
                self._open(stack, event)
                continue
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                opened = stack.pop()
                node = self._close(opened, self.offset(event.end_mark))
                self._remember(opened.anchor, node)
            elif isinstance(event, yaml.DocumentEndEvent):
                return None
            else:
                continue
            if not stack:
                self.look_behind(events)
                return node
            stack[-1].children.append(node)
        return None

    def look_behind(self, events: Iterator[Any]) -> None:
        """Only the first document counts, but yaml.v3 looks one key further and takes no half a mapping."""
        end = next(events, None)
        if end is None or end.explicit:
            return
        try:
            next(events, None)
        except yaml.parser.ParserError as problem:
            at = self.offset(problem.problem_mark)
            rest = self.text[at:].partition("\n")[0]
            if rest[:1] not in ",]}" and _VALUE.search(rest):
                raise SyntaxProblem(tr("there is something after the end of the configuration"), at) from None
        except yaml.YAMLError:
            return

    def offset(self, mark: Any) -> int:
        """Where a mark of PyYAML's stands in the text."""
        return int(mark.index) + self.shift

    def _value_start(self, event: Any) -> int:
        """Where the value itself begins, past its anchor and tag."""
        start = self.offset(event.start_mark)
        found = _PROPERTIES.match(self.text, start)
        return found.end() if found and found.end() <= self.offset(event.end_mark) else start

    def check_tag(self, event: Any) -> None:
        """Refuse a mapping or list by its tag; the gateway refuses none."""

    def check_anchor(self, event: Any) -> None:
        """Refuse an anchor; to the gateway a second one of the same name is another."""

    def _open(self, stack: list[_Open], event: Any) -> None:
        start = self._value_start(event)
        if len(stack) >= MAX_DEPTH:
            raise SyntaxProblem(TOO_DEEP, start)
        place = stack[-1].child_place() if stack else ""
        if event.anchor:
            self.check_anchor(event)
            self.anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        stack.append(_Open(start, place, is_map, event.anchor))

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self.anchors[anchor] = node

    def _alias(self, event: Any) -> Node:
        start, end = self.offset(event.start_mark), self.offset(event.end_mark)
        if event.anchor not in self.anchors:
            raise SyntaxProblem(
                tr("no anchor &{anchor} stands before this alias", anchor=event.anchor), start, end
            )
        node = self.anchors[event.anchor]
        if node is None:
            raise SyntaxProblem(tr("the anchor &{anchor} contains itself", anchor=event.anchor), start, end)
        self.by_alias += self.sizes.get(id(node), 1)
        return node

    def _close(self, opened: _Open, end: int) -> Node:
        while end > opened.start and self.text[end - 1] in _BLANK:
            end -= 1
        span = Span(opened.start, end)
        size = 1 + sum(self.sizes.get(id(child), 1) for child in opened.children)
        if opened.is_map:
            members = self._members(opened)
            values = {member.key: member.node.value for member in members}
            node = Node("object", values, span, members)
        else:
            items = tuple(opened.children)
            node = Node("array", [item.value for item in items], span, (), items)
        self.sizes[id(node)] = size
        self.decoded = size
        if size > _MANY_NODES:
            raise SyntaxProblem(tr("this document contains excessive aliasing"), opened.start)
        return node

    def _members(self, opened: _Open) -> tuple[Member, ...]:
        """The pairs of a mapping; what `<<` merges in stands before what is written out."""
        written: list[Member] = []
        merged: list[Member] = []
        first: dict[str, Span] = {}
        pairs = zip(opened.children[::2], opened.children[1::2], strict=True)
        for key, node in pairs:
            if key.kind in ("object", "array"):
                raise SyntaxProblem(
                    tr("a key must be text, not a list or mapping"), key.span.start, key.span.end
                )
            name = _key_text(key)
            if name == "<<" and self.text[key.span.start : key.span.end] == "<<":
                merged += self._merged(node)
                continue
            if name in first:
                pointer = f"{opened.place}/{escape(name)}"
                self.duplicates.append(Duplicate(pointer, first[name], key.span))
            first.setdefault(name, key.span)
            written.append(Member(name, key.span, node))
        return (*(member for member in merged if member.key not in first), *written)

    def _merged(self, node: Node) -> list[Member]:
        sources = node.items if node.kind == "array" else (node,)
        if any(source.kind != "object" for source in sources):
            what = tr("a merge key (<<) takes a mapping or a list of mappings")
            raise SyntaxProblem(what, node.span.start, node.span.end)
        return [member for source in reversed(sources) for member in source.members]

    def _scalar(self, event: Any) -> Node:
        start, end = self._value_start(event), self.offset(event.end_mark)
        while end > start and self.text[end - 1] in _BLANK:
            end -= 1
        return self.typed(event, Span(start, end))

    def typed(self, event: Any, span: Span) -> Node:
        """A scalar as the value that it is."""
        start, end = span
        if event.implicit[0]:
            kind, value = resolve(event.value)
            return Node(kind, value, span, raw="" if kind == "string" else event.value)
        tag = (event.tag or "").removeprefix("tag:yaml.org,2002:")
        if tag in _TAGGED:
            kind, value = resolve(event.value)
            if kind != _TAGGED[tag] or (tag == "int" and isinstance(value, float)):
                raise SyntaxProblem(tr("this is no !!{tag}", tag=tag), start, max(end, start + 1))
            return Node(kind, value, span, raw=event.value)
        if tag == "binary" and not _is_base64(event.value):
            raise SyntaxProblem(tr("this is no base64"), start, max(end, start + 1))
        return Node("string", event.value, span)

    def refuse_bombs(self) -> None:
        """Refuse a document that is mostly aliases, by yaml.v3's own rule of thumb."""
        if self.by_alias <= 100 or self.decoded <= 1_000:
            return
        within = min(max(self.decoded, _FEW_NODES), _MANY_NODES)
        spread = (within - _FEW_NODES) / (_MANY_NODES - _FEW_NODES)
        if self.by_alias / self.decoded > 0.99 - 0.89 * spread:
            raise SyntaxProblem(tr("this document contains excessive aliasing"), 0)


def _is_base64(text: str) -> bool:
    try:
        b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return False
    return True


def _key_text(key: Node) -> str:
    return key.value if key.kind == "string" else key.raw


def resolve(text: str) -> tuple[Kind, Any]:
    """The kind and value of an untagged plain scalar.

    >>> resolve("0x10"), resolve("yes"), resolve("~"), resolve("1e3")
    (('number', 16), ('string', 'yes'), ('null', None), ('number', 1000.0))
    """
    if text in _NULLS:
        return "null", None
    if text in _BOOLS:
        return "bool", _BOOLS[text]
    if text[0] not in "+-.0123456789":
        return "string", text
    special = _SPECIAL.match(text)
    if special:
        return "number", float((special[1] or "") + (special[2] or special[3]).lower())
    if _INTEGER.match(text) and len(text) <= _LONGEST_INTEGER:
        digits = text.replace("_", "")
        sign, bare = (-1, digits[1:]) if digits[0] == "-" else (1, digits.lstrip("+"))
        if len(bare) > 1 and bare[0] == "0" and bare[1].isdigit():
            bare = "0o" + bare[1:]
        try:
            return "number", sign * int(bare, 0)
        except ValueError:
            return "string", text
    if _FLOAT.match(text.replace("_", "")):
        number = float(text.replace("_", ""))
        if abs(number) != float("inf"):  # beyond 64 bits it is no number to yaml.v3, but text
            return "number", number
    return "string", text
