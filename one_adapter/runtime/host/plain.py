"""What LiteLLM's application and router have nothing to do for: which settings, deployments and headers.

Everything here is a list of what is known to be of no account; whatever is on no list is LiteLLM's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The settings under which LiteLLM does nothing to a chat but make the call, section by section. Values
#: matter where they are given.
PLAIN_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "general_settings": {
        "master_key": ...,
        "custom_auth": "one_adapter.runtime.access.authenticate",
        "cancel_on_disconnect": True,
        "always_include_stream_usage": False,
        "disable_model_info_refresh": True,
        "one_adapter": ...,
    },
    "litellm_settings": {
        "callbacks": ...,  # shortcuts.listeners looks at each
        "custom_provider_map": ...,
        "num_retries": 0,
        "use_chat_completions_url_for_anthropic_messages": True,
    },
    "router_settings": {
        "routing_strategy": "simple-shuffle",
        "num_retries": 0,
        "disable_cooldowns": True,
        "model_group_alias": ...,
    },
}
#: What a deployment may say that LiteLLM's router need not act upon.
PLAIN_PARAMETERS = frozenset(
    (
        *("model", "api_base", "api_key", "api_version", "organization", "timeout", "max_retries", "weight"),
        *("use_chat_completions_api", "drop_params", "allowed_openai_params", "extra_headers"),
        *("vertex_credentials", "vertex_location", "vertex_project"),
        *("input_cost_per_token", "output_cost_per_token"),
        *("app_id", "api_secret", "secret_key", "access_key", "domain", "auditing", "uid", "default_user"),
        *("credential_env", "proxy_env", "connect_timeout", "idle_timeout", "history", "openapi_base"),
        *("patch_id", "project_name", "region", "response_mode"),
    )
)
#: What LiteLLM's command line says about every call.
COMMAND_LINE = ("user_model", "user_temperature", "user_request_timeout", "user_max_tokens", "user_api_base")
#: Headers that change what LiteLLM does; others that begin with `x-` or a vendor's name may, too.
TELLING = frozenset((b"origin", b"traceparent", b"tracestate", b"baggage", b"forwarded"))
TELLING_STARTS = (b"x-", b"anthropic-", b"openai-", b"langfuse", b"litellm")
#: Headers that begin so and are yet of no account here.
HARMLESS = (b"x-stainless-", b"x-forwarded-", b"x-real-ip", b"x-request-id", b"x-api-key", b"x-litellm-")


def deployments() -> dict[str, dict[str, Any]]:
    """Return LiteLLM's arguments for each deployment by its id; none when a setting asks for more."""
    from litellm.proxy import proxy_server

    router = proxy_server.llm_router
    ordered = any(getattr(proxy_server, name, None) is not None for name in COMMAND_LINE)
    if router is None or ordered or not is_plain(proxy_server.proxy_config.get_config_state()):
        return {}
    found = {}
    for one in router.model_list:
        parameters = {name: value for name, value in one["litellm_params"].items() if value is not None}
        info = one["model_info"]
        if "timeout" in parameters and PLAIN_PARAMETERS.issuperset(k for k, v in parameters.items() if v):
            named = {"deployment": parameters["model"]}
            more = {"model_info": info, "metadata": named, "max_retries": 0, "caching": False}
            found[str(info["id"])] = {**parameters, **more}
    return found


def is_plain(config: Mapping[str, Any]) -> bool:
    """Tell whether a proxy configuration asks for nothing that `PLAIN_SETTINGS` does not name.

    >>> is_plain({"model_list": [], "router_settings": {"num_retries": 0}})
    True
    >>> is_plain({"router_settings": {"num_retries": 2}}), is_plain({"guardrails": []})
    (False, False)
    """
    for section, values in config.items():
        plain = PLAIN_SETTINGS.get(section)
        if plain is None:
            if section not in ("model_list", "environment_variables"):
                return False
            continue
        for name, value in (values or {}).items():
            if name not in plain or plain[name] not in (value, ...):
                return False
    return True


def is_tokens(given: Any) -> bool:
    """Tell whether texts are given as lists of numbers, which LiteLLM's application may read first."""
    return isinstance(given, list) and bool(given) and isinstance(given[0], list)


def tells(name: bytes) -> bool:
    """Tell whether a header may change what LiteLLM does.

    >>> tells(b"origin"), tells(b"x-session-id"), tells(b"x-forwarded-for"), tells(b"accept")
    (True, True, False, False)
    """
    return name in TELLING or (name.startswith(TELLING_STARTS) and not name.startswith(HARMLESS))
