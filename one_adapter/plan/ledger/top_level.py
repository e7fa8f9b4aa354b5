"""What becomes of the settings for the whole gateway."""

from __future__ import annotations

from one_adapter.config import defaults
from one_adapter.language import tr
from one_adapter.plan.credentials import client_kind_of
from one_adapter.plan.ledger.leaf import (
    THE_DEFAULT,
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
    note = tr("with stock litellm: --port on the command line")
    return mapped(f"one-adapter run --port {scope.plan.port}", note)


def _log_level(_: Scope, leaf: Leaf) -> Judgement:
    """LiteLLM has other levels and another form of log line."""
    level = leaf.text.strip().lower()
    if not level:
        return inert(tr("empty: the default"))
    note = tr("LiteLLM has other levels and another form of log line")
    return approximated(tr("LITELLM_LOG in the environment"), note)


def _debug(_: Scope, leaf: Leaf) -> Judgement:
    """LiteLLM has a debug log of its own."""
    if leaf.node.value is True:
        return approximated("LITELLM_LOG=DEBUG", tr("LiteLLM's debug log says other things"))
    return inert(THE_DEFAULT)


def _load_balancing(scope: Scope, leaf: Leaf) -> Judgement:
    """Weights for random, one service for `first`, a strict rotation for `rr` and `round_robin`, one entry by
    the name's hash for `hash`; in gateway 0.10 `round_robin` and `hash` are random, and so they are here."""
    word = scope.gateway.load_balancing
    order = scope.dialect.balancing.get(word)
    if order in ("rr", "hash"):
        begins = (
            tr("strict rotation; it begins with the first entry"),
            tr("strict rotation; it begins with the second entry"),
        )
        what = begins[scope.dialect.first_turn] if order == "rr" else tr("always the same entry")
        return emulated(f"model_info.one_adapter.order: {order}", what)
    if scope.dialect.pools and word == "first":
        note = tr("the others answer when those before them cannot")
        return emulated("model_info.one_adapter.order: first", note)
    if word == "first":
        return mapped("model_list", tr("the first service alone; the others wait for an open breaker"))
    if word in ("round_robin", "hash"):
        note = tr("{word} behaves as random in the gateway, and so it does here", word=word)
        return mapped("litellm_params.weight", note)
    return mapped("litellm_params.weight", "" if leaf.text.strip() else tr("empty: random"))


def _api_key(scope: Scope, leaf: Leaf) -> Judgement:
    """The key of clients, read from the environment; it never becomes the key that manages LiteLLM."""
    if not leaf.text.strip():
        return inert(tr("empty: no key is asked for"))
    kind = client_kind_of(leaf.text)
    if kind and kind.left_out:
        return dropped(tr("it {says}; its variable is left empty", says=kind.says))
    padded = leaf.text != leaf.text.strip()
    why = tr("the blanks around it are taken off, so that clients can use it") if padded else ""
    if scope.gateway.api_keys and not scope.plan.access.keys[0].models:
        why = tr("not among api_keys, so that it may call no model")
    return emulated(f"{OURS}.access", why)


def _client_key(scope: Scope, leaf: Leaf) -> Judgement:
    """One more key of clients; it guards every route. Beside another `api_key` it is of no use, as in the
    gateway."""
    if _unusable(scope, leaf):
        return inert(tr("beside another api_key this key never gets past the gateway's first door"))
    kind = client_kind_of(leaf.text)
    if kind and kind.left_out:
        return dropped(tr("it {says}; its variable is left empty", says=kind.says))
    return emulated(f"{OURS}.access", tr("guards every route, not only chats"))


def _supported(scope: Scope, leaf: Leaf) -> Judgement:
    """The models a key may call, by the names clients send; the service they stand under says nothing."""
    if _unusable(scope, leaf):
        return inert(tr("belongs to a key that can never be used"))
    if leaf.node.kind == "array":
        return inert(tr("an empty list allows nothing"))
    name = leaf.text.strip()
    if name != "*" and name not in scope.answering:
        return inert(tr("no such model is served"))
    return emulated(f"{OURS}.access", tr("the service it stands under says nothing"))


def _unusable(scope: Scope, leaf: Leaf) -> bool:
    master = scope.gateway.api_key.strip()
    return bool(master) and scope.gateway.api_keys[int(leaf.keys[1])].api_key.strip() != master


def _multi_content(_: Scope, leaf: Leaf) -> Judgement:
    """Upstream models that keep content in parts; for all others it is made into text."""
    if not leaf.text.strip():
        return inert(tr("blank"))
    note = tr("these upstream models keep content in parts")
    return emulated("model_info.one_adapter.flatten_parts", note)


def _global_redirect(scope: Scope, leaf: Leaf) -> Judgement:
    """An alias, followed once and before all else; `all` answers every name."""
    aliases = scope.gateway.model_redirect
    goal = aliases.get(leaf.name, "")
    if leaf.name == ALL:
        note = tr("every name leads to {goal}", goal=RANDOM if goal == ALL else goal)
        return emulated(f"{OURS}.catch_all", note)
    if ALL in aliases:
        return inert(tr('"all" answers every name before this is looked at'))
    if leaf.name == goal:
        return inert(tr("leads to itself"))
    if "*" in leaf.name:
        return dropped(tr("would be a pattern in LiteLLM; name each model, or write all to catch every name"))
    if not scope.answering.get(goal):
        return inert(
            tr("leads to {goal!r}, which no service answers; followed once, never further", goal=goal)
        )
    return mapped("model_list", tr("the deployments of {goal!r} under this name too", goal=goal))


def _never_read(_: Scope, __: Leaf) -> Judgement:
    """The gateway reads it and never uses it."""
    return inert(tr("the gateway reads it and never uses it"))


def _web(_: Scope, leaf: Leaf) -> Judgement:
    """The web console has no counterpart: the exported file is edited instead."""
    if leaf.node.value is True:
        return dropped(tr("the gateway's web console has no counterpart; edit the exported file"))
    return inert(THE_DEFAULT)


def _translation_enable(_: Scope, __: Leaf) -> Judgement:
    """The endpoint answers whether or not it is switched on."""
    return inert(tr("the endpoint answers whether or not it is switched on"))


def _translation(_: Scope, leaf: Leaf) -> Judgement:
    """How `/translate` and its like ask the model `random`."""
    if not leaf.node.value:
        return inert(THE_DEFAULT)
    return emulated(f"{OURS}.translation")


def _breaker_enabled(scope: Scope, _: Leaf) -> Judgement:
    """Switches the circuit breaker; it is on when nothing is said."""
    if scope.plan.breaker is None:
        return mapped("router_settings.disable_cooldowns", tr("no breaker at all"))
    return emulated("model_info.one_adapter.breaker", tr("on is the default"))


def _breaker(scope: Scope, leaf: Leaf) -> Judgement:
    """The circuit breaker of each service and client model."""
    if scope.plan.breaker is None:
        return inert(tr("the breaker is switched off"))
    if not leaf.node.value:
        return inert(tr("0: the default"))
    note = tr("the vendor's 400, 401, 403, 404 and 422 do not count")
    return emulated("model_info.one_adapter.breaker", note)


def _proxy(scope: Scope, leaf: Leaf) -> Judgement:
    """The address goes to `.env`; each service that the strategy covers names it."""
    proxy = scope.gateway.proxy
    if proxy.strategy == "disabled":
        return inert(THE_DEFAULT if leaf.path[-1] == "strategy" else tr("the proxy is not used"))
    covered = any(each.enabled and uses_proxy(each, proxy.strategy) for each in scope.gateway.services)
    if not covered:
        return inert(tr("no enabled service goes through the proxy"))
    field = leaf.path[-1]
    if field == "timeout":
        if proxy.timeout == defaults.PROXY_TIMEOUT_SECONDS:
            return inert(THE_DEFAULT)
        note = tr("the service's timeout covers the proxy's connection too")
        return approximated("litellm_params.timeout", note)
    if field.endswith("_proxy"):
        wanted = "socks5" if proxy.type == "socks5" else "http"
        if not leaf.text.strip() or not field.startswith(wanted):
            return inert(tr("not used with type {type}", type=proxy.type))
    return emulated("model_info.one_adapter.proxy")


def _statistics(_: Scope, __: Leaf) -> Judgement:
    """The gateway's own count of requests. LiteLLM counts usage and spend with a database."""
    return inert(
        tr("counts requests for the gateway's console; LiteLLM does so with DATABASE_URL in its admin UI")
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
