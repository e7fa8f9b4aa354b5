"""The HTTP clients of the relay: one pool of connections for each way out (direct, or through a proxy).

No redirect is followed, no cookie kept, nothing read from the environment but the certificates to trust.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from yarl import URL

from one_adapter.runtime.upstream.proxies import mounts, trust

if TYPE_CHECKING:
    import aiohttp

    from one_adapter.runtime.gateway.settings import Policy, ProxyRule
    from one_adapter.runtime.relay.call import Address
    from one_adapter.runtime.upstream.endpoint import Endpoint

#: Seconds for which an address found by name is kept, a connection may take, and an idle one is kept open.
DNS_SECONDS, CONNECT_SECONDS, IDLE_SECONDS = 10, 30.0, 30.0
#: Bytes read ahead of a client that reads slowly, a connection.
AHEAD_BYTES = 1 << 16


#: Connections that are being closed.
_closing: set[asyncio.Task[None]] = set()


class Pools:
    """The pools of one process, made on first use."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the variables that hold proxies' addresses and the files of certificates."""
        self._environment = environment
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._mounts: dict[ProxyRule | None, dict[str, str]] = {None: {}}
        self._addresses: dict[Endpoint, Address] = {}

    def post(
        self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str], rule: ProxyRule | None
    ) -> Any:
        """One call, as a context manager that gives the response, with its head read.

        One through an HTTP proxy is aiohttp's own, and so is each where aiohttp is not what `call.py` knows.
        An endpoint is always called by the same rule.
        """
        address = self._addresses.get(endpoint)
        if address is not None and not address.closed:
            return address.post(body, headers)
        ways = self._mounts.get(rule)
        if ways is None:
            ways = self._mounts[rule] = mounts(rule, self._environment)
        proxy = ways.get("all://") or ways.get(endpoint.url.partition("://")[0] + "://") or ""
        session, url = self._session(proxy), URL(endpoint.url, encoded=True)
        from one_adapter.runtime.relay import call

        through = {} if not proxy or proxy.startswith("socks") else {"proxy": proxy}
        if through or not call.fits():
            return session.post(url, data=body, headers=headers, allow_redirects=False, **through)
        address = self._addresses[endpoint] = call.Address(session, url, endpoint.headers, AHEAD_BYTES)
        return address.post(body, headers)

    def _session(self, proxy: str) -> aiohttp.ClientSession:
        found = self._sessions.get(proxy)
        if found is None or found.closed:
            found = self._sessions[proxy] = self._made(proxy)
        return found

    def _made(self, proxy: str) -> aiohttp.ClientSession:
        import aiohttp

        options: dict[str, Any] = {
            "limit": 0,
            "ssl": trust(self._environment),
            "keepalive_timeout": IDLE_SECONDS,
        }
        if proxy.startswith("socks"):
            from one_adapter.runtime.relay.socks import SocksConnector

            connector: aiohttp.BaseConnector = SocksConnector.from_url(
                proxy.replace("socks5h:", "socks5:"), **options
            )
        else:
            connector = aiohttp.TCPConnector(ttl_dns_cache=DNS_SECONDS, **options)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            read_bufsize=AHEAD_BYTES,
            trust_env=False,
        )

    def keep(self, policies: Iterable[Policy]) -> None:
        """Let go of what is there for other deployments than these: ways through proxies, addresses."""
        rules = {one.proxy for one in policies}
        self._mounts = {rule: ways for rule, ways in self._mounts.items() if rule is None or rule in rules}
        self._addresses.clear()  # made again at the next call
        proxies = {"", *(proxy for ways in self._mounts.values() for proxy in ways.values())}
        for proxy in self._sessions.keys() - proxies:
            _closing.add(task := asyncio.get_running_loop().create_task(self._sessions.pop(proxy).close()))
            task.add_done_callback(_closing.discard)

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
