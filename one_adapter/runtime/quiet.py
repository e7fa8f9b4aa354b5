"""What LiteLLM does beside a client's call, and what of it is kept from disturbing that one call."""

from __future__ import annotations

import functools
from typing import Any

from one_adapter.runtime.request import current


def stop_side_calls() -> None:
    """Keep LiteLLM from asking Ollama about a model (`/api/show`) around every chat with it.

    It asks at `localhost:11434` whatever the deployment's address is, and waits for the answer with
    the whole proxy. What it wants to know is whether the model takes tools; they are passed on.
    The vendors' `/models` are kept quiet by `general_settings.disable_model_info_refresh`. And it would
    answer some tools itself (`mcp` at `litellm_proxy`, `file_search`), with calls of its own choosing.
    """
    from litellm.llms.ollama.common_utils import OllamaModelInfo
    from litellm.responses import main as responses
    from litellm.responses.mcp.litellm_proxy_mcp_handler import LiteLLM_Proxy_MCP_Handler

    gateway = "should_use_litellm_mcp_gateway"
    for owner, name in (
        (LiteLLM_Proxy_MCP_Handler, gateway),
        (LiteLLM_Proxy_MCP_Handler, f"_{gateway}"),
        (responses, "_has_file_search_tool"),
    ):
        if hasattr(owner, name):
            setattr(owner, name, staticmethod(_not_for_clients(getattr(owner, name))))
    if hasattr(OllamaModelInfo, "get_runtime_model_info"):
        OllamaModelInfo.get_runtime_model_info = _unasked


def read_copies() -> None:
    """Have LiteLLM look through a copy of what it knows of a call.

    A thread of its own writes to the original meanwhile, and about one good answer in a thousand, of the
    routes for messages and responses, became a 500: "dictionary changed size during iteration".
    """
    from litellm.litellm_core_utils import core_helpers

    name = "add_missing_spend_metadata_to_litellm_metadata"
    own = getattr(core_helpers, name, None)
    if own is None or hasattr(own, "__wrapped__"):
        return

    @functools.wraps(own)
    def taken_over(litellm_metadata: dict[str, Any], metadata: dict[str, Any]) -> Any:
        return own(litellm_metadata, {**metadata})

    setattr(core_helpers, name, taken_over)


def _not_for_clients(own: Any) -> Any:
    """Answer LiteLLM's question whether to act on tools itself with no for whoever comes by the door."""

    @functools.wraps(own)
    def asked(tools: Any) -> bool:
        return current.get() is None and bool(own(tools))

    return asked


def _unasked(
    self: Any,  # noqa: ARG001
    model: str,
    api_base: str | None = None,  # noqa: ARG001
    api_key: str | None = None,  # noqa: ARG001
) -> dict[str, Any]:
    """Answer as the server would for a model with tools, its sizes unknown."""
    return {
        "key": model,
        "litellm_provider": "ollama",
        "mode": "chat",
        "supports_function_calling": True,
        "input_cost_per_token": 0.0,
        "output_cost_per_token": 0.0,
        "max_tokens": None,
        "max_input_tokens": None,
        "max_output_tokens": None,
    }
