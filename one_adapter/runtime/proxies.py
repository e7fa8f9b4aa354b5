"""HTTP clients of our own, for deployments that need a proxy or query parameters, or have no key.

One client is kept per deployment and key. An OpenAI-shaped upstream gets an `AsyncOpenAI`, the
others LiteLLM's `AsyncHTTPHandler` around an httpx client. Without a proxy rule the environment's
HTTP_PROXY is not asked. Where shortcuts are taken, every OpenAI-shaped upstream gets a client that
costs less (`lean.py`), around LiteLLM's own way of making HTTP requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from one_adapter.runtime.settings import Policy, ProxyRule
from one_adapter.runtime.transport import BASIC

if TYPE_CHECKING:
    import httpx

#: The key that stands for none: nothing of it is sent.
NO_KEY = "none"
#: What is asked for when the deployment names no version of Azure's interface.
AZURE_VERSION = "2024-10-21"
#: How many clients are kept; the oldest gives way.
KEPT = 2000
OPENAI_CLIENTS = frozenset({"openai", "volcengine"})


def mounts(rule: ProxyRule | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return URL scheme -> proxy URL.

    With an https proxy alone, http upstreams go through it as well, as they do in the gateway.

    >>> mounts(ProxyRule(https_env="P"), {"P": "http://proxy:3128"})
    {'all://': 'http://proxy:3128'}
    """
    if rule is None:
        return {}
    socks = _url(environment.get(rule.socks5_env, ""), "socks5")
    if socks:
        return {"all://": socks}
    plain = _url(environment.get(rule.http_env, ""), "http")
    secure = _url(environment.get(rule.https_env, ""), "http")
    if plain and secure:
        return {"http://": plain, "https://": secure}
    return {"all://": plain or secure} if plain or secure else {}


def _url(address: str, scheme: str) -> str:
    """Return a proxy's URL, also when only its host and port are given."""
    return address if not address or "://" in address else f"{scheme}://{address}"


class Clients:
    """The clients of one process."""

    def __init__(self, environment: Mapping[str, str], lean: bool = False) -> None:
        """Take the variables that hold the proxies' URLs; `lean` asks for clients that cost less."""
        self._environment = environment
        self._lean = lean
        self._shared: Any = None
        self._made: dict[tuple[str, str, str], Any] = {}

    def client(self, policy: Policy, kwargs: Mapping[str, Any]) -> Any:
        """Return the client for a call with these LiteLLM arguments, or None for LiteLLM's own."""
        keyless = kwargs.get("api_key") == NO_KEY and policy.provider in OPENAI_CLIENTS
        plain = policy.proxy is None and not policy.query and not keyless
        if plain and not (self._lean and policy.provider == "openai" and not kwargs.get("organization")):
            return None
        key = (
            "" if plain else policy.id,
            str(kwargs.get("api_key") or ""),
            str(kwargs.get("api_base") or ""),
        )
        found = self._made.get(key)
        if found is None:
            while len(self._made) >= KEPT:
                self._made.pop(next(iter(self._made)))
            found = self._made[key] = self._make(policy, kwargs, plain)
        return found

    def _make(self, policy: Policy, kwargs: Mapping[str, Any], plain: bool) -> Any:
        transport = self._litellms(kwargs) if plain else self._http(policy, kwargs.get("api_key") == NO_KEY)
        if policy.provider in OPENAI_CLIENTS:
            from openai import AsyncOpenAI

            from one_adapter.runtime.lean import LeanOpenAI

            return (LeanOpenAI if self._lean else AsyncOpenAI)(
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

    def _litellms(self, kwargs: Mapping[str, Any]) -> httpx.AsyncClient:
        """Return one client for all upstreams, made as LiteLLM makes those of its own."""
        from litellm.llms.openai.openai import OpenAIChatCompletion

        if self._shared is None:
            self._shared = OpenAIChatCompletion.get_async_http_client(kwargs.get("shared_session"))
        made: httpx.AsyncClient = self._shared
        return made

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
    if BASIC in request.extensions:
        request.headers["authorization"] = request.extensions[BASIC]
