"""One row for every leaf of the source: what became of it, where, and why.

The source is walked once, along the tables of known fields, so that each leaf
has its path in the gateway's own words (`services.*.*.limit.rpm`), whatever the
spelling in the file. A path finds its judge in the tables of `verdicts`; what
has none is a field the gateway does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.config.document import Document
from one_adapter.config.fields import (
    AnyValue,
    ListOf,
    MapOf,
    Struct,
    Type,
    known_name,
    members_by_field,
    structs_of,
)
from one_adapter.config.node import Node
from one_adapter.dialect import Dialect
from one_adapter.plan.ledger.leaf import Judgement, Leaf, Scope
from one_adapter.plan.ledger.verdicts import judge
from one_adapter.plan.types import Decisions, Row
from one_adapter.plan.understanding import Understanding

UNKNOWN = "?"
OVERRIDDEN = "!"
#: Where the values of a key stand, and its own limits among them.
_KEYS = {
    ("services", "*", "*", "credentials"),
    ("services", "*", "*", "credential_list", "*"),
}


def ledger_of(document: Document, understanding: Understanding, plan: Decisions) -> tuple[Row, ...]:
    """The ledger of a document, in the order of the file."""
    if document.root is None:
        return ()
    scope = Scope(understanding, plan)
    leaves = _leaves(document.root, document.format, understanding.gateway.dialect)
    return tuple(_row(document, leaf, judge(scope, leaf)) for leaf in leaves)


def _row(document: Document, leaf: Leaf, said: Judgement) -> Row:
    line, column = document.position(leaf.node.span.start)
    return Row(leaf.pointer, said.verdict, said.target, said.note, line, column)


def _leaves(root: Node, format: str, dialect: Dialect) -> Iterator[Leaf]:
    """Every leaf with its path in the gateway's words and the user's own keys along it."""
    whole, _, limit = structs_of(dialect)
    in_a_key: dict[str, Type] = {"limit": limit, "model_limits": MapOf(limit)} if dialect.pools else {}
    stack: list[tuple[Leaf, Type]] = [(Leaf("", (), (), root), whole)]
    while stack:
        leaf, expected = stack.pop()
        children = list(_children(leaf, expected, format, in_a_key))
        if children:
            stack += reversed(children)
        else:
            yield leaf


def _children(
    leaf: Leaf, expected: Type, format: str, in_a_key: Mapping[str, Type]
) -> Iterator[tuple[Leaf, Type]]:
    node = leaf.node
    if node.items:
        item_type: Type = expected.item if isinstance(expected, ListOf) else AnyValue()
        for index, item in enumerate(node.items):
            yield leaf.below(str(index), "*", item), item_type
        return
    counting = members_by_field(expected, node, format) if isinstance(expected, Struct) else {}
    free = in_a_key if leaf.path in _KEYS else {}
    last = {member.key: member for member in node.members}
    for member in last.values():
        word: str = "*"
        inner: Type = AnyValue()
        if member.key in free:
            inner = free[member.key]
        elif isinstance(expected, MapOf):
            inner = expected.value
        elif isinstance(expected, Struct):
            name = known_name(expected, member.key, format)
            word = UNKNOWN if name is None else name if counting[name] is member else OVERRIDDEN
            inner = expected.fields[name] if name is not None and word == name else AnyValue()
        yield leaf.below(member.key, word, member.node), inner
