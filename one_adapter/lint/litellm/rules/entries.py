"""LIT118: the entries of guardrails, MCP servers, credentials, search tools and the smaller sections."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, fits, is_reference, wanted
from one_adapter.lint.litellm.rule import rule

#: Sections that are lists of mappings, and those that are mappings; LiteLLM looks into them when it starts.
_LISTS = ("guardrails", "search_tools", "credential_list", "prompts", "agents", "agent_list", "mcp_tools")
_PLAIN_LISTS = ("files_settings", "finetune_settings")
_MAPPINGS = ("default_vertex_config", "policies", "assistant_settings")
#: What is checked of an MCP server when the proxy starts.
_SERVER_KEYS = (
    "url", "args", "env", "extra_headers", "static_headers", "allowed_tools", "auth_type", "mcp_info",
    "transport", "alias",
)  # fmt: skip
_CREDENTIAL_KEYS = ("credential_values", "credential_info", "credential_name")


@rule("LIT118", "entry-shape", "error")
def entry_shape(context: Context) -> Iterator[Note]:
    """An entry of a section is not what it has to be, or lacks what it cannot do without.

    A guardrail has a `guardrail_name` and `litellm_params`. What an MCP server has under `args` is a list,
    under `env` and `static_headers` a mapping of texts. A credential's values are a mapping, an agent is one,
    too.

    LiteLLM: refuses to start, most often with a bare Python error that names no entry.
    """
    yield from _shapes(context)
    yield from _guardrails(context)
    yield from _servers(context)
    entries = context.find("/credential_list")
    for index, entry in enumerate(entries.items if entries else ()):
        yield from _typed(context, f"/credential_list/{index}", entry, "credential", _CREDENTIAL_KEYS)
    entries = context.find("/search_tools")
    for index, entry in enumerate(entries.items if entries else ()):
        params = entry.get("litellm_params")
        if params is not None and params.kind not in ("object", "null"):
            said = tr(
                "{name} must be a mapping, this is {kind}", name="litellm_params", kind=KINDS[params.kind]
            )
            yield context.note(f"/search_tools/{index}/litellm_params", said)


def _shapes(context: Context) -> Iterator[Note]:
    for name in (*_LISTS, *_PLAIN_LISTS):
        node = context.find(f"/{name}")
        if node is None or not node.value:
            continue
        if node.kind != "array":
            if name not in ("guardrails", "search_tools", "credential_list"):  # of these LIT105 speaks
                said = tr("{name} must be a list, this is {kind}", name=name, kind=KINDS[node.kind])
                yield context.note(f"/{name}", said)
            continue
        for index, item in enumerate(node.items if name in _LISTS else ()):
            if item.kind != "object":
                said = tr(
                    "an entry of {name} must be a mapping, this is {kind}", name=name, kind=KINDS[item.kind]
                )
                yield context.note(f"/{name}/{index}", said)
    for name in _MAPPINGS:
        node = context.find(f"/{name}")
        if node is not None and node.value and node.kind != "object":
            said = tr("{name} must be a mapping, this is {kind}", name=name, kind=KINDS[node.kind])
            yield context.note(f"/{name}", said)
    settings = context.section("assistant_settings")
    if settings is not None and settings.members and settings.get("litellm_params") is None:
        yield context.key_note("/assistant_settings", tr("this entry has no {name}", name="litellm_params"))
    policies = context.section("policies")
    for member in policies.members if policies else ():
        if member.node.kind != "object":
            said = tr(
                "{name} must be a mapping, this is {kind}", name=member.key, kind=KINDS[member.node.kind]
            )
            yield context.note(f"/policies/{escape(member.key)}", said)


def _guardrails(context: Context) -> Iterator[Note]:
    entries = context.find("/guardrails")
    for index, entry in enumerate(entries.items if entries and entries.kind == "array" else ()):
        if entry.kind != "object":
            continue
        for name in ("guardrail_name", "litellm_params"):
            node = entry.get(name)
            if node is None:
                yield context.note(f"/guardrails/{index}", tr("this entry has no {name}", name=name))
            elif name == "litellm_params" and node.kind != "object":
                said = tr("{name} must be a mapping, this is {kind}", name=name, kind=KINDS[node.kind])
                yield context.note(f"/guardrails/{index}/{name}", said)


def _servers(context: Context) -> Iterator[Note]:
    node = context.section("mcp_servers")
    for member in context.members(node).values() if node else ():
        pointer = f"/mcp_servers/{escape(member.key)}"
        yield from _typed(context, pointer, member.node, "mcp_server", _SERVER_KEYS)
        for name in ("env", "static_headers"):
            values = member.node.get(name)
            for one in values.members if values is not None else ():
                if one.node.kind != "string":
                    said = tr("{name} must be text, this is {kind}", name=one.key, kind=KINDS[one.node.kind])
                    place = f"{pointer}/{name}/{escape(one.key)}"
                    yield context.note(place, said, tr("Put it in quotes."))
        transport = member.node.get("transport")
        if transport is not None and transport.kind == "null":
            yield context.key_note(
                f"{pointer}/transport", tr("transport is empty"), tr("Remove it, or write http.")
            )
        auth = member.node.get("auth_type")
        known = context.tables.keys("mcp_server")["auth_type"].values
        if auth is not None and auth.kind == "string" and auth.value not in known and not is_reference(auth):
            yield context.note(f"{pointer}/auth_type", tr('there is no auth_type "{name}"', name=auth.value))


def _typed(context: Context, pointer: str, entry: Node, table: str, names: tuple[str, ...]) -> Iterator[Note]:
    known = context.tables.keys(table)
    for name in names:
        key, value = known.get(name), entry.get(name)
        if key is None or value is None or value.kind == "null" or is_reference(value):
            continue
        if key.types and not fits(value, key):
            yield context.note(f"{pointer}/{name}", wanted(name, key, value))
