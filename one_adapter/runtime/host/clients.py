"""HTTP clients of our own for LiteLLM's calls: their proxies are the service's, and `wire` stands in them.

One client is kept per deployment and key, one pool of connections per proxy rule. An OpenAI-shaped
upstream gets an `AsyncOpenAI`, the others LiteLLM's `AsyncHTTPHandler` around an httpx client. The
environment's HTTP_PROXY is not asked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from one_adapter.contract import NO_KEY
from one_adapter.runtime.gateway.settings import Policy, ProxyRule
from one_adapter.runtime.host.transport import BASIC
from one_adapter.runtime.upstream.endpoint import AZURE_VERSION
from one_adapter.runtime.upstream.proxies import mounts, trust

if TYPE_CHECKING:
    import httpx

try:
    from one_adapter.runtime.host.wire import Wire
except ImportError:  # a copy of the package without the relay, whose reading of answers it shares
    Wire = None  # type: ignore[assignment,misc]

#: How many clients are kept; the oldest gives way.
MOST_CLIENTS = 2000
OPENAI_CLIENTS = frozenset({"openai", "volcengine"})
#: Providers whose calls go through clients of ours; the adapters make their own.
SERVED = OPENAI_CLIENTS | {"azure", "anthropic", "gemini", "vertex_ai", "ollama_chat"}


#: Connections that are being closed.
_closing: set[asyncio.Task[None]] = set()


class Clients:
    """The clients of one process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the variables that hold the proxies' URLs."""
        self._environment = environment
        self._made: dict[tuple[str, str, str], Any] = {}
        self._transports: dict[ProxyRule | None, dict[str, httpx.AsyncBaseTransport]] = {}

    def client(self, policy: Policy, kwargs: Mapping[str, Any]) -> Any:
        """The client for a call with these LiteLLM arguments, or None for LiteLLM's own."""
        if policy.provider not in SERVED or not self._is_ours(policy, kwargs):
            return None
        key = (policy.id, str(kwargs.get("api_key") or ""), str(kwargs.get("api_base") or ""))
        found = self._made.get(key)
        if found is None:
            while len(self._made) >= MOST_CLIENTS:
                self._made.pop(next(iter(self._made)))
            found = self._made[key] = self._make(policy, kwargs)
        return found

    def keep(self, policies: Iterable[Policy]) -> None:
        """Let go of what is there for other deployments than these."""
        several = tuple(policies)
        ids, rules = {one.id for one in several}, {one.proxy for one in several}
        self._made = {key: client for key, client in self._made.items() if key[0] in ids}
        for rule in self._transports.keys() - rules - {None}:
            for transport in {*self._transports.pop(rule).values()}:
                _closing.add(task := asyncio.get_running_loop().create_task(transport.aclose()))
                task.add_done_callback(_closing.discard)

    @staticmethod
    def _is_ours(policy: Policy, kwargs: Mapping[str, Any]) -> bool:
        """Whether a call has to leave by a client of ours, or may: the owner says nothing of clients."""
        import litellm

        if policy.proxy is not None or policy.query:
            return True
        if kwargs.get("api_key") == NO_KEY and policy.provider in OPENAI_CLIENTS:
            return True
        own = litellm.ssl_verify is not True or litellm.ssl_certificate or os.environ.get("SSL_VERIFY")
        if policy.provider == "azure" and not kwargs.get("api_key"):
            own = True  # the owner has another proof than a key
        return not own and is_wired(policy)

    def _make(self, policy: Policy, kwargs: Mapping[str, Any]) -> Any:
        # OpenAI's newer clients take this one as well, but their types name httpx2.
        transport: Any = self._http(policy, kwargs.get("api_key") == NO_KEY)
        if policy.provider in OPENAI_CLIENTS and not policy.by_responses:
            from openai import AsyncOpenAI

            return AsyncOpenAI(
                api_key=kwargs.get("api_key"),
                base_url=kwargs.get("api_base"),
                organization=kwargs.get("organization"),
                http_client=transport,
                default_query=dict(policy.query) or None,
                max_retries=0,
            )
        if policy.provider == "azure" and not policy.by_responses:
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

        ways = self._transports.get(policy.proxy)
        if ways is None:
            ways = self._transports[policy.proxy] = self._connected(policy.proxy)
        direct = ways["direct"]
        return httpx.AsyncClient(
            transport=direct,
            mounts={scheme: way for scheme, way in ways.items() if way is not direct},
            timeout=httpx.Timeout(policy.timeout or 600.0),
            params=dict(policy.query),
            trust_env=False,
            event_hooks={"request": [_without_key] if keyless else []},
        )

    def _connected(self, rule: ProxyRule | None) -> dict[str, httpx.AsyncBaseTransport]:
        """Scheme -> the pool of connections for it, and the one for calls without a proxy."""
        import httpx

        options: dict[str, Any] = {
            "verify": trust(self._environment),
            "limits": httpx.Limits(max_connections=1000, max_keepalive_connections=100),
        }
        ways = {
            scheme: httpx.AsyncHTTPTransport(proxy=url, **options)
            for scheme, url in mounts(rule, self._environment).items()
        }
        return {
            name: wired(way) for name, way in {**ways, "direct": httpx.AsyncHTTPTransport(**options)}.items()
        }


def is_wired(policy: Policy) -> bool:
    """Whether LiteLLM makes a deployment's calls by the clients it is given, so that `wire` hears."""
    if Wire is None or policy.provider not in SERVED:
        return False
    return policy.provider != "vertex_ai" or policy.upstream_model.startswith("gemini")


def wired(transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    """A transport with `wire` around it, where there is one."""
    return transport if Wire is None else Wire(transport)


async def _without_key(request: httpx.Request) -> None:
    request.headers.pop("authorization", None)
    if BASIC in request.extensions:
        request.headers["authorization"] = request.extensions[BASIC]
