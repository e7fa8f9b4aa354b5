"""What a rule notes, and how findings are counted and ordered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from one_adapter.config.document import Span
from one_adapter.config.node import Member, Node, segments
from one_adapter.finding import SEVERITIES, Finding, Severity


class Note(NamedTuple):
    """What a rule reports: a place, one sentence, and what to do about it.

    `span` is the exact token in the source; `expected` lists what would have been
    right; `also` names a second place (the first of two equal keys).
    `severity` is set only where a rule's own does not hold for this file format.
    """

    pointer: str
    span: Span
    message: str
    help: str = ""
    expected: str = ""
    severity: Severity | None = None
    also: tuple[Span, str] | None = None


class Noting:
    """A tree on which a rule finds its way by pointers and says where something stands.

    Who inherits gives the tree's `root`.
    """

    @property
    def root(self) -> Node | None:
        """The whole tree; None where there is none."""
        raise NotImplementedError

    @cached_property
    def _members(self) -> dict[int, dict[str, Member]]:
        return {}

    def members(self, node: Node) -> dict[str, Member]:
        """The members of an object by key, of several the last; worked out once for each object."""
        if id(node) not in self._members:
            self._members[id(node)] = {member.key: member for member in node.members}
        return self._members[id(node)]

    def find(self, pointer: str) -> Node | None:
        """The node at a pointer, None where there is none; quick in objects with many members."""
        node = self.root
        for part in segments(pointer) if "~" in pointer else pointer.split("/")[1:]:
            if node is None:
                return None
            if node.kind == "array":
                index = int(part) if part.isdecimal() and len(part) < 9 else -1
                node = node.items[index] if 0 <= index < len(node.items) else None
            else:
                member = self.members(node).get(part)
                node = member.node if member else None
        return node

    def span(self, pointer: str) -> Span:
        """The token of the value at `pointer`, or of the nearest value around it."""
        while pointer:
            node = self.find(pointer)
            if node is not None:
                return _first_token(node)
            pointer = pointer.rpartition("/")[0]
        return _first_token(self.root) if self.root else Span(0, 0)

    def key(self, pointer: str) -> Span:
        """The key's token that leads to `pointer`; the value's where there is no key."""
        parent, _, last = pointer.rpartition("/")
        node = self.find(parent)
        member = self.members(node).get(segments(f"/{last}")[0]) if node else None
        return member.key_span if member else self.span(pointer)

    def note(
        self,
        pointer: str,
        message: str,
        help: str = "",
        expected: str = "",
        *,
        severity: Severity | None = None,
        also: tuple[Span, str] | None = None,
    ) -> Note:
        """A note about the value at a pointer."""
        return Note(pointer, self.span(pointer), message, help, expected, severity, also)

    def key_note(
        self,
        pointer: str,
        message: str,
        help: str = "",
        expected: str = "",
        *,
        severity: Severity | None = None,
        also: tuple[Span, str] | None = None,
    ) -> Note:
        """A note about the key that leads to a pointer."""
        return Note(pointer, self.key(pointer), message, help, expected, severity, also)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings sorted by position, then by code."""
    return tuple(sorted(findings, key=lambda f: (f.span.start, f.code, f.pointer)))


def at_least(findings: Iterable[Finding], severity: Severity) -> bool:
    """Whether any finding is as grave as `severity` or graver."""
    counted = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return any(finding.severity in counted for finding in findings)


def refused(findings: Iterable[Finding]) -> bool:
    """Whether the gateway would refuse the configuration these findings are about.

    >>> refused(())
    False
    """
    return at_least(findings, "error")


def _first_token(node: Node) -> Span:
    """A scalar's whole span; of a list or an object only where it begins."""
    span = node.span
    return span if node.kind not in ("object", "array") else Span(span.start, min(span.end, span.start + 1))
