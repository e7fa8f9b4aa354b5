"""Connections to a vendor: LiteLLM's TLS settings and client cache, our own rule for proxies.

A service goes through the proxy it names and through no other: the HTTP_PROXY and the like of the
environment are not looked at, because the operator chooses per service.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import litellm
from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, get_ssl_configuration

from one_adapter.providers.failure import Kind, VendorError

if sys.version_info >= (3, 11):
    from asyncio import timeout as time_limit
else:  # aiohttp brings it along for the older Pythons
    from async_timeout import timeout as time_limit

__all__ = ["causes", "explain", "http_client", "session", "time_limit"]

_CLIENT_LIFE = 30 * 86400.0  # seconds in LiteLLM's cache; an answer may take long, so not the usual hour
_TLS_ERRORS = (ssl.SSLError, aiohttp.ClientSSLError)


def session(
    proxy: str | None, middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = ()
) -> aiohttp.ClientSession:
    """A new aiohttp session; the caller closes it. `proxy`: http://, https:// or socks5:// URL."""
    tls = get_ssl_configuration()
    if proxy and proxy.startswith("socks"):
        connector, proxy = _socks(proxy, tls), None
    else:
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        middlewares=middlewares,
    )


def _socks(proxy: str, tls: Any) -> aiohttp.BaseConnector:
    try:
        from aiohttp_socks import ProxyConnector
    except ImportError:
        raise VendorError(Kind.INTERNAL, "a SOCKS proxy needs the package aiohttp-socks") from None
    # The name is resolved by the proxy, as the old gateway's SOCKS dialer did.
    remote = proxy.replace("socks5h://", "socks5://", 1)
    connector: aiohttp.BaseConnector = ProxyConnector.from_url(remote, rdns=True, ssl=tls, limit=0)
    return connector


class _Transport(LiteLLMAiohttpTransport):  # type: ignore[misc]
    """LiteLLM's transport without its look at the environment's proxies."""

    async def _get_proxy_settings(self, request: httpx.Request) -> None:  # noqa: ARG002
        return None


def http_client(proxy: str | None) -> AsyncHTTPHandler:
    """The HTTP client for a proxy (None: direct) from LiteLLM's cache, one per event loop.

    Use its `client` or its `transport`: its own `post` closes the shared transport after a failed connection.
    """
    key = f"one-adapter-{hashlib.sha256((proxy or '').encode()).hexdigest()}"
    cache = litellm.in_memory_llm_clients_cache
    handler = cache.get_cache(key)
    if handler is None:
        transport = _Transport(client=lambda: session(proxy))
        handler = AsyncHTTPHandler(transport=transport, follow_redirects=False)
        cache.set_cache(key, handler, litellm_owned_client=True, ttl=_CLIENT_LIFE)
    return handler


def explain(error: BaseException, connect: float) -> VendorError:
    """What a network error means. Its own text is not kept: aiohttp's holds the signed URL.

    `connect` is the limit in seconds that a connection attempt had.
    """
    chain = list(causes(error))
    if any(isinstance(e, (asyncio.TimeoutError, TimeoutError, httpx.TimeoutException)) for e in chain):
        return VendorError(Kind.TIMEOUT, f"no connection within {connect:g} s")
    if any(isinstance(e, _TLS_ERRORS) for e in chain):
        return VendorError(Kind.CONNECTION, "TLS failed: the certificate or the protocol was not accepted")
    if any(isinstance(e, (aiohttp.ClientConnectorDNSError, socket.gaierror)) for e in chain):
        return VendorError(Kind.CONNECTION, "the host name cannot be resolved")
    if any(getattr(e, "errno", None) == errno.ECONNREFUSED for e in chain):
        return VendorError(Kind.CONNECTION, "the connection was refused")
    return VendorError(Kind.CONNECTION, f"the connection failed ({type(error).__name__})")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, and the socket errors that aiohttp keeps aside."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "os_error", None)  # aiohttp keeps the socket's error here
        if isinstance(inner, BaseException):
            yield inner
        error = error.__cause__ or error.__context__
