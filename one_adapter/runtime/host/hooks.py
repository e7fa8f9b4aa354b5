"""LiteLLM's hooks: what becomes of an admitted request inside LiteLLM, each step handed to its module.

Importing it changes nothing; `install` puts the door before LiteLLM's application.
"""

from __future__ import annotations

import os
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from one_adapter.runtime.entry.asgi import header_text
from one_adapter.runtime.entry.request import current
from one_adapter.runtime.host.clients import Clients
from one_adapter.runtime.host.mending import mend
from one_adapter.runtime.host.native import with_images
from one_adapter.runtime.host.shaping import read_by, shape, shape_response

INNER_CALLS, RESPONSES_CALL = ("completion", "embedding"), "responses"
GROUP_HEADER = "x-litellm-model-group"


class Handler(CustomLogger):  # type: ignore[misc]
    """The callback that exported files name; without a request of ours each hook leaves LiteLLM alone."""

    def __init__(self) -> None:
        """Start with no clients of our own."""
        super().__init__()
        self.clients = Clients(os.environ)

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,  # noqa: ARG002
        cache: Any,  # noqa: ARG002
        data: dict[str, Any],
        call_type: Any,  # noqa: ARG002
    ) -> Any:
        """Ask for the group that answers the client's name."""
        request = current.get()
        if request is not None:
            data["model"] = request.group
        return data

    async def async_filter_deployments(
        self,
        model: str,  # noqa: ARG002
        healthy_deployments: list[Any],
        messages: Any,  # noqa: ARG002
        request_kwargs: dict[str, Any] | None = None,  # noqa: ARG002
        parent_otel_span: Any = None,  # noqa: ARG002
    ) -> list[Any]:
        """Leave the deployment that was chosen when the request was admitted."""
        request = current.get()
        if request is None:
            return healthy_deployments
        return [one for one in healthy_deployments if one["model_info"]["id"] == request.policy.id]

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any]:
        """Shape the call, and make it with a client of ours where it needs one."""
        request = current.get()
        info = kwargs.get("model_info")
        if request is None or not info or info.get("id") != request.policy.id:
            return kwargs
        call = str(getattr(call_type, "value", call_type))
        by_responses = request.policy.by_responses
        if by_responses and call.endswith(RESPONSES_CALL):
            shape_response(request.policy, kwargs)
        if call.endswith(INNER_CALLS):
            shape(request, request.policy, kwargs, read_by(request.policy.provider))
            if request.policy.provider == "ollama_chat" and isinstance(kwargs.get("messages"), list):
                kwargs["messages"] = await with_images(kwargs["messages"], image_data)
        if call.endswith(RESPONSES_CALL if by_responses else (*INNER_CALLS, "messages")):
            client = self.clients.client(request.policy, kwargs)
            if client is not None:
                kwargs["client"] = client
        return kwargs

    async def async_post_call_success_hook(
        self,
        data: dict[str, Any],  # noqa: ARG002
        user_api_key_dict: Any,  # noqa: ARG002
        response: Any,
    ) -> Any:
        """Give reasoning both its names and make headers of names that are not ASCII."""
        request = current.get()
        mend(response, request.attempt.heard if request is not None else None)
        return response

    async def async_post_call_response_headers_hook(
        self,
        data: dict[str, Any],  # noqa: ARG002
        user_api_key_dict: Any,  # noqa: ARG002
        response: Any,  # noqa: ARG002
        request_headers: Any = None,  # noqa: ARG002
        **more: Any,  # noqa: ARG002
    ) -> dict[str, str] | None:
        """Make a header of a client's model name that is not ASCII."""
        request = current.get()
        if request is None or request.group.isascii():
            return None
        return {GROUP_HEADER: header_text(request.group)}


async def image_data(url: str) -> str:
    """An image as a data: address; raises LiteLLM's error (400) for a host it does not ask."""
    from litellm.litellm_core_utils.prompt_templates.image_handling import async_convert_url_to_base64

    return str(await async_convert_url_to_base64(url))


handler = Handler()
