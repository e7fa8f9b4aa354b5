"""The one callback that the exported YAML names: it hands each concern to its module.

Loading it also puts the door (`door.py`) before LiteLLM's application, so that the stock
`litellm --config exported.yaml` behaves as `one-adapter run` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger

from one_adapter.runtime import (
    direct,
    door,
    endpoints,
    heads,
    live,
    log,
    profile,
    quiet,
    reached,
    shortcuts,
    transport,
)
from one_adapter.runtime.answers import Refusal, header_text, mend
from one_adapter.runtime.proxies import Clients
from one_adapter.runtime.redaction import known, of_environment
from one_adapter.runtime.request import current
from one_adapter.runtime.shaping import read_by, shape

#: Seconds after loading the configuration when start-up objects are taken from the collector, and those
#: that the first requests have loaded.
SETTLED, USED = 0.5, 20.0
INNER_CALLS = ("completion", "embedding")
GROUP_HEADER = "x-litellm-model-group"
NAME_HEADER = "x-litellm-model-name"


class Handler(CustomLogger):  # type: ignore[misc]
    """LiteLLM's hooks, each a line or two."""

    def __init__(self) -> None:
        """Start with no clients of our own."""
        super().__init__()
        self.clients = Clients(os.environ, shortcuts.wanted("client"))

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,  # noqa: ARG002
        cache: Any,  # noqa: ARG002
        data: dict[str, Any],
        call_type: Any,  # noqa: ARG002
    ) -> Any:
        """Ask for the group that answers the client's name; refuse what came past the door."""
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
        """Choose the deployment in the service's order, past open breakers."""
        request = current.get()
        if request is None:
            return healthy_deployments
        if request.failure is not None and request.policy is not None:
            return [one for one in healthy_deployments if one["model_info"]["id"] == request.policy.id]
        try:
            chosen = live.state().choose(request, asyncio.get_running_loop().time())
        except Refusal as refusal:
            request.refused = True
            raise _raised(refusal) from None
        return [one for one in healthy_deployments if one["model_info"]["id"] == chosen.id]

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any]:
        """Wait for the limit, start the clock, and shape the call."""
        request = current.get()
        info = kwargs.get("model_info")
        if request is None or not info:
            return kwargs
        if request.failure is not None:
            raise request.failure
        request.logging = kwargs.get("litellm_logging_obj")
        state = live.state()
        policy = state.policies.get(info.get("id"))
        if policy is None:
            return kwargs
        loop = asyncio.get_running_loop()
        try:
            await state.admit(request, policy, loop.time())
        except Refusal as refusal:
            raise _raised(refusal) from None
        if policy.timeout > 0:
            request.arm(loop, policy.timeout)
        if str(getattr(call_type, "value", call_type)).endswith(INNER_CALLS):
            shape(request, policy, kwargs, read_by(policy.provider))
            client = self.clients.client(policy, kwargs)
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
        mend(response)
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


def _raised(refusal: Refusal) -> Exception:
    """Return a refusal as an error that LiteLLM hands on with its status."""
    from litellm.proxy._types import ProxyException

    raised: Exception = ProxyException(
        refusal.message, "invalid_request_error", refusal.param, refusal.status
    )
    if refusal.status == 429:
        raised = litellm.RateLimitError(refusal.message, "one-adapter", "")
    if refusal.status == 503:
        raised = litellm.ServiceUnavailableError(refusal.message, "one-adapter", "")
    return raised


def install() -> None:
    """Put the door before LiteLLM's application and apply the profile; again does nothing."""
    from litellm.proxy import proxy_server

    known.learn(of_environment(os.environ))
    transport.install()
    reached.install()
    heads.install()
    log.install()
    quiet.stop_side_calls()
    quiet.read_copies()
    choices = profile.chosen()
    profile.after_import(choices)
    if "collector" in choices:
        with contextlib.suppress(RuntimeError):  # no loop: the configuration is only being checked
            asyncio.get_running_loop().call_later(SETTLED, profile.settle)
            asyncio.get_running_loop().call_later(USED, profile.settle_again)
    door.mount(proxy_server.app, lambda app: door.Door(app, live.state, endpoints, direct.way()))


handler = Handler()
install()
