"""The names and words of the exported YAML, once: `export` writes by them, `runtime` reads by them.

docs/model-info.md tells them to people; a test holds it to this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What LiteLLM replaces by the variable of the name that follows, anywhere in its configuration.
REFERENCE = "os.environ/"
#: The variable of LiteLLM's own admin key.
MASTER_KEY = "LITELLM_MASTER_KEY"
#: The variable of the Redis that processes share; its URL may hold a password.
REDIS_URL = "ONE_ADAPTER_REDIS_URL"
#: What stands for a key where the upstream wants none; LiteLLM would send OPENAI_API_KEY otherwise.
NO_KEY = "none"
#: How the name of a model begins that LiteLLM asks by the responses API, whatever the client's route.
RESPONSES = "responses/"

#: Where our own fields stand: in `general_settings`, and in `model_info` of a deployment.
SECTION = "one_adapter"
#: The meaning of these fields: a proxy with another one refuses the file.
VERSION = 2
#: Addresses that LiteLLM loads.
CALLBACK = "one_adapter.runtime.callback.handler"
CUSTOM_AUTH = "one_adapter.runtime.access.authenticate"
HANDLERS: Mapping[str, str] = {
    "dify": "one_adapter.providers.dify.handler",
    "huoshan": "one_adapter.providers.huoshan.handler",
    "xinghuo": "one_adapter.providers.xinghuo.handler",
}

#: What follows the prefix in the variables that our adapters look for.
ADAPTER_VARIABLES = ("APPID", "API_KEY", "API_SECRET", "ACCESS_KEY", "SECRET_KEY", "API_PASSWORD")

#: The fields of `general_settings.one_adapter`, and of a deployment's `model_info.one_adapter`.
SETTINGS_FIELDS = (
    "version",
    "gateway",
    "access",
    "catch_all",
    "keys_off",
    "unlisted",
    "aliases",
    "routes",
    "translation",
    "relay",
    "redis",
    "redis_name",
    "redis_required",
    "access_log",
    "metrics",
    "metrics_port",
    "counted",
    "watch",
)
DEPLOYMENT_FIELDS = (
    "service",
    "owned_by",
    "credential",
    "key",
    "places",
    "order",
    "key_order",
    "turns",
    "alias_of",
    "upstream_model",
    "embedding_model",
    "redirected",
    "embeddings",
    "chat",
    "limits",
    "timeout",
    "breaker",
    "proxy",
    "guards",
    "flatten_parts",
    "query",
)
ORDERS = ("first", "rr", "random", "hash")
GUARDS = ("glm", "groq")
LIMIT_KINDS = ("qps", "qpm", "tpm", "concurrency")

#: LiteLLM's settings as they are written; `...` where the value is the file's own.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "general_settings": {
        "master_key": ...,
        "custom_auth": CUSTOM_AUTH,
        "cancel_on_disconnect": True,
        "always_include_stream_usage": False,
        "disable_model_info_refresh": True,
        SECTION: ...,
    },
    "litellm_settings": {
        "callbacks": ...,
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
