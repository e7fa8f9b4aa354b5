"""LIT114 and 115: values of settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from one_adapter.config.node import Node, escape
from one_adapter.language import Message, tr
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, fits, is_number, is_reference, wanted
from one_adapter.lint.litellm.rule import rule

Check = Callable[[Context, Node], Message | None]
_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$")


def _number(_: Context, node: Node) -> Message | None:
    if node.kind in ("number", "bool") or (node.kind == "string" and is_number(node.value)):
        return None
    return tr("this must be a number, it is {kind}", kind=KINDS[node.kind])


def _number_or_nothing(context: Context, node: Node) -> Message | None:
    return None if node.kind == "null" else _number(context, node)


def _mapping(_: Context, node: Node) -> Message | None:
    return (
        None if node.kind == "object" else tr("this must be a mapping, it is {kind}", kind=KINDS[node.kind])
    )


def _mapping_until_1_108(context: Context, node: Node) -> Message | None:
    return _mapping(context, node) if context.is_version(until="1.108") else None


def _mapping_or_nothing(context: Context, node: Node) -> Message | None:
    return None if node.kind == "null" else _mapping(context, node)


def _list(_: Context, node: Node) -> Message | None:
    return (
        None
        if node.kind in ("array", "null")
        else tr("this must be a list, it is {kind}", kind=KINDS[node.kind])
    )


def _whole(_: Context, node: Node) -> Message | None:
    right = node.kind in ("number", "bool", "null")
    return None if right else tr("this must be a number, it is {kind}", kind=KINDS[node.kind])


def _budgets(context: Context, node: Node) -> Message | None:
    if node.kind not in ("object", "null"):
        return _mapping(context, node)
    for member in node.members:
        limit = member.node.get("budget_limit") if member.node.kind == "object" else None
        said = _number(context, limit) if limit is not None and not is_reference(limit) else None
        if said:
            return tr("the budget_limit of {name} must be a number", name=member.key)
    return None


def _text(_: Context, node: Node) -> Message | None:
    return (
        None
        if node.kind in ("string", "null")
        else tr("this must be text, it is {kind}", kind=KINDS[node.kind])
    )


def _names(_: Context, node: Node) -> Message | None:
    right = node.kind == "null" or (
        node.kind == "array" and all(item.kind == "string" for item in node.items)
    )
    return None if right else tr("this must be a list of names")


def _no_boolean(context: Context, node: Node) -> Message | None:
    if node.kind == "bool" and context.is_version(since="1.109"):
        return tr("this must be a number of seconds, it is {kind}", kind=KINDS[node.kind])
    return None


def _pattern(_: Context, node: Node) -> Message | None:
    if node.kind != "string" or len(node.value) > 500:
        return None
    try:
        re.compile(node.value)
    except (re.error, RecursionError, OverflowError):
        return tr("this is no regular expression")
    return None


def _time(_: Context, node: Node) -> Message | None:
    right = node.kind == "null" or (node.kind == "string" and _TIME.match(node.value.strip()))
    return None if right else tr('this must be a time of day in quotes, such as "12:00"')


def _teams(_: Context, node: Node) -> Message | None:
    if node.kind != "array":
        return tr("this must be a list, it is {kind}", kind=KINDS[node.kind])
    if any(item.kind != "object" or item.get("team_id") is None for item in node.items):
        return tr("each entry must have a {name}", name="team_id")
    return None


def _providers(_: Context, node: Node) -> Message | None:
    if node.kind != "array":
        return tr("this must be a list, it is {kind}", kind=KINDS[node.kind])
    for name in ("provider", "custom_handler"):
        if any(item.kind != "object" or item.get(name) is None for item in node.items):
            return tr("each entry must have a {name}", name=name)
    return None


def _user_params(context: Context, node: Node) -> Message | None:
    budget = node.get("max_budget") if node.kind == "object" else None
    return _number_or_nothing(context, budget) if budget is not None and not is_reference(budget) else None


def _endpoints(_: Context, node: Node) -> Message | None:
    for item in node.items:
        for name in ("path", "target"):
            if item.kind != "object" or item.get(name) is None:
                return tr("each entry must have a {name}", name=name)
    return None


#: What LiteLLM checks, or trips over, when it starts.
AT_START: dict[str, dict[str, Check]] = {
    "litellm_settings": {
        "max_budget": _number,
        "max_internal_user_budget": _number,
        "default_max_internal_user_budget": _number,
        "max_ui_session_budget": _number_or_nothing,
        "upperbound_key_generate_params": _mapping,
        "priority_reservation_settings": _mapping,
        "model_group_settings": _mapping,
        "default_team_settings": _teams,
        "custom_provider_map": _providers,
        "key_alias_pattern": _pattern,
        "budget_reset_time": _time,
        "post_call_rules": _text,
        "default_internal_user_params": _user_params,
        "responses": _mapping_until_1_108,
    },
    "general_settings": {
        "master_key": _text,
        "database_url": _text,
        "user_api_key_cache_ttl": _number_or_nothing,
        "background_health_check_model_groups": _names,
        "custom_auth": _text,
        "custom_key_generate": _text,
        "custom_sso": _text,
        "pass_through_endpoints": _endpoints,
    },
    "router_settings": {
        "cooldown_time": _no_boolean,
        "default_litellm_params": _mapping_or_nothing,
        "default_max_parallel_requests": _whole,
        "optional_pre_call_checks": _list,
        "routing_groups": _list,
        "provider_budget_config": _budgets,
    },
}


@rule("LIT114", "setting-refused", "error")
def setting_refused(context: Context) -> Iterator[Note]:
    """A setting has a value that LiteLLM does not start with.

    Most settings are taken as they are. A few are read while the proxy starts: budgets, the master key, the
    time of a budget's reset, teams, providers of your own, endpoints that are passed through.

    LiteLLM: refuses to start, often with a bare Python error such as `'int' object has no attribute
    'startswith'`. A `request_timeout` that is no number ends every call instead.
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
    said = _number(context, node) if node is not None and not is_reference(node) else None
    if said:
        yield context.note("/litellm_settings/request_timeout", said, tr("It is a number of seconds."))


#: Mappings whose values a model of LiteLLM's checks, with their table.
_CHECKED = (
    ("/litellm_settings/upperbound_key_generate_params", "upperbound_key_params"),
    ("/litellm_settings/model_group_settings", "model_group_settings"),
    ("/router_settings/retry_policy", "retry_policy"),
    ("/router_settings/allowed_fails_policy", "allowed_fails_policy"),
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
#: Lists of words that a setting's list may hold.
_WORDS = {"optional_pre_call_checks": "pre_call_checks"}


@rule("LIT115", "setting-type", "warning")
def setting_type(context: Context) -> Iterator[Note]:
    """A setting has a value of another type than LiteLLM expects.

    LiteLLM: takes it as it is. What it does then depends on where it is used: a text counts as true even
    where it says `no`, a number in quotes fails when it is compared.
    """
    for section, checks in AT_START.items():
        node = context.section(section)
        known = context.tables.keys(section)
        for member in context.members(node).values() if node else ():
            key, value = known.get(member.key), member.node
            if key is None or not key.types or member.key in _OWN_RULES or member.key in checks:
                continue
            if value.kind == "null" or is_reference(value):
                continue
            pointer = f"/{section}/{escape(member.key)}"
            if not fits(value, key):
                yield context.note(pointer, wanted(member.key, key, value))
            elif value.kind == "array" and member.key in _WORDS:
                yield from _unknown_words(context, pointer, value, _WORDS[member.key])


def _unknown_words(context: Context, pointer: str, node: Node, words: str) -> Iterator[Note]:
    from one_adapter.lint.litellm.hints import nearest

    known = context.tables.words(words)
    for index, item in enumerate(node.items):
        if item.kind == "string" and item.value not in known:
            meant = nearest(item.value, known)
            advice = tr("Did you mean {name}?", name=meant) if meant else ""
            yield context.note(
                f"{pointer}/{index}", tr('LiteLLM knows no "{name}" here', name=item.value), advice
            )
