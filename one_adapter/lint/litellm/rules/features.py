"""LIT601 and LIT609 to 614: routing, guardrails, MCP servers, databases, health checks."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.finding import Severity
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, is_number, is_reference
from one_adapter.lint.litellm.hints import nearest, one_of
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.walking import is_set


@rule("LIT601", "unknown-strategy", "error")
def unknown_strategy(context: Context) -> Iterator[Note]:
    """`routing_strategy` is none that LiteLLM has.

    LiteLLM: refuses to start. The words are exact: `simple-shuffle`, with a dash. With
    `provider-budget-routing`, which it uses inside, no call finds a deployment.
    """
    pointer = "/router_settings/routing_strategy"
    node = context.find(pointer)
    if node is None or node.kind == "null" or is_reference(node):
        return
    known = dict(context.tables.words("strategies"))
    known.pop("provider-budget-routing", None)
    if node.kind != "string" or node.value not in known:
        said = tr('LiteLLM has no routing strategy "{name}"', name=context.source(node.span)[:60])
        if node.value == "provider-budget-routing":
            said = tr("with this strategy no call finds a deployment")
        advice = one_of(node.value, known) if node.kind == "string" else ""
        yield context.note(pointer, said, advice)


def _modes(node: Node) -> Iterator[tuple[str, Node]]:
    """The names of a guardrail's modes as written: relative pointer, node."""
    if node.kind == "array":
        yield from ((f"/{index}", item) for index, item in enumerate(node.items))
    elif node.kind == "string":
        yield "", node


@rule("LIT609", "guardrail-left-out", "warning")
def guardrail_left_out(context: Context) -> Iterator[Note]:
    """A guardrail is of no kind that LiteLLM has, or has no `mode`, or a `mode` that there is not.

    LiteLLM: starts without this guardrail, with an error in the log. Nothing is checked.
    """
    entries = context.find("/guardrails")
    kinds, known = dict(context.tables.words("guardrails")), dict(context.tables.words("guardrail_modes"))
    for index, entry in enumerate(entries.items if entries and entries.kind == "array" else ()):
        pointer = f"/guardrails/{index}/litellm_params"
        params = entry.get("litellm_params")
        if params is None or params.kind != "object":
            continue
        kind = params.get("guardrail")
        if kind is not None and kind.kind == "string" and kind.value not in kinds and "." not in kind.value:
            said = tr('LiteLLM has no guardrail "{name}", and starts without it', name=kind.value)
            advice = one_of(kind.value, kinds) if nearest(kind.value, kinds, 0.7) else ""
            yield context.note(f"{pointer}/guardrail", said, advice)
        mode = params.get("mode")
        if mode is None or mode.kind == "null":
            yield context.note(
                pointer, tr("without a mode, LiteLLM leaves this guardrail out"), one_of("", known)
            )
            continue
        for place, one in _modes(mode):
            if one.kind == "string" and one.value not in known and not is_reference(one):
                said = tr('there is no mode "{name}", and LiteLLM leaves this guardrail out', name=one.value)
                yield context.note(f"{pointer}/mode{place}", said, one_of(one.value, known))


@rule("LIT610", "guardrails-old-place", "error")
def guardrails_old_place(context: Context) -> Iterator[Note]:
    """Guardrails in their present form stand under `litellm_settings`.

    LiteLLM: takes what stands there for the older form, a list of mappings by name, and refuses to start.
    """
    pointer = "/litellm_settings/guardrails"
    node = context.find(pointer)
    if node is not None and node.kind != "array":
        said = tr("{name} must be a list, this is {kind}", name="guardrails", kind=KINDS[node.kind])
        yield context.key_note(pointer, said, tr("Guardrails stand at the top of the file now."))
        return
    for index, item in enumerate(node.items if node else ()):
        if item.kind == "object" and item.get("guardrail_name") is not None:
            said = tr("a guardrail of this form belongs at the top of the file, under guardrails")
            yield context.note(f"{pointer}/{index}", said, tr("Move the list to the top."))
            return


@rule("LIT611", "mcp-server", "error")
def mcp_server(context: Context) -> Iterator[Note]:
    """A server under `mcp_servers` has a name or a transport that LiteLLM refuses, or no address.

    LiteLLM: refuses to start over a name with a dash and over an unknown transport. A server
    without an address is listed, and has no tools.
    """
    node = context.section("mcp_servers")
    for member in context.members(node).values() if node else ():
        pointer = f"/mcp_servers/{escape(member.key)}"
        if "-" in member.key:
            said = tr('the name of an MCP server may have no "{sign}"', sign="-")
            name = member.key.replace("-", "_")
            yield context.key_note(pointer, said, tr("Write {name}.", name=name))
        server = member.node
        if server.kind != "object":
            said = tr("an MCP server must be a mapping, this is {kind}", kind=KINDS[server.kind])
            yield context.note(pointer, said, tr("Write url: under its name."))
            continue
        transport = server.get("transport")
        known = dict.fromkeys(("sse", "http", "stdio"))
        if (transport is not None and transport.kind != "null" and not is_reference(transport)) and (
            transport.value not in known
        ):
            said = tr('there is no transport "{name}"', name=context.source(transport.span)[:60])
            yield context.note(f"{pointer}/transport", said, one_of(transport.value, known))
        addressed = any(server.get(name) is not None for name in ("url", "command", "spec_path"))
        if not addressed:
            said = tr("this server has no url, and so no tools")
            yield context.key_note(pointer, said, severity="warning")


@rule("LIT612", "without-database", "info")
def without_database(context: Context) -> Iterator[Note]:
    """A setting needs a database, and the file names none.

    LiteLLM: takes it from `general_settings.database_url` or from `DATABASE_URL`. Without either,
    `store_model_in_db` stores nothing, and keys with a budget cannot be made.
    """
    node = context.find("/general_settings/store_model_in_db")
    if node is None or node.value is not True or context.find("/general_settings/database_url") is not None:
        return
    if is_set(context, "DATABASE_URL", "DATABASE_HOST"):
        return
    said = tr("this needs a database, and the file names none")
    severity: Severity | None = "warning" if context.variables is not None else None
    yield context.key_note(
        "/general_settings/store_model_in_db", said, tr("Set DATABASE_URL."), severity=severity
    )


@rule("LIT614", "health-check-text", "warning")
def health_check_text(context: Context) -> Iterator[Note]:
    """A setting of the health checks is a text.

    LiteLLM: any text counts as on, also `"no"` and `"false"`. An interval that is no whole number of seconds
    ends the background checks at the first.
    """
    node = context.find("/general_settings/background_health_checks")
    if node is not None and node.kind == "string" and not is_reference(node):
        said = tr("a text counts as on, whatever it says")
        yield context.note(
            "/general_settings/background_health_checks", said, tr("Write true or false, without quotes.")
        )
    pointer = "/general_settings/health_check_interval"
    node = context.find(pointer)
    if node is None or node.kind == "null" or is_reference(node):
        return
    if node.kind != "number" or node.value != int(node.value):
        advice = tr("Remove the quotes.") if node.kind == "string" and is_number(node.value) else ""
        yield context.note(pointer, tr("the interval must be a whole number of seconds"), advice)
