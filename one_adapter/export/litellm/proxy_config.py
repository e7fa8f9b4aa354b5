"""The plan as a LiteLLM proxy configuration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from one_adapter import contract
from one_adapter.config.document import Document, leaves
from one_adapter.config.node import segments
from one_adapter.contract import HANDLERS, MASTER_KEY, REFERENCE
from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.deployments import Deployments
from one_adapter.export.litellm.groups import groups_of
from one_adapter.export.litellm.prices import NO_PRICES, Prices
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.export.yaml_writer import Comment, Flow, document
from one_adapter.language import tr
from one_adapter.plan.types import Plan, Route

RELAY = tr(
    "true: where a vendor speaks the client's own protocol and LiteLLM has nothing to add, its\n"
    "answers are passed on as they came, many times faster; false: LiteLLM makes every call"
)


def proxy_config(
    plan: Plan,
    secrets: Secrets,
    pure: bool = False,
    relay: bool = True,
    prices: Prices = NO_PRICES,
    values: Mapping[str, str] = MappingProxyType({}),
    watch: bool | None = None,
    redis: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """The text of the configuration; the same plan gives the same bytes.

    `relay` false has every request go through LiteLLM. `prices` says what LiteLLM counts spend by. `values`
    are the variables that deployments have by value; what our own code reads at run time stays by name.
    `watch`: the proxy follows changes, of this file (True) or of what it was made of (False); None: none.
    `redis`: what is to be said of the Redis that all processes share.
    """
    writer = Deployments(plan, secrets, pure, prices, values)
    model_list = writer.model_list()
    sections: dict[Any, Any] = {Comment(_head(plan, pure)): None, "model_list": model_list}
    providers = {
        target.upstream.provider
        for group in groups_of(plan)
        for target in group.targets
        if target.upstream.provider in HANDLERS
    }
    sections["litellm_settings"] = _litellm_settings(sorted(providers), pure)
    sections["router_settings"] = _router_settings(plan, pure)
    sections["general_settings"] = _general_settings(plan, pure, relay, redis)
    if watch is not None:
        sections["general_settings"][contract.SECTION] |= _followed(plan, watch)
    return document(sections)


def _head(plan: Plan, pure: bool) -> str:
    if pure:
        return tr(
            "LiteLLM proxy configuration, written by one-adapter from a simple-one-api {version} file.\n"
            "It uses stock LiteLLM alone; the report says what of the old file that leaves out.",
            version=plan.dialect.version,
        )
    return tr(
        "LiteLLM proxy configuration, written by one-adapter from a simple-one-api {version} file.\n"
        "It is yours from here on: edit it, and start it with `litellm --config` or with\n"
        "`one-adapter run` on the old file. Secrets are read from the environment (.env).",
        version=plan.dialect.version,
    )


def _followed(plan: Plan, watch: bool) -> dict[Any, Any]:
    """What a proxy has to know whose configuration may change under it."""
    ours: dict[Any, Any] = {
        Comment(
            tr("services that the old file gives no id: known by address and key, wherever they stand")
        ): None,
        "counted": Flow([policy.id for policy in plan.services if not policy.named]),
    }
    if watch:
        told = tr("changes of this file, and of the .env beside it, are followed without a restart")
        ours[Comment(told)] = None
        ours["watch"] = True
    return ours


def _litellm_settings(providers: list[str], pure: bool) -> dict[Any, Any]:
    own = contract.SETTINGS["litellm_settings"]
    settings: dict[Any, Any] = {}
    if not pure:
        settings["callbacks"] = Flow([contract.CALLBACK])
        if providers:
            settings["custom_provider_map"] = [
                Flow({"provider": name, "custom_handler": HANDLERS[name]}) for name in providers
            ]
    settings[Comment(tr("one upstream call a request, as before: no hidden retries"))] = None
    settings["num_retries"] = own["num_retries"]
    settings[Comment(tr("/v1/messages reaches vendors that know chat completions only"))] = None
    name = "use_chat_completions_url_for_anthropic_messages"
    settings[name] = own[name]
    return settings


def _router_settings(plan: Plan, pure: bool) -> dict[Any, Any]:
    own = contract.SETTINGS["router_settings"]
    settings: dict[Any, Any] = {name: own[name] for name in ("routing_strategy", "num_retries")}
    if pure and plan.breaker:
        settings[Comment(tr("the nearest LiteLLM has to the gateway's circuit breaker"))] = None
        settings["allowed_fails"] = plan.breaker.failures - 1
        settings["cooldown_time"] = plan.breaker.recovery_seconds
    else:
        told = tr("the circuit breaker is one-adapter's; LiteLLM's cooldowns would fight it")
        settings[Comment(told)] = None
        settings["disable_cooldowns"] = own["disable_cooldowns"]
    return settings


def _general_settings(plan: Plan, pure: bool, relay: bool, redis: Mapping[str, object]) -> dict[Any, Any]:
    told = tr("LiteLLM does not start without one; clients never use it")
    if pure:
        told = tr(
            "LiteLLM does not start without one; clients need it too, or virtual keys in LiteLLM's database"
        )
    settings: dict[Any, Any] = {
        Comment(told): None,
        "master_key": f"{REFERENCE}{MASTER_KEY}",
    }
    if pure:
        return settings
    own = contract.SETTINGS["general_settings"]
    settings |= {
        "custom_auth": own["custom_auth"],
        Comment(tr("a client that leaves ends its upstream call")): None,
        "cancel_on_disconnect": own["cancel_on_disconnect"],
        Comment(tr("the gateway asked upstreams for nothing a client had not asked for")): None,
        "always_include_stream_usage": own["always_include_stream_usage"],
        "disable_model_info_refresh": own["disable_model_info_refresh"],
    }
    settings[contract.SECTION] = _ours(plan, relay, redis)
    return settings


def _ours(plan: Plan, relay: bool, redis: Mapping[str, object]) -> dict[Any, Any]:
    ours: dict[Any, Any] = {"version": contract.VERSION, "gateway": plan.dialect.version}
    ours |= {Comment(RELAY): None, "relay": relay}
    ours |= redis
    if plan.any is not None:
        ours[Comment(tr("answers every name: the gateway's global redirect `all`"))] = None
        ours["catch_all"] = plan.any.alias_of or ""
    owners = {policy.id: policy.owner for policy in plan.services}
    off = {route.name: owners[route.off] for route in plan.routes if _is_off(route)}
    if off:
        told = tr("names whose keys are all switched off, and whose they are: answered with 429")
        ours[Comment(told)] = None
        ours["keys_off"] = off
    unlisted = [
        route.name for route in plan.routes if not route.listed and (_answers(route) or _is_off(route))
    ]
    if unlisted:
        ours[Comment(tr("names that work and are not shown by /v1/models"))] = None
        ours["unlisted"] = unlisted
    aliases = [route.name for route in plan.routes if route.alias_of and (_answers(route) or _is_off(route))]
    if aliases:
        told = tr("names of the global model_redirect; /v1/models/NAME does not know them")
        ours[Comment(told)] = None
        ours["aliases"] = aliases
    keys = [
        Flow({"env": name, "models": list(key.models)})
        for name, key in zip(client_key_names(plan.access), plan.access.keys, strict=True)
    ]
    told = tr("env: the variable that holds the key; models: the names it may call")
    ours[Comment(told)] = None
    ours["access"] = {"open": plan.access.open, "keys": keys}
    translation: dict[str, Any] = {"model": "random"}
    if plan.translation.prompt_template:
        translation["prompt_template"] = plan.translation.prompt_template
    if plan.translation.retry:
        translation["retry"] = plan.translation.retry
    if plan.translation.concurrency:
        translation["concurrency"] = plan.translation.concurrency
    ours["translation"] = translation
    return ours


def _answers(route: Route) -> bool:
    return "*" not in route.name and bool(route.targets or route.embedding_targets)


def _is_off(route: Route) -> bool:
    return "*" not in route.name and bool(route.off) and not _answers(route)


def refuse_references(source: Document) -> None:
    """Raise `OneAdapterError` (exit code 1) where the source says what LiteLLM would expand.

    LiteLLM replaces every text that begins with `os.environ/`, at any depth and
    even in names, by the variable's value, and there is no way to escape it.
    """
    for pointer, node in leaves(source.root) if source.root else ():
        texts = [(node.value, node.span.start)] if isinstance(node.value, str) else []
        texts += [(part, node.span.start) for part in segments(pointer)]
        for text, at in texts:
            if text.strip().startswith(REFERENCE):
                line, column = source.position(at)
                where = f"{source.name}:{line}:{column}"
                told = tr(
                    "{where}: a text that begins with {reference} cannot be carried over: LiteLLM would "
                    "replace it by a variable's value",
                    where=where,
                    reference=REFERENCE,
                )
                raise OneAdapterError(told, 1)


def environment(secrets: Secrets, master_key: str) -> Mapping[str, str]:
    """Everything the exported file reads from the environment."""
    return {MASTER_KEY: master_key, **secrets.values}
