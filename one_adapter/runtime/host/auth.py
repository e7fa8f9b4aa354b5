"""LiteLLM's `custom_auth`: the door has decided who asks, and what did not come through it stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from one_adapter.runtime.entry.door import admitted
from one_adapter.runtime.gateway.keys import Client

if TYPE_CHECKING:
    from fastapi import Request
    from litellm.proxy._types import UserAPIKeyAuth


async def authenticate(request: Request, api_key: str) -> UserAPIKeyAuth:
    """Whom the door let in, as LiteLLM knows its callers.

    Raises LiteLLM's ProxyException, 401, for a request that did not come through the door.
    """
    from litellm.proxy._types import ProxyException

    del api_key  # the door has read it, from every header that may hold one
    client = admitted(request.scope)
    if client is None:
        raise ProxyException("Invalid or missing API key.", "authentication_error", None, 401)
    return identity(client)


def identity(client: Client) -> UserAPIKeyAuth:
    """A client as LiteLLM knows its callers."""
    from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth

    if client.admin:
        return UserAPIKeyAuth(api_key="master", user_role=LitellmUserRoles.PROXY_ADMIN)
    return UserAPIKeyAuth(api_key=client.name, key_alias=client.name)
