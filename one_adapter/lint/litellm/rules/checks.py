"""What single settings have to be for LiteLLM to start with them: a check a setting."""

from __future__ import annotations

import re
from collections.abc import Callable

from one_adapter.config.node import Node
from one_adapter.language import Message, listed, tr
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.fitting import KINDS, fits, is_number, is_reference
from one_adapter.lint.litellm.tables import Key

Check = Callable[[Context, Node], Message | None]
_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$")


def number(_: Context, node: Node) -> Message | None:
    """What is wrong with a value that has to be a number, or a text that is one."""
    if node.kind in ("number", "bool") or (node.kind == "string" and is_number(node.value)):
        return None
    return tr("this must be a number, it is {kind}", kind=KINDS[node.kind])


def _number_or_nothing(context: Context, node: Node) -> Message | None:
    return None if node.kind == "null" else number(context, node)


def _number_until_1_108(context: Context, node: Node) -> Message | None:
    return _number_or_nothing(context, node) if context.is_version(until="1.108") else None


def _number_since_1_109(context: Context, node: Node) -> Message | None:
    return _number_or_nothing(context, node) if context.is_version(since="1.109") else None


def _nothing_until_1_108(context: Context, node: Node) -> Message | None:
    refused = bool(node.members) or (bool(node.value) and context.is_version(until="1.108"))
    return (
        tr("LiteLLM {version} does not start with this in a file", version=context.version)
        if refused
        else None
    )


def _mapping(_: Context, node: Node) -> Message | None:
    return (
        None if node.kind == "object" else tr("this must be a mapping, it is {kind}", kind=KINDS[node.kind])
    )


def _mapping_until_1_108(context: Context, node: Node) -> Message | None:
    return _mapping(context, node) if context.is_version(until="1.108") else None


def _mapping_or_nothing(context: Context, node: Node) -> Message | None:
    return None if node.kind == "null" else _mapping(context, node)


def _mapping_until_1_109(context: Context, node: Node) -> Message | None:
    return _mapping_or_nothing(context, node) if context.is_version(until="1.109") else None


def _list(_: Context, node: Node) -> Message | None:
    return (
        None
        if node.kind in ("array", "null")
        else tr("this must be a list, it is {kind}", kind=KINDS[node.kind])
    )


def _list_since_1_108(context: Context, node: Node) -> Message | None:
    return _list(context, node) if context.is_version(since="1.108") else None


def _no_number(context: Context, node: Node) -> Message | None:
    refused = node.kind in ("number", "bool") and context.is_version(until="1.108")
    return _list(context, node) if refused else None


def _whole(_: Context, node: Node) -> Message | None:
    right = node.kind in ("number", "bool", "null")
    return None if right else tr("this must be a number, it is {kind}", kind=KINDS[node.kind])


def _budgets(context: Context, node: Node) -> Message | None:
    if node.kind not in ("object", "null"):
        return _mapping(context, node)
    for member in node.members:
        limit = member.node.get("budget_limit") if member.node.kind == "object" else None
        said = number(context, limit) if limit is not None and not is_reference(limit) else None
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
        if item.kind != "object" or item.get("path") is None:
            return tr("each entry must have a {name}", name="path")
        headers = item.get("headers")
        if headers is not None and headers.kind not in ("object", "null"):
            return tr("{name} must be a mapping, this is {kind}", name="headers", kind=KINDS[headers.kind])
    return None


def _truth(_: Context, node: Node) -> Message | None:
    right = node.kind == "null" or fits(node, Key("", ("boolean",)))
    return None if right else tr("this must be true or false, it is {kind}", kind=KINDS[node.kind])


def _redis(_: Context, node: Node) -> Message | None:
    if node.kind == "null" or (node.kind == "object" and any(node.get(name) for name in _TARGETS)):
        return None
    return tr("this must be a mapping with a host or a url")


def _system(_: Context, node: Node) -> Message | None:
    right = node.kind == "null" or node.value in _SYSTEMS
    return None if right else tr("this is no system for keys that LiteLLM knows")


def _redis_url(_: Context, node: Node) -> Message | None:
    if node.kind != "string" or not node.value or node.value.startswith(REDIS_SCHEMES):
        return None
    return tr("the address of a Redis begins with {schemes}", schemes=listed(REDIS_SCHEMES))


def _alerting(_: Context, node: Node) -> Message | None:
    right = node.kind in ("array", "string", "null")
    return None if right else tr("this must be a list, it is {kind}", kind=KINDS[node.kind])


#: What LiteLLM's library for Redis takes in front of an address.
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
_TARGETS = ("host", "url", "startup_nodes", "sentinel_nodes")
#: Where LiteLLM can take keys from.
_SYSTEMS = (
    "google_kms", "azure_key_vault", "aws_secret_manager", "google_secret_manager", "hashicorp_vault",
    "cyberark", "local", "aws_kms", "custom",
)  # fmt: skip
#: What LiteLLM checks, or trips over, when it starts.
AT_START: dict[str, dict[str, Check]] = {
    "litellm_settings": {
        "max_budget": number,
        "allowed_fails": _number_since_1_109,
        "max_internal_user_budget": number,
        "default_max_internal_user_budget": number,
        "max_ui_session_budget": _number_or_nothing,
        "upperbound_key_generate_params": _mapping,
        "priority_reservation_settings": _mapping,
        "model_group_settings": _mapping,
        "model_alias_map": _mapping,
        "model_cost": _mapping,
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
        "health_check_staleness_threshold": _number_until_1_108,
        "coordination_redis": _redis,
        "spend_logs_metadata_fields": _mapping_or_nothing,
        "user_api_key_cache_max_size": _number_or_nothing,
        "role_permissions": _list,
        "team_metadata_schema": _list,
        "mcp_advertised_versions": _list,
        "mcp_disabled_capabilities": _list_since_1_108,
        "key_management_settings": _mapping_or_nothing,
        "key_management_system": _system,
        "alerting": _alerting,
        "vector_store_deny_by_default": _truth,
        "search_tool_deny_by_default": _truth,
        "custom_auth": _text,
        "custom_key_generate": _text,
        "custom_sso": _text,
        "pass_through_endpoints": _endpoints,
    },
    "router_settings": {
        "alerting_config": _nothing_until_1_108,
        "cooldown_time": _no_boolean,
        "default_litellm_params": _mapping_until_1_109,
        "default_max_parallel_requests": _whole,
        "optional_pre_call_checks": _no_number,
        "routing_groups": _list,
        "redis_url": _redis_url,
        "provider_budget_config": _budgets,
    },
}
