"""The names that LiteLLM reads as orders, wherever it finds them, and values worth an attack."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Where LiteLLM looks for orders of a caller's, as its sources write it.
READS = re.compile(
    r"""(?:kwargs|optional_params|litellm_params|non_default_params|data|body|request_data|request_body)
        (?:\.(?:get|pop|setdefault)\(\s*|\[)["']([A-Za-z_-]{2,60})["']""",
    re.X,
)
#: Fields of the four protocols; what they hold is meant to change a call.
PROTOCOLS = frozenset(
    (
        *("model", "messages", "stream", "stream_options", "input", "temperature", "top_p", "top_k", "n"),
        *("max_tokens", "max_completion_tokens", "stop", "presence_penalty", "frequency_penalty", "seed"),
        *("logit_bias", "logprobs", "top_logprobs", "response_format", "tools", "tool_choice", "user"),
        *("parallel_tool_calls", "functions", "function_call", "reasoning_effort", "thinking", "modalities"),
        *("audio", "prediction", "web_search_options", "system", "stop_sequences", "output_config"),
        *("output_format", "instructions", "max_output_tokens", "reasoning", "text", "truncation", "include"),
        *("encoding_format", "dimensions", "previous_response_id"),
    )
)
#: What the adapters say in their documentation that they take from a client.
OURS = {
    "dif": frozenset(("inputs", "files", "conversation_id", "workflow_id", "trace_id", "metadata")),
    "spark-lite": frozenset(
        ("top_k", "auditing", "chat_id", "question_type", "search_disable", "show_ref_label", "metadata")
    ),
}
#: Names that no pattern finds, and those that have been used.
MORE = (
    *("deployment_id", "mock_tool_calls", "mock_delay", "mock_response", "mock_timeout", "azure_ad_token"),
    *("custom_llm_provider", "provider", "user_config", "fallbacks", "context_window_fallbacks", "tags"),
    *("api_base", "base_url", "api_key", "api_version", "organization", "extra_body", "extra_headers"),
    *("extra_query", "headers", "metadata", "litellm_metadata", "model_info", "model_list", "litellm_params"),
    *("litellm_credential_name", "specific_deployment", "allowed_openai_params", "drop_params", "client"),
    *("additional_drop_params", "callbacks", "success_callback", "failure_callback", "logger_fn", "verbose"),
    *("guardrails", "cache", "caching", "num_retries", "max_retries", "timeout", "request_timeout", "proxy"),
    *(
        "ssl_verify",
        "http_client",
        "shared_session",
        "vertex_credentials",
        "vertex_project",
        "use_litellm_proxy",
    ),
    *("aws_access_key_id", "aws_role_name", "aws_web_identity_token", "tenant_id", "client_secret"),
    *("langfuse_host", "langfuse_secret_key", "prompt_id", "prompt_variables", "custom_prompt_dict"),
    *("credential", "credential_env", "proxy_env", "domain", "uid", "patch_id", "region", "project_name"),
    *("openapi_base", "response_mode", "history", "default_user", "connect_timeout", "idle_timeout"),
    *("appid", "api_secret", "access_key", "secret_key", "use_chat_completions_api", "no-log", "s-maxage"),
    *("context_management", "mcp_servers", "vector_store_ids", "container", "search_tool_name", "store"),
    *("proxy_server_request", "secret_fields", "user_api_key_dict", "standard_callback_dynamic_params"),
)


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Every name of a field that LiteLLM may act upon, beside those of the protocols."""
    import litellm
    from litellm import main, router, utils
    from litellm.types.router import GenericLiteLLMParams
    from litellm.types.utils import all_litellm_params

    found = {*MORE, *all_litellm_params, *GenericLiteLLMParams.model_fields}
    for function in (main.completion, main.acompletion, main.embedding, litellm.responses):
        found |= set(inspect.signature(function).parameters)
    for module in (main, router, utils, inspect.getmodule(litellm.responses)):
        found |= set(READS.findall(Path(str(module.__file__)).read_text("utf-8")))
    return tuple(sorted(name for name in found if name.lower() not in PROTOCOLS))


def values(elsewhere: str, file: str) -> Iterator[Any]:
    """What each is set to: an address of the attacker's, a file of the operator's, every type of JSON."""
    yield from (elsewhere, file, True, 7)
    yield from ([elsewhere], {"model": "oa", "api_base": elsewhere, "api_key": "sk-evil", "type": "x"})
