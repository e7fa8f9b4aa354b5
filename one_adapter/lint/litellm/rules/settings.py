"""LIT114 and 115: values of settings."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node, escape
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import fits, is_reference, wanted
from one_adapter.lint.litellm.hints import nearest
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.checks import AT_START, number
from one_adapter.lint.litellm.tables import Key


@rule("LIT114", "setting-refused", "error")
def setting_refused(context: Context) -> Iterator[Note]:
    """A setting has a value that LiteLLM does not start with.

    Most settings are taken as they are. A few are read while the proxy starts: budgets, the master key, the
    time of a budget's reset, teams, providers of your own, endpoints that are passed through.

    LiteLLM: refuses to start, often with a bare Python error such as `'int' object has no attribute
    'startswith'`. A `request_timeout` that is no number, and a `model_alias_map` that is no mapping, end
    every call instead; a `model_cost` that is none loses every deployment.
    """
    for section, checks in AT_START.items():
        node = context.section(section)
        for member in context.members(node).values() if node else ():
            check = checks.get(member.key)
            said = check(context, member.node) if check and not is_reference(member.node) else None
            if said:
                yield context.note(f"/{section}/{member.key}", said)
    yield from _request_timeout(context)
    yield from _inner(context)
    yield from _misplaced_intervals(context)


def _request_timeout(context: Context) -> Iterator[Note]:
    node = context.find("/litellm_settings/request_timeout")
    said = number(context, node) if node is not None and not is_reference(node) else None
    if said:
        yield context.note("/litellm_settings/request_timeout", said, tr("It is a number of seconds."))


#: Mappings whose values a model of LiteLLM's checks, with their table.
_CHECKED = (
    ("/litellm_settings/upperbound_key_generate_params", "upperbound_key_params"),
    ("/litellm_settings/model_group_settings", "model_group_settings"),
    ("/router_settings/retry_policy", "retry_policy"),
    ("/router_settings/allowed_fails_policy", "allowed_fails_policy"),
    ("/general_settings/alerting_args", "alerting_args"),
)


def _inner(context: Context) -> Iterator[Note]:
    for place, table in _CHECKED:
        node = context.find(place)
        known = context.tables.keys(table)
        for member in node.members if node else ():
            key, value = known.get(member.key), member.node
            if (
                key
                and key.types
                and value.kind != "null"
                and not is_reference(value)
                and not fits(value, key)
            ):
                yield context.note(f"{place}/{escape(member.key)}", wanted(member.key, key, value))


def _misplaced_intervals(context: Context) -> Iterator[Note]:
    for name in ("health_check_interval", "health_check_concurrency"):
        if context.find(f"/router_settings/{name}") is not None:
            said = tr("LiteLLM does not start with {name} here", name=name)
            yield context.key_note(f"/router_settings/{name}", said, tr("It belongs in general_settings."))


#: Settings whose declared type says less than what LiteLLM takes, or of which other rules speak.
_OWN_RULES = frozenset(
    [
        "fallbacks",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "default_fallbacks",
        "model_group_alias",
        "routing_strategy",
        "cache",
        "cache_params",
        "callbacks",
        "success_callback",
        "failure_callback",
        "input_callback",
        "service_callback",
        "audit_log_callbacks",
        "guardrails",
        "model_list",
        "request_timeout",
        "background_health_checks",
        "health_check_interval",
        "master_key",
    ]
)
#: Words that a setting, or an element of its list, may be, beside those its declaration names.
_WORDS = {"alerting": ("slack", "email", "webhook", "sentry", "ms_teams")}


@rule("LIT115", "setting-type", "warning")
def setting_type(context: Context) -> Iterator[Note]:
    """A setting has a value of another type than LiteLLM expects.

    LiteLLM: takes it as it is. What it does then depends on where it is used: a text counts as true even
    where it says `no`, a number in quotes fails when it is compared. Of a word that it does not know, as in
    `alerting` or `alert_types`, it takes no notice.
    """
    for section, checks in AT_START.items():
        node = context.section(section)
        known = context.tables.keys(section)
        for member in context.members(node).values() if node else ():
            key, value = known.get(member.key), member.node
            if key is None or not key.types or member.key in _OWN_RULES:
                continue
            if member.key in checks and checks[member.key](context, value):
                continue  # that the start is refused is said already
            if value.kind == "null" or is_reference(value):
                continue
            pointer = f"/{section}/{escape(member.key)}"
            if not fits(value, key):
                yield context.note(pointer, wanted(member.key, key, value))
            else:
                yield from _unknown_words(context, pointer, value, _words(context, key))


def _words(context: Context, key: Key) -> tuple[str, ...]:
    if key.name == "optional_pre_call_checks":
        return tuple(context.tables.words("pre_call_checks"))
    if key.name in ("database_type", "key_management_system"):
        return ()  # others speak of these
    return _WORDS.get(key.name, key.values)


def _unknown_words(context: Context, pointer: str, node: Node, known: tuple[str, ...]) -> Iterator[Note]:
    places = (
        [(f"{pointer}/{index}", item) for index, item in enumerate(node.items)]
        if node.kind == "array"
        else [(pointer, node)]
    )
    for place, item in places if known else ():
        if item.kind == "string" and item.value not in known and not is_reference(item):
            meant = nearest(item.value, known)
            advice = tr("Did you mean {name}?", name=meant) if meant else ""
            yield context.note(place, tr('LiteLLM knows no "{name}" here', name=item.value), advice)
