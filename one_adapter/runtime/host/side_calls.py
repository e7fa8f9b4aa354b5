"""Calls that LiteLLM makes beside the client's: each request is one upstream call here."""

from __future__ import annotations

from typing import Any


def stop_side_calls() -> None:
    """Keep LiteLLM from asking Ollama about a model (`/api/show`) around every chat with it.

    It asks at `localhost:11434` whatever the deployment's address is, and waits for the answer with
    the whole proxy. What it wants to know is whether the model takes tools; they are passed on.
    The vendors' `/models` are kept quiet by `general_settings.disable_model_info_refresh`.
    """
    from litellm.llms.ollama.common_utils import OllamaModelInfo

    if hasattr(OllamaModelInfo, "get_runtime_model_info"):
        OllamaModelInfo.get_runtime_model_info = _unasked


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
