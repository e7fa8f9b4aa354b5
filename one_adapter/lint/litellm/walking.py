"""Every value of a configuration with its place, walked once for all rules."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, leaves
from one_adapter.lint.litellm.context import Context

Leaf = tuple[str, Node]


def _walked(context: Context) -> tuple[Leaf, ...]:
    return tuple(leaves(context.root)) if context.root is not None and context.root.kind == "object" else ()


def scalars(context: Context) -> tuple[Leaf, ...]:
    """Every scalar, and every list or mapping with nothing in it: pointer, node."""
    return context.once(_walked)


def texts(context: Context) -> Iterator[Leaf]:
    """Every text that is not empty: pointer, node."""
    return ((pointer, node) for pointer, node in scalars(context) if node.kind == "string" and node.value)


def is_set(context: Context, *names: str) -> bool:
    """Whether one of these variables is set, as far as the file or an --env-file tells."""
    node = context.section("environment_variables")
    own = {member.key for member in node.members} if node else set()
    return any(name in own or (context.variables is not None and name in context.variables) for name in names)
