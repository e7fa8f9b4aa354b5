"""The tree a source file is read into: plain values that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal["object", "array", "string", "number", "bool", "null", "date"]


class Span(NamedTuple):
    """A stretch of `Document.text`: character offsets, `end` exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of the source.

    `value` is the plain Python value (of an object: a dict in which the last
    of several equal keys has won), `members` every member as written,
    `items` the elements of an array. `raw` is the text of a number, boolean or
    null of a YAML file, which the gateway turns into text where text is wanted. Dates are
    none to the gateway: only files of YAML 1.1 have them.
    """

    kind: Kind
    value: Any
    span: Span
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()
    raw: str = ""

    def get(self, key: str) -> Node | None:
        """The node under `key` as written; of several the last."""
        for member in reversed(self.members):
            if member.key == key:
                return member.node
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One `key: value` of an object; `key_span` covers the key's token, quotes included."""

    key: str
    key_span: Span
    node: Node


class Duplicate(NamedTuple):
    """A key that stands twice in one object: where the first is, and where it comes again."""

    pointer: str
    first: Span
    again: Span


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no configuration at all: what the gateway's own parser trips over."""

    kind: Literal["ending", "encoding", "syntax"]
    message: str
    span: Span
    #: What should stand there, where one thing alone can.
    wanted: str = ""


class SyntaxProblem(Exception):  # noqa: N818 - a problem to report, caught by its only caller
    """Raised inside the readers and caught by `Document`; carries the `Problem`."""

    def __init__(self, message: str, start: int, end: int | None = None, wanted: str = "") -> None:
        super().__init__(message)
        self.problem = Problem("syntax", message, Span(start, start + 1 if end is None else end), wanted)


def escape(key: str) -> str:
    """`key` as one segment of a JSON pointer (RFC 6901).

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return key.replace("~", "~0").replace("/", "~1")


def segments(pointer: str) -> list[str]:
    """The keys and indexes a JSON pointer walks through.

    >>> segments("/services/a~1b/0")
    ['services', 'a/b', '0']
    """
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def leaves(root: Node) -> Iterator[tuple[str, Node]]:
    """Every leaf below `root` with its pointer: scalars, and containers with nothing in them.

    Of several equal keys only the last is walked: the others have no pointer.
    """
    stack: list[tuple[str, Node]] = [("", root)]
    while stack:
        pointer, node = stack.pop()
        if node.members:
            last = {member.key: member.node for member in node.members}
            stack += [(f"{pointer}/{escape(key)}", child) for key, child in reversed(last.items())]
        elif node.items:
            stack += [(f"{pointer}/{n}", item) for n, item in reversed(list(enumerate(node.items)))]
        else:
            yield pointer, node
