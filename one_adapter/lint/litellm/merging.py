"""A configuration and what it includes, as one tree, and where in which file each piece of it stands."""

from __future__ import annotations

import os
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from one_adapter.config.document import Problem, Span, read_bytes
from one_adapter.config.litellm_file import LiteLLMFile, moved, moved_duplicate, parse_litellm
from one_adapter.config.node import Duplicate, Member, Node, segments
from one_adapter.errors import OneAdapterError

#: More included files than anybody has; LiteLLM itself knows no bound.
MOST_FILES = 200


class NotIncluded(NamedTuple):
    """An entry of `include` that leads to no file that can be read: where it stands, and why."""

    span: Span
    pointer: str
    reason: str


class Configuration:
    """What LiteLLM makes of a file and of those it includes.

    The files' texts are thought of as one behind the other, so that a span says which file it is in:
    offsets in `root` are those of the file plus its `bases` entry.
    """

    def __init__(self, file: LiteLLMFile) -> None:
        self.files: list[LiteLLMFile] = []
        self.bases: list[int] = []
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.duplicates: list[Duplicate] = []
        self.not_included: list[NotIncluded] = []
        self._lists: dict[str, list[tuple[int, int]]] = {}
        self._read(file)

    def _read(self, file: LiteLLMFile) -> None:
        seen = {_absolute(file.name)}
        self._add(file)
        pending = self._entries(file, self.root)
        while pending and len(self.files) < MOST_FILES:
            declaring, path_node, pointer = pending.pop(0)
            path = _found_at(path_node.value, declaring, file)
            if _absolute(path) in seen:
                continue
            seen.add(_absolute(path))
            try:
                included = parse_litellm(read_bytes(path), path)
            except OneAdapterError as problem:
                self.not_included.append(NotIncluded(path_node.span, pointer, problem.message))
                continue
            pending += self._entries(included, self._add(included))

    def _add(self, file: LiteLLMFile) -> Node | None:
        """Take a file up; its configuration as it stands among the others."""
        base = self.bases[-1] + len(self.files[-1].text) + 1 if self.files else 0
        self.files.append(file)
        self.bases.append(base)

        def move(span: Span) -> Span:
            return Span(span.start + base, span.end + base)

        if file.problem:
            self.problems.append(Problem(file.problem.kind, file.problem.message, move(file.problem.span)))
        self.duplicates += [moved_duplicate(one, move) for one in file.duplicates]
        root = file.configuration
        if root is not None and base:
            root = moved(root, move)
        self.root = root if len(self.files) == 1 else self._merged(root)
        return root

    def _entries(self, file: LiteLLMFile, root: Node | None) -> list[tuple[LiteLLMFile, Node, str]]:
        named = root.get("include") if root is not None else None
        items = named.items if named is not None else ()
        return [
            (file, item, f"/include/{index}") for index, item in enumerate(items) if item.kind == "string"
        ]

    def _merged(self, more: Node | None) -> Node | None:
        """The tree with a further file laid over it: lists are continued, all else is replaced."""
        base = self.root
        if base is None or more is None or base.kind != "object" or more.kind != "object":
            return base
        members = {one.key: one for one in base.members}
        for one in more.members:
            old = members.get(one.key)
            if one.key == "include":
                continue
            if old is not None and old.node.kind == one.node.kind == "array":
                start = len(old.node.items)
                self._lists.setdefault(one.key, []).append((start, len(self.files) - 1))
                items = (*old.node.items, *one.node.items)
                values = [item.value for item in items]
                members[one.key] = Member(
                    old.key, old.key_span, Node("array", values, old.node.span, (), items)
                )
            else:
                members[one.key] = one
        return Node(
            "object",
            {one.key: one.node.value for one in members.values()},
            base.span,
            tuple(members.values()),
        )

    def file_of(self, span: Span) -> int:
        """The number of the file a span is in."""
        return bisect_right(self.bases, span.start) - 1

    def span_in(self, number: int, span: Span) -> Span:
        """A span as the file itself counts."""
        base, end = self.bases[number], len(self.files[number].text)
        return Span(min(span.start - base, end), min(max(span.end - base, 0), end))

    def pointer_in(self, number: int, pointer: str) -> str:
        """A pointer through the merged tree as one through the file itself."""
        parts = segments(pointer)
        if number and len(parts) > 1 and parts[1].isdecimal():
            starts = [start for start, file in self._lists.get(parts[0], ()) if file == number]
            if starts:
                head, _, tail = pointer[1:].partition("/")
                index, slash, rest = tail.partition("/")
                pointer = f"/{head}/{max(0, int(index) - starts[0])}{slash}{rest}"
        return self.files[number].at + pointer


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute leaves `..` in


def _found_at(name: str, declaring: LiteLLMFile, first: LiteLLMFile) -> str:
    """The file an entry of `include` means: beside the file it stands in, else beside the first."""
    beside = [Path("" if one.name == "-" else one.name).parent / name for one in (declaring, first)]
    try:
        found = next((path for path in beside if path.exists()), beside[0])
    except (OSError, ValueError):
        found = beside[0]
    return str(found)
