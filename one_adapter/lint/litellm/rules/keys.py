"""LIT10x and LIT11x: keys that LiteLLM does not read where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from one_adapter.config.node import Member, Node, escape
from one_adapter.finding import Severity
from one_adapter.language import listed, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.kinds import CHART_PLACES
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.hints import SYNONYMS, nearest, squeezed
from one_adapter.lint.litellm.rule import rule

#: The sections whose keys are known one by one.
SECTIONS = ("router_settings", "litellm_settings", "general_settings")
#: Keys that belong at the top though a section knows them, too.
_AT_TOP = (
    "model_list",
    "guardrails",
    "mcp_servers",
    "search_tools",
    "vector_store_registry",
    "credential_list",
)
#: Keys of one section that are written in another -> where they belong, where several know them.
_PREFERRED = {
    "model_group_alias": ("router_settings",),
    "cache": ("litellm_settings",),
    "drop_params": ("litellm_settings",),
    "set_verbose": ("litellm_settings",),
    "json_logs": ("litellm_settings",),
    "callbacks": ("litellm_settings",),
    "master_key": ("general_settings",),
}
#: Keys that say something to an editor or hold anchors.
_QUIET = re.compile(r"x-|\$schema$|\.|_|anchors?$|definitions$|defaults?$|templates?$", re.IGNORECASE)


def _is_anchor(context: Context, member: Member) -> bool:
    """Whether a key at the top only holds what is referred to elsewhere."""
    if _QUIET.match(member.key) or member.key == "<<":
        return True
    gap = context.source(type(member.key_span)(member.key_span.end, member.node.span.start))
    return "&" in gap


def _known_in(context: Context, key: str) -> tuple[str, ...]:
    """The sections that read a key, the likeliest alone where somebody surely means it."""
    if key in _AT_TOP:
        return ()
    if key in _PREFERRED:
        return _PREFERRED[key]
    return tuple(name for name in SECTIONS if reads(context, name, key))


def _home(context: Context, key: str, here: str) -> str:
    """What to do about a key that another section reads; empty where none does."""
    if key in _AT_TOP and here:
        return tr("It belongs at the top of the file.")
    places = [name for name in _known_in(context, key) if name != here]
    if places:
        return tr("It belongs in {places}.", places=listed(places))
    if key in context.tables.keys("litellm_params") and key not in context.tables.keys("top"):
        return tr("It belongs in the litellm_params of a deployment.")
    return ""


def reads(context: Context, section: str, key: str) -> bool:
    """Whether a section reads a key.

    What the tables found of the router's own arguments in general_settings are names that newer versions
    pass through, and read nowhere.
    """
    found = context.tables.keys(section).get(key)
    passed_through = section == "general_settings" and key in context.tables.keys("router_settings")
    return found is not None and not (passed_through and found.since and not found.types)


def _unknown(context: Context, section: str) -> Iterator[Member]:
    node = context.section(section)
    for member in context.members(node).values() if node else ():
        if (
            not reads(context, section, member.key)
            and not member.key.startswith("x-")
            and member.key not in _elsewhere(section)
        ):
            yield member


def _elsewhere(section: str) -> Iterable[str]:
    """Keys of a section that rules of their own judge."""
    if section == "router_settings":
        return ("health_check_interval", "health_check_concurrency")
    if section == "general_settings":
        return ("one_adapter",)  # what the runtime of an exported file reads
    return ("guardrails",) if section == "litellm_settings" else ()


@rule("LIT101", "unknown-section", "warning")
def unknown_section(context: Context) -> Iterator[Note]:
    """LiteLLM knows no such key at the top of the file.

    A slip in the name of a section loses the whole section: with `general_setting:` there is no master key.

    LiteLLM: reads the sections it knows and passes over everything else in silence.
    """
    root = context.root
    if root is None or root.kind != "object":
        return
    known = {**context.tables.keys("top"), "include": None}
    wrappers = {pointer.split("/")[1] for pointer in CHART_PLACES}
    for member in context.members(root).values():
        key = member.key
        if key in known or _is_anchor(context, member) or _home(context, key, "") or key in wrappers:
            continue
        meant = nearest(key, known) or SYNONYMS.get(squeezed(key), SYNONYMS.get(key, ""))
        meant = meant if meant != key else ""
        advice = tr("Did you mean {name}?", name=meant) if meant else tr("It can be removed.")
        said = tr('LiteLLM reads no "{key}" at the top of the file', key=key)
        yield Note(f"/{escape(key)}", member.key_span, said, advice)


@rule("LIT102", "wrong-section", "warning")
def wrong_section(context: Context) -> Iterator[Note]:
    """A setting stands in a section that does not read it, and another one does.

    `max_budget` under `general_settings` limits nothing, `fallbacks` at the top of the file never happen.

    LiteLLM: passes over it in silence; under `router_settings` with a warning in the log.
    """
    root = context.root
    known = {**context.tables.keys("top"), "include": None}
    for member in context.members(root).values() if root and root.kind == "object" else ():
        advice = "" if member.key in known or _is_anchor(context, member) else _home(context, member.key, "")
        if advice:
            said = tr("LiteLLM does not read {key} at the top of the file", key=member.key)
            yield Note(f"/{escape(member.key)}", member.key_span, said, advice)
    for section in SECTIONS:
        for member in _unknown(context, section):
            if section == "litellm_settings" and _replaces(context, member.key):
                continue
            advice = _home(context, member.key, section)
            if advice:
                said = tr("{section} does not read {key}", section=section, key=member.key)
                # A name that nobody knows ends every call.
                severity: Severity | None = (
                    "error" if member.key == "model_group_alias" and member.node.value else None
                )
                yield Note(
                    f"/{section}/{escape(member.key)}", member.key_span, said, advice, severity=severity
                )


@rule("LIT103", "unknown-key", "warning")
def unknown_key(context: Context) -> Iterator[Note]:
    """LiteLLM reads no such setting.

    LiteLLM: passes over it in silence, or with a warning in the log under `router_settings`.
    """
    for section in SECTIONS:
        for member in _unknown(context, section):
            every = context.tables.every_key(section).get(member.key)
            elsewhere = every is not None and not every.known_in(context.version)
            if elsewhere or _home(context, member.key, section):
                continue
            if section == "litellm_settings" and _replaces(context, member.key):
                continue
            yield _told(member, f"/{section}", section, context.tables.keys(section))
    for pointer, node, table in _inner(context):
        known = context.tables.keys(table)
        for member in context.members(node).values():
            if member.key not in known and member.key not in context.tables.every_key(table):
                yield _told(member, pointer, pointer.rpartition("/")[2], known)


def _told(member: Member, pointer: str, where: str, known: Iterable[str]) -> Note:
    meant = nearest(member.key, known)
    advice = tr("Did you mean {name}?", name=meant) if meant else ""
    said = tr('LiteLLM reads no "{key}" in {where}', key=member.key, where=where)
    return Note(f"{pointer}/{escape(member.key)}", member.key_span, said, advice)


def _inner(context: Context) -> Iterator[tuple[str, Node, str]]:
    """Mappings inside the sections whose keys are known one by one: pointer, node, table."""
    for pointer, table in (
        ("/router_settings/retry_policy", "retry_policy"),
        ("/router_settings/allowed_fails_policy", "allowed_fails_policy"),
        ("/litellm_settings/cache_params", "cache_params"),
        ("/litellm_settings/upperbound_key_generate_params", "upperbound_key_params"),
        ("/general_settings/alerting_args", "alerting_args"),
    ):
        node = context.find(pointer)
        if node is not None and node.kind == "object" and not _is_open(context, table):
            yield pointer, node, table
    groups = context.find("/router_settings/model_group_retry_policy")
    for member in groups.members if groups else ():
        if member.node.kind == "object":
            pointer = f"/router_settings/model_group_retry_policy/{escape(member.key)}"
            yield pointer, member.node, "retry_policy"
    servers = context.section("mcp_servers")
    for member in servers.members if servers else ():
        if member.node.kind == "object":
            yield f"/mcp_servers/{escape(member.key)}", member.node, "mcp_server"


def _is_open(context: Context, table: str) -> bool:
    """Whether more than the known keys may stand there: parameters of the Redis client."""
    node = context.find("/litellm_settings/cache_params/type")
    return table == "cache_params" and (node is None or node.value not in ("local", "disk", "s3", "gcs"))


@rule("LIT111", "not-in-this-version", "warning")
def not_in_this_version(context: Context) -> Iterator[Note]:
    """Another version of LiteLLM reads this setting, the one judged for does not.

    Which version is judged for says `--litellm`.

    LiteLLM: passes over it in silence.
    """
    for section in SECTIONS:
        for member in _unknown(context, section):
            key = context.tables.every_key(section).get(member.key)
            # Of a name that was found in older versions alone nobody can say that it is read no more.
            lost = key is not None and section == "general_settings" and bool(key.until)
            if key is not None and not lost and not _home(context, member.key, section):
                said = tr("LiteLLM {version} does not read {key}", version=context.version, key=member.key)
                advice = tr("It came with {version}.", version=key.since) if key.since else ""
                if key.until and not context.is_version(until=key.until):
                    advice = tr("{version} was the last to read it.", version=key.until)
                yield Note(f"/{section}/{escape(member.key)}", member.key_span, said, advice)


#: Settings whose name in `litellm` is what every call goes through.
_SPECIAL = ("responses",)
_CALLED = frozenset(["acompletion", "get_llm_provider", "Router"])
#: Up to this version a call went through this module by its name.
_CALLED_UNTIL = {"utils": "1.108"}


def _replaces(context: Context, key: str) -> bool:
    if key in context.tables.keys("litellm_settings") or key in _SPECIAL:
        return False
    return key in context.tables.keys("overwrites") or key in _CALLED


@rule("LIT110", "replaces-a-function", "error")
def replaces_a_function(context: Context) -> Iterator[Note]:
    """A setting has the name of one of LiteLLM's own functions, modules or tables.

    What stands under `litellm_settings` becomes an attribute of the module `litellm`, whatever it was before.

    LiteLLM: starts, and whatever goes through that function fails from then on.
    """
    node = context.section("litellm_settings")
    for member in context.members(node).values() if node else ():
        if _replaces(context, member.key):
            said = tr("this replaces LiteLLM's own {key}, which is no setting", key=member.key)
            advice = _home(context, member.key, "litellm_settings") or tr("Remove it.")
            until = _CALLED_UNTIL.get(member.key)
            surely = member.key in _CALLED or (until is not None and context.is_version(until=until))
            severity: Severity | None = None if surely else "warning"
            pointer = f"/litellm_settings/{escape(member.key)}"
            yield Note(pointer, member.key_span, said, advice, severity=severity)
