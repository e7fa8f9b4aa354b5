"""A LiteLLM configuration as a `Document`: YAML 1.1 in UTF-8, whatever the file is called."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from one_adapter.config.document import Document, Problem, Span
from one_adapter.config.encoding import encoding_of
from one_adapter.config.node import Duplicate, Member, Node, SyntaxProblem
from one_adapter.language import tr

Move = Callable[[Span], Span]


class LiteLLMFile(Document):
    """A file that holds a LiteLLM configuration: all of it, or the part that `at` points to.

    `at` is a JSON pointer, empty but for values of a Helm chart and for a ConfigMap.
    """

    at: str = ""

    @property
    def configuration(self) -> Node | None:
        """The configuration itself; None where there is no tree."""
        return self.find(self.at) if self.root is not None else None


def parse_litellm(data: bytes, name: str, at: str = "") -> LiteLLMFile:
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

    try:
        root, duplicates = read_yaml(text, FirstOf if at else Reader11)
        root = _with_inner(root, at, text) if at else root
    except SyntaxProblem as found:
        return LiteLLMFile(name, "yaml", text, None, found.problem, ())
    made = LiteLLMFile(name, "yaml", text, root, None, duplicates)
    made.at = at
    return made


def _with_inner(root: Node, at: str, text: str) -> Node:
    """A manifest with the block of text at a pointer read as YAML itself."""
    from one_adapter.config.yaml_1_1 import Reader11
    from one_adapter.config.yaml_text import read_yaml

    parts = at.split("/")[1:]
    path = [root]
    for part in parts:
        inner = path[-1].get(part)
        if inner is None:
            return root
        path.append(inner)
    if path[-1].kind != "string":
        return root
    move = _out_of_block(path[-1], text)
    if move is None:
        return root
    try:
        node = moved(read_yaml(path[-1].value, Reader11)[0], move)
    except SyntaxProblem as found:
        raise SyntaxProblem(found.problem.message, *move(found.problem.span)) from None
    for parent, part in zip(reversed(path[:-1]), reversed(parts), strict=True):
        members = tuple(
            Member(one.key, one.key_span, node) if one.key == part else one for one in parent.members
        )
        node = Node("object", {**parent.value, part: node.value}, parent.span, members)
    return node


def _out_of_block(node: Node, text: str) -> Move | None:
    """Where a stretch of a literal block's text stands in the file; None for text written in another way."""
    if text[node.span.start : node.span.start + 1] != "|":
        return None
    first = text.find("\n", node.span.start) + 1
    lines = text[first : node.span.end].split("\n")
    indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    outer, inner = [first], [0]
    for line in lines:
        outer.append(outer[-1] + len(line) + 1)
        inner.append(inner[-1] + max(0, len(line) - indent) + 1)

    def one(offset: int) -> int:
        at = min(bisect_right(inner, offset) - 1, len(lines) - 1)
        return min(outer[at] + indent + offset - inner[at], len(text))

    return lambda span: Span(one(span.start), one(span.end))


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
