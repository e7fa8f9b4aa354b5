"""A LiteLLM configuration as a `Document`: YAML 1.1 in UTF-8, whatever the file is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from one_adapter.config.document import Document, Problem, Span
from one_adapter.config.encoding import encoding_of
from one_adapter.config.node import Duplicate, Member, Node, SyntaxProblem, segments
from one_adapter.language import tr

Move = Callable[[Span], Span]
_DIVIDER = re.compile(r"^---(?=\s|$)", re.MULTILINE)
#: A line that is neither blank, nor a comment, nor a directive.
_SAYS_SOMETHING = re.compile(r"^[ \t]*[^\s#%\ufeff]", re.MULTILINE)
#: What stands behind a backslash in double quotes: how many digits follow it, or another sign.
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", "_": "\xa0", "N": "\x85", "L": "\u2028", "P": "\u2029", "\n": "\n",
}  # fmt: skip


class LiteLLMFile(Document):
    """A file that holds a LiteLLM configuration: all of it, or the part that `at` points to.

    `at` is a JSON pointer, empty but for values of a Helm chart and for a ConfigMap; `part` is the number
    of the YAML document it leads through, from 0, where a manifest has several.
    """

    at: str = ""
    part: int = 0

    @property
    def configuration(self) -> Node | None:
        """The configuration itself; None where there is no tree."""
        return self.find(self.at) if self.root is not None else None


def parse_litellm(data: bytes, name: str, at: str = "", part: int = 0) -> LiteLLMFile:
    """Read bytes as LiteLLM does. Total: whatever the bytes are, the answer is a document.

    >>> parse_litellm(b"model_list: []\\nuse: on", "config.yaml").root.value
    {'model_list': [], 'use': True}
    """
    text = data.decode("utf-8", "replace")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        place = text.index("\ufffd")
        problem = Problem("encoding", tr("the file is not UTF-8 here"), Span(place, place + 1))
        return LiteLLMFile(name, "yaml", text, None, problem, (), encoding_of(data))
    from one_adapter.config.yaml_1_1 import FirstOf, Reader11
    from one_adapter.config.yaml_text import read_yaml

    root: Node | None
    duplicates: tuple[Duplicate, ...]
    not_yaml: Problem | None = None
    try:
        root, duplicates = read_yaml(_alone(text, part), FirstOf if at else Reader11)
        root = _with_inner(root, at, text) if at else root
    except SyntaxProblem as found:
        root, duplicates, not_yaml = None, (), found.problem
    made = LiteLLMFile(name, "yaml", text, root, not_yaml, duplicates)
    made.at, made.part = at, part
    return made


def parts(text: str) -> list[Span]:
    """Where each YAML document of a text is; one where there is but one.

    >>> parts("a: 1\\n---\\nb: 2\\n")
    [Span(start=0, end=5), Span(start=5, end=14)]
    """
    starts = [found.start() for found in _DIVIDER.finditer(text)]
    if not starts or _SAYS_SOMETHING.search(text[: starts[0]]):
        starts.insert(0, 0)
    return [Span(start, end) for start, end in pairwise([*starts, len(text)])]


def _alone(text: str, part: int) -> str:
    """A text with one of its documents left at its place, and nothing in front of it."""
    if not part:
        return text
    start = parts(text)[part].start
    return "".join(sign if sign in "\r\n" else " " for sign in text[:start]) + text[start:]


def _with_inner(root: Node, at: str, text: str) -> Node:
    """A manifest with the text at a pointer read as YAML itself."""
    from one_adapter.config.yaml_1_1 import Reader11
    from one_adapter.config.yaml_text import read_yaml

    keys = segments(at)
    path = [root]
    for key in keys:
        inner = path[-1].get(key)
        if inner is None:
            return root
        path.append(inner)
    if path[-1].kind != "string":
        return root
    move = _out_of_text(path[-1], text)
    if move is None:
        return root
    try:
        node = moved(read_yaml(path[-1].value, Reader11)[0], move)
    except SyntaxProblem as found:
        raise SyntaxProblem(found.problem.message, *move(found.problem.span)) from None
    for parent, key in zip(reversed(path[:-1]), reversed(keys), strict=True):
        members = tuple(
            Member(one.key, one.key_span, node) if one.key == key else one for one in parent.members
        )
        node = Node("object", {**parent.value, key: node.value}, parent.span, members)
    return node


def _out_of_text(node: Node, text: str) -> Move | None:
    """Where a stretch of a scalar's value stands in the file, whatever the style it is written in.

    Signs are found one after another; blanks, which YAML folds and indents by, lie between them. None
    where the two do not go together.
    """
    written = _written(text, node.span)
    places: list[int] = []
    last = node.span.start
    blanks = 0
    for sign in [*node.value, None]:
        if sign is not None and sign.isspace():
            blanks += 1
            continue
        found, at = next(written, ("", node.span.end))
        if sign is not None and sign != found:
            return None
        lines = node.value[len(places) : len(places) + blanks].rfind("\n") + 1
        places += [min(last + 1 + ahead, at) for ahead in range(lines)]
        places += [max(last + 1, at - behind) for behind in range(blanks - lines, 0, -1)]
        places.append(at)
        last, blanks = at, 0
    return lambda span: Span(places[span.start], places[span.end])


def _written(text: str, span: Span) -> Iterator[tuple[str, int]]:
    """Every sign of a scalar that is no blank, as it is meant, and where it stands."""
    style = text[span.start : span.start + 1]
    at, end = span.start, span.end
    if style in ("|", ">"):
        at = text.find("\n", at, end) + 1 or end
    elif style in ("'", '"'):
        at, end = at + 1, end - 1
    while at < end:
        sign, length = text[at], 1
        if style == '"' and sign == "\\":
            length = 2 + _HEXADECIMAL.get(text[at + 1 : at + 2], 0)
            escaped = text[at + 1 : at + 2]
            sign = chr(int(text[at + 2 : at + length], 16)) if length > 2 else _ESCAPES.get(escaped, escaped)
        elif style == "'" and sign == "'":
            length = 2
        if not sign.isspace():
            yield sign, at
        at += length


def moved(root: Node, move: Move) -> Node:
    """A tree whose nodes stand somewhere else."""
    made: dict[int, Node] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in made:
            continue
        inner = [*(member.node for member in node.members), *node.items]
        if not ready and inner:
            stack.append((node, True))
            stack += [(one, False) for one in inner]
            continue
        members = tuple(Member(one.key, move(one.key_span), made[id(one.node)]) for one in node.members)
        items = tuple(made[id(one)] for one in node.items)
        made[id(node)] = Node(node.kind, node.value, move(node.span), members, items, node.raw)
    return made[id(root)]


def moved_duplicate(one: Duplicate, move: Move) -> Duplicate:
    """A repeated key that stands somewhere else."""
    return Duplicate(one.pointer, move(one.first), move(one.again))
