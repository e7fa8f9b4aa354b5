"""What LiteLLM does when the first request of a kind comes, done before the port is open."""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from one_adapter.runtime.gateway.paths import LITELLM_PATHS
from one_adapter.runtime.host import routes
from one_adapter.runtime.upstream.proxies import trust

#: Modules that LiteLLM, or one-adapter for it, imports then.
MODULES = (
    "openai.resources.chat.completions",
    "openai.resources.embeddings",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.proxy.pass_through_endpoints.llm_passthrough_endpoints",
    "litellm.integrations.otel.logger",
    "litellm.integrations.shadow_eval_logger",
    "litellm.integrations.websearch_interception",
    "litellm.llms.chatgpt.common_utils",
    "litellm.llms.openai.chat.gpt_audio_transformation",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation",
    "litellm.proxy.response_polling.polling_handler",
    "litellm.responses.mcp.litellm_proxy_mcp_handler",
    "litellm.types.proxy.litellm_pre_call_utils",
    "litellm_enterprise.proxy.auth.route_checks",
    "nacl.secret",
    "prometheus_client",
    "anyio._backends._asyncio",
    "one_adapter.runtime.host.wire",
)
#: The same, from LiteLLM 1.108 on.
LATER_MODULES = ("litellm.llms.github_copilot.per_user_auth",)
#: LiteLLM's tools: where they are from 1.109 on, where they were before and warn since, and what is loaded.
TOOL_PLACES = ("litellm.proxy.mcp_server", "litellm.proxy._experimental.mcp_server")
TOOL_MODULES = ("mcp_server_manager", "auth.user_api_key_auth_mcp")
#: Pydantic models whose validators are built then.
MODELS = (
    "litellm.proxy._types.UserAPIKeyAuth",
    "litellm.proxy.auth.resolvers.models.Principal",
    "litellm.types.router.GenericLiteLLMParams",
    "litellm.types.router.ModelGroupInfo",
    "litellm.types.utils.ModelResponse",
    "litellm.types.utils.Message",
    "litellm.types.utils.Choices",
    "litellm.types.utils.Usage",
    "litellm.types.llms.openai.ResponsesAPIResponse",
    "openai.types.chat.chat_completion.ChatCompletion",
    "openai.types.chat.chat_completion.Choice",
    "openai.types.chat.chat_completion_message.ChatCompletionMessage",
)


def preload(app: Any) -> None:
    """Do it for a LiteLLM application; what a version does not have is passed over."""
    for name in modules():
        with contextlib.suppress(ImportError):
            import_module(name)
    for name in MODELS:
        module, _, model = name.rpartition(".")
        with contextlib.suppress(ImportError, AttributeError):
            getattr(import_module(module), model).model_rebuild()
    routes.put_first(app)
    for path in LITELLM_PATHS.values():
        with contextlib.suppress(ImportError, AttributeError):
            _compile_patterns(path)
    for route in app.router.routes[: len(LITELLM_PATHS)]:
        with contextlib.suppress(ImportError, AttributeError):
            _read_source(route.endpoint)
    with contextlib.suppress(OSError):  # told to whoever needs them
        trust(os.environ)


def modules() -> tuple[str, ...]:
    """The names of the modules in the loaded LiteLLM."""
    place = next((one for one in TOOL_PLACES if find_spec(one) is not None), "")
    later = (name for name in LATER_MODULES if find_spec(name) is not None)
    return (*MODULES, *later, *(f"{place}.{name}" for name in TOOL_MODULES if place))


def _compile_patterns(path: str) -> None:
    """Have LiteLLM try its patterns of routes on a path."""
    from litellm.proxy.auth.auth_utils import normalize_request_route
    from litellm.proxy.auth.route_checks import RouteChecks

    normalize_request_route(path)
    RouteChecks.is_management_route(path)


def _read_source(endpoint: Any) -> None:
    """Have FastAPI look up where an endpoint's source is, which it keeps for its error messages."""
    from fastapi.routing import _extract_endpoint_context

    _extract_endpoint_context(endpoint)
