"""What becomes of the settings for the whole gateway."""

from __future__ import annotations

from one_adapter.config import defaults
from one_adapter.plan.credentials import client_kind_of
from one_adapter.plan.leaf import (
    Judge,
    Judgement,
    Leaf,
    Scope,
    approximated,
    dropped,
    emulated,
    inert,
    mapped,
)
from one_adapter.plan.policy import uses_proxy
from one_adapter.plan.routes import ALL, RANDOM

OURS = "general_settings.one_adapter"


def _port(scope: Scope, _: Leaf) -> Judgement:
    """Where `one-adapter run` listens; with stock LiteLLM it is given on the command line."""
    return mapped(
        f"one-adapter run --port {scope.plan.port}", "with stock litellm: --port on the command line"
    )


def _log_level(_: Scope, leaf: Leaf) -> Judgement:
    """LiteLLM has other levels and another form of log line."""
    level = leaf.text.strip().lower()
    if not level:
        return inert("empty: the default")
    return approximated(
        "LITELLM_LOG in the environment", "LiteLLM has other levels and another form of log line"
    )


def _debug(_: Scope, leaf: Leaf) -> Judgement:
    """LiteLLM has a debug log of its own."""
    if leaf.node.value is True:
        return approximated("LITELLM_LOG=DEBUG", "LiteLLM's debug log says other things")
    return inert("the default")


def _load_balancing(scope: Scope, leaf: Leaf) -> Judgement:
    """Weights for random, one service for `first`, a strict rotation for `rr` and `round_robin`, one entry by
    the name's hash for `hash`; in gateway 0.10 `round_robin` and `hash` are random, and so they are here."""
    word = scope.gateway.load_balancing
    order = scope.dialect.balancing.get(word)
    if order in ("rr", "hash"):
        begins = ("first", "second")[scope.dialect.first_turn]
        rotation = f"strict rotation; it begins with the {begins} entry"
        what = rotation if order == "rr" else "always the same entry"
        return emulated(f"model_info.one_adapter.order: {order}", what)
    if scope.dialect.pools and word == "first":
        return emulated(
            "model_info.one_adapter.order: first", "the others answer when those before them cannot"
        )
    if word == "first":
        return mapped("model_list", "the first service alone; the others wait for an open breaker")
    if word in ("round_robin", "hash"):
        return mapped(
            "litellm_params.weight", f"{word} behaves as random in the gateway, and so it does here"
        )
    return mapped("litellm_params.weight", "" if leaf.text.strip() else "empty: random")


def _api_key(scope: Scope, leaf: Leaf) -> Judgement:
    """The key of clients, read from the environment; it never becomes the key that manages LiteLLM."""
    if not leaf.text.strip():
        return inert("empty: no key is asked for")
    kind = client_kind_of(leaf.text)
    if kind and kind.left_out:
        return dropped(f"it {kind.says}; its variable is left empty")
    padded = leaf.text != leaf.text.strip()
    why = "the blanks around it are taken off, so that clients can use it" if padded else ""
    if scope.gateway.api_keys and not scope.plan.access.keys[0].models:
        why = "not among api_keys, so that it may call no model"
    return emulated(f"{OURS}.access", why)


def _client_key(scope: Scope, leaf: Leaf) -> Judgement:
    """One more key of clients; it guards every route. Beside another `api_key` it is of no use, as in the
    gateway."""
    if _unusable(scope, leaf):
        return inert("beside another api_key this key never gets past the gateway's first door")
    kind = client_kind_of(leaf.text)
    if kind and kind.left_out:
        return dropped(f"it {kind.says}; its variable is left empty")
    return emulated(f"{OURS}.access", "guards every route, not only chats")


def _supported(scope: Scope, leaf: Leaf) -> Judgement:
    """The models a key may call, by the names clients send; the service they stand under says nothing."""
    if _unusable(scope, leaf):
        return inert("belongs to a key that can never be used")
    if leaf.node.kind == "array":
        return inert("an empty list allows nothing")
    name = leaf.text.strip()
    if name != "*" and name not in scope.answering:
        return inert("no such model is served")
    return emulated(f"{OURS}.access", "the service it stands under says nothing")


def _unusable(scope: Scope, leaf: Leaf) -> bool:
    master = scope.gateway.api_key.strip()
    return bool(master) and scope.gateway.api_keys[int(leaf.keys[1])].api_key.strip() != master


def _multi_content(_: Scope, leaf: Leaf) -> Judgement:
    """Upstream models that keep content in parts; for all others it is made into text."""
    if not leaf.text.strip():
        return inert("blank")
    return emulated("model_info.one_adapter.flatten_parts", "these upstream models keep content in parts")


def _global_redirect(scope: Scope, leaf: Leaf) -> Judgement:
    """An alias, followed once and before all else; `all` answers every name."""
    aliases = scope.gateway.model_redirect
    goal = aliases.get(leaf.name, "")
    if leaf.name == ALL:
        return emulated(f"{OURS}.catch_all", f"every name leads to {RANDOM if goal == ALL else goal}")
    if ALL in aliases:
        return inert('"all" answers every name before this is looked at')
    if leaf.name == goal:
        return inert("leads to itself")
    if "*" in leaf.name:
        return dropped("would be a pattern in LiteLLM; name each model, or write all to catch every name")
    if not scope.answering.get(goal):
        return inert(f"leads to {goal!r}, which no service answers; followed once, never further")
    return mapped("model_list", f"the deployments of {goal!r} under this name too")


def _never_read(_: Scope, __: Leaf) -> Judgement:
    """The gateway reads it and never uses it."""
    return inert("the gateway reads it and never uses it")


def _web(_: Scope, leaf: Leaf) -> Judgement:
    """The web console has no counterpart: the exported file is edited instead."""
    if leaf.node.value is True:
        return dropped("the gateway's web console has no counterpart; edit the exported file")
    return inert("the default")


def _translation_enable(_: Scope, __: Leaf) -> Judgement:
    """The endpoint answers whether or not it is switched on."""
    return inert("the endpoint answers whether or not it is switched on")


def _translation(_: Scope, leaf: Leaf) -> Judgement:
    """How `/translate` and its like ask the model `random`."""
    if not leaf.node.value:
        return inert("the default")
    return emulated(f"{OURS}.translation")


def _breaker_enabled(scope: Scope, _: Leaf) -> Judgement:
    """Switches the circuit breaker; it is on when nothing is said."""
    if scope.plan.breaker is None:
        return mapped("router_settings.disable_cooldowns", "no breaker at all")
    return emulated("model_info.one_adapter.breaker", "on is the default")


def _breaker(scope: Scope, leaf: Leaf) -> Judgement:
    """The circuit breaker of each service and client model."""
    if scope.plan.breaker is None:
        return inert("the breaker is switched off")
    if not leaf.node.value:
        return inert("0: the default")
    return emulated("model_info.one_adapter.breaker", "the vendor's 400, 401, 403, 404 and 422 do not count")


def _proxy(scope: Scope, leaf: Leaf) -> Judgement:
    """The address goes to `.env`; each service that the strategy covers names it."""
    proxy = scope.gateway.proxy
    if proxy.strategy == "disabled":
        return inert("the proxy is not used" if leaf.path[-1] != "strategy" else "the default")
    covered = any(each.enabled and uses_proxy(each, proxy.strategy) for each in scope.gateway.services)
    if not covered:
        return inert("no enabled service goes through the proxy")
    field = leaf.path[-1]
    if field == "timeout":
        if proxy.timeout == defaults.PROXY_TIMEOUT_SECONDS:
            return inert("the default")
        return approximated(
            "litellm_params.timeout", "the service's timeout covers the proxy's connection too"
        )
    if field.endswith("_proxy"):
        wanted = "socks5" if proxy.type == "socks5" else "http"
        if not leaf.text.strip() or not field.startswith(wanted):
            return inert(f"not used with type {proxy.type}")
    return emulated("model_info.one_adapter.proxy")


def _statistics(_: Scope, __: Leaf) -> Judgement:
    """The gateway's own count of requests. LiteLLM counts usage and spend with a database."""
    return inert(
        "counts requests for the gateway's console; LiteLLM does so with DATABASE_URL in its admin UI"
    )


WHOLE: dict[tuple[str, ...], Judge] = {
    ("server_port",): _port,
    ("debug",): _debug,
    ("log_level",): _log_level,
    ("load_balancing",): _load_balancing,
    ("api_key",): _api_key,
    ("api_keys", "*", "api_key"): _client_key,
    ("api_keys", "*", "supported_models", "*"): _supported,
    ("api_keys", "*", "supported_models", "*", "*"): _supported,
    ("multi_content_models", "*"): _multi_content,
    ("model_redirect", "*"): _global_redirect,
    ("params_range",): _never_read,
    ("enable_web",): _web,
    ("translation", "enable"): _translation_enable,
    ("translation", "promptTemplate"): _translation,
    ("translation", "retry"): _translation,
    ("translation", "concurrency"): _translation,
    ("circuit_breaker", "enabled"): _breaker_enabled,
    ("circuit_breaker", "failure_threshold"): _breaker,
    ("circuit_breaker", "recovery_timeout_seconds"): _breaker,
    ("circuit_breaker", "half_open_max_requests"): _breaker,
    ("proxy", "strategy"): _proxy,
    ("proxy", "type"): _proxy,
    ("proxy", "http_proxy"): _proxy,
    ("proxy", "https_proxy"): _proxy,
    ("proxy", "socks5_proxy"): _proxy,
    ("proxy", "timeout"): _proxy,
    ("statistics", "enabled"): _statistics,
    ("statistics", "retention_days"): _statistics,
}
