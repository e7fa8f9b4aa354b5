"""Connections through a SOCKS5 proxy, whose failures are told as those of any other connection."""

from __future__ import annotations

from typing import Any

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError


class SocksConnector(ProxyConnector):
    """The library's connector, with aiohttp's own error for what goes wrong at the proxy."""

    async def connect(self, *given: Any, **named: Any) -> Any:
        """A connection; raises `aiohttp.ClientConnectionError`, also where the proxy just hangs up."""
        try:
            return await super().connect(*given, **named)
        except (ProxyConnectionError, ProxyError, ProxyTimeoutError, EOFError):
            raise aiohttp.ClientConnectionError("the proxy refuses") from None
