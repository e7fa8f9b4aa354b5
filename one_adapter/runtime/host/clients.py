"""HTTP clients of our own, for deployments that need a proxy or query parameters, or have no key.

One client is kept per deployment and key. An OpenAI-shaped upstream gets an `AsyncOpenAI`, the
others LiteLLM's `AsyncHTTPHandler` around an httpx client. Without a proxy rule the environment's
HTTP_PROXY is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from one_adapter.contract import NO_KEY
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.upstream.endpoint import AZURE_VERSION
from one_adapter.runtime.upstream.proxies import mounts

if TYPE_CHECKING:
    import httpx

#: How many clients are kept; the oldest gives way.
KEPT = 2000
OPENAI_CLIENTS = frozenset({"openai", "volcengine"})


class Clients:
    """The clients of one process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the variables that hold the proxies' URLs."""
        self._environment = environment
        self._made: dict[tuple[str, str, str], Any] = {}

    def client(self, policy: Policy, kwargs: Mapping[str, Any]) -> Any:
        """Return the client for a call with these LiteLLM arguments, or None for LiteLLM's own."""
        keyless = kwargs.get("api_key") == NO_KEY and policy.provider in OPENAI_CLIENTS
        if policy.proxy is None and not policy.query and not keyless:
            return None
        key = (policy.id, str(kwargs.get("api_key") or ""), str(kwargs.get("api_base") or ""))
        found = self._made.get(key)
        if found is None:
            while len(self._made) >= KEPT:
                self._made.pop(next(iter(self._made)))
            found = self._made[key] = self._make(policy, kwargs)
        return found

    def _make(self, policy: Policy, kwargs: Mapping[str, Any]) -> Any:
        transport = self._http(policy, kwargs.get("api_key") == NO_KEY)
        if policy.provider in OPENAI_CLIENTS:
            from openai import AsyncOpenAI

            return AsyncOpenAI(
                api_key=kwargs.get("api_key"),
                base_url=kwargs.get("api_base"),
                http_client=transport,
                default_query=dict(policy.query) or None,
                max_retries=0,
            )
        if policy.provider == "azure":
            from openai import AsyncAzureOpenAI

            return AsyncAzureOpenAI(
                api_key=kwargs.get("api_key"),
                azure_endpoint=str(kwargs.get("api_base")),
                api_version=kwargs.get("api_version") or AZURE_VERSION,
                http_client=transport,
                max_retries=0,
            )
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        handler = AsyncHTTPHandler()
        handler.client = transport
        return handler

    def _http(self, policy: Policy, keyless: bool) -> httpx.AsyncClient:
        import httpx

        ways = {
            scheme: httpx.AsyncHTTPTransport(proxy=url)
            for scheme, url in mounts(policy.proxy, self._environment).items()
        }
        timeout = httpx.Timeout(policy.timeout or 600.0)
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
        return httpx.AsyncClient(
            mounts=ways,
            timeout=timeout,
            limits=limits,
            params=dict(policy.query),
            trust_env=False,
            event_hooks={"request": [_without_key] if keyless else []},
        )


async def _without_key(request: httpx.Request) -> None:
    request.headers.pop("authorization", None)
