"""LIT119: keys that YAML makes something else of than a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from one_adapter.config.node import Member, Node, escape
from one_adapter.config.yaml_1_1 import resolve
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS
from one_adapter.lint.litellm.rule import rule


class Place(NamedTuple):
    """A mapping whose keys must be texts, in those inside it as well where it is `deep`."""

    pointer: str
    node: Node
    deep: bool = False


#: Sections that LiteLLM checks through and through.
_CHECKED = ("litellm_settings", "general_settings", "router_settings", "environment_variables")


@rule("LIT119", "key-is-no-text", "error")
def key_is_no_text(context: Context) -> Iterator[Note]:
    """A key is a number, a truth value, a date or nothing to YAML, where LiteLLM wants a text.

    `4: gpt-4` as an alias, `on: true`, `2024-06-01: x`. In quotes each of them is a text.

    LiteLLM: refuses to start over such a key in its settings, or as the name of an MCP server; in a
    deployment it leaves that out. From 1.110 on it refuses one at the top of the file, too, and fails every
    call with one in an `extra_body`.
    """
    for place in _places(context):
        for pointer, member in _members(context, place):
            kind = _kind(context, member)
            if kind != "string":
                said = tr("this key is {kind} to YAML, and LiteLLM wants text", kind=KINDS[kind])
                severity: Severity | None = None
                if context.is_version(until="1.109") and (
                    not place.pointer or place.pointer.endswith("/extra_body")
                ):
                    severity = "info"
                yield Note(pointer, member.key_span, said, tr("Put it in quotes."), severity=severity)


def _places(context: Context) -> Iterator[Place]:
    root = context.root
    if root is None or root.kind != "object":
        return
    yield Place("", root)
    for name in _CHECKED:
        node = context.section(name)
        if node is not None:
            yield Place(f"/{name}", node, deep=True)
    for one in context.deployments:
        yield Place(one.pointer, one.node)
        for name in ("litellm_params", "model_info"):
            inner = one.node.get(name)
            if inner is not None:
                yield Place(f"{one.pointer}/{name}", inner)
        body = one.param("extra_body")
        if body is not None:
            yield Place(one.at("extra_body"), body, deep=True)
    vertex = context.section("default_vertex_config")
    if vertex is not None:
        yield Place("/default_vertex_config", vertex)
    listed = context.find("/credential_list")
    for index, item in enumerate(listed.items if listed and context.is_version(since="1.108") else ()):
        values = item.get("credential_values")
        if values is not None:
            yield Place(f"/credential_list/{index}/credential_values", values)
    yield from _of_servers(context)


def _of_servers(context: Context) -> Iterator[Place]:
    servers = context.section("mcp_servers")
    if servers is not None:
        yield Place("/mcp_servers", servers)
    for member in servers.members if servers else ():
        for name in ("env", "static_headers"):
            inner = member.node.get(name)
            if inner is not None:
                yield Place(f"/mcp_servers/{escape(member.key)}/{name}", inner)


def _members(context: Context, place: Place) -> Iterator[tuple[str, Member]]:
    waiting = [(place.pointer, place.node)]
    while waiting:
        pointer, node = waiting.pop()
        for member in context.members(node).values():
            yield f"{pointer}/{escape(member.key)}", member
        if place.deep:
            waiting += [(f"{pointer}/{escape(one.key)}", one.node) for one in node.members]
            waiting += [(f"{pointer}/{index}", item) for index, item in enumerate(node.items)]


def _kind(context: Context, member: Member) -> str:
    written = context.source(member.key_span)
    long = written[:1].isalpha() and len(written) > len("False")  # no word of YAML's has more letters
    if long or written[:1] in ("'", '"'):
        return "string"
    try:
        return resolve(written)[0]
    except ValueError:
        return "string"
