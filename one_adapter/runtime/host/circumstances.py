"""What LiteLLM has to do for every request at present beside making the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from logging import INFO
from typing import Any

import litellm
from litellm._logging import verbose_proxy_logger, verbose_router_logger
from litellm.proxy import proxy_server

from one_adapter.contract import SETTINGS
from one_adapter.runtime.gateway.circumstances import Circumstances
from one_adapter.runtime.host.hooks import Handler
from one_adapter.runtime.host.reading import ROUTERS, configuration, counts

#: LiteLLM's own listeners to answers. Without a database, and for keys that have no limits or budgets, they
#: only fill counters nobody reads.
IDLE = frozenset(
    (
        "_PROXY_VirtualKeyModelMaxBudgetLimiter",
        "_PROXY_MaxParallelRequestsHandler",
        "_PROXY_MaxParallelRequestsHandler_v3",
        "_PROXY_MaxBudgetLimiter",
        "_PROXY_MaxIterationsHandler",
        "_PROXY_MaxBudgetPerSessionHandler",
        "_PROXY_CacheControlCheck",
        "_ProxyDBLogger",
        "PromptCacheObserver",
        "AutoRouterBaselineCache",
        "_PROXY_SensitiveDataRoutingHandler",
        "ResponsesIDSecurity",
        "SkillsInjectionHook",
        "ServiceLogging",
        "SlackAlerting",
    )
)
#: What LiteLLM's command line says about every call.
COMMAND_LINE = ("user_model", "user_temperature", "user_request_timeout", "user_max_tokens", "user_api_base")


#: Settings that one-adapter does not write and that say nothing of a call that is relayed.
NOT_OF_CALLS = frozenset(
    (
        "litellm_settings.user_url_allowed_hosts",
        "litellm_settings.user_url_validation",
        # Where the router's own counts are kept: no strategy that is relayed beside goes by them.
        "router_settings.redis_url",
        "router_settings.redis_host",
        "router_settings.redis_port",
        "router_settings.redis_password",
        "router_settings.redis_db",
    )
)

#: What was found when it was last looked at, and what it means.
_seen: tuple[list[Any], Circumstances] = ([], Circumstances())


def present() -> Circumstances:
    """What holds now and may change while the proxy runs: the same object until something changes."""
    global _seen
    heard = [
        *(litellm.callbacks or ()),
        *(litellm.success_callback or ()),
        *(litellm.failure_callback or ()),
        *(litellm._async_success_callback or ()),
    ]
    logged = verbose_proxy_logger.isEnabledFor(INFO) or verbose_router_logger.isEnabledFor(INFO)
    said = [*map(vars(proxy_server).get, COMMAND_LINE)]
    now = [proxy_server.prisma_client, litellm.cache, litellm.max_budget, logged, said, heard]
    if now != _seen[0]:
        _seen = (
            now,
            Circumstances(
                database=proxy_server.prisma_client is not None,
                listeners=tuple(dict.fromkeys(listening(heard))),
                cache=litellm.cache is not None,
                budget=bool(litellm.max_budget),
                logged=logged,
                ordered=any(one is not None for one in said),
            ),
        )
    return _seen[1]


def listening(callbacks: Iterable[Any]) -> Iterable[str]:
    """The names of those among `callbacks` that do something with an answer."""
    for one in callbacks:
        owner = getattr(one, "__self__", one)
        name = type(owner).__name__
        # LiteLLM names it here once the code for Gemini is loaded; whether there is a cache is asked apart.
        if owner == "cache":
            continue
        # The router counts successes for its cooldowns and for strategies that go by usage.
        if name in ROUTERS and not counts(owner):
            continue
        if not isinstance(owner, Handler) and name not in IDLE:
            yield owner if isinstance(owner, str) else name


def foreign_settings() -> tuple[str, ...]:
    """The names of the loaded configuration's settings that `SETTINGS` does not know."""
    held = configuration()
    return ("which cannot be seen in this version",) if held is None else tuple(unknown_settings(held))


def unknown_settings(config: Mapping[str, Any]) -> Iterable[str]:
    """The settings under which LiteLLM may do more to a call than make it.

    >>> list(unknown_settings({"model_list": [], "router_settings": {"num_retries": 2}, "guardrails": []}))
    ['router_settings.num_retries', 'guardrails']
    """
    for section, values in config.items():
        plain = SETTINGS.get(section)
        if plain is None:
            if section not in ("model_list", "environment_variables"):
                yield section
            continue
        for name, value in (values or {}).items():
            if f"{section}.{name}" in NOT_OF_CALLS:
                continue
            if name not in plain or plain[name] not in (value, ...):
                yield f"{section}.{name}"
