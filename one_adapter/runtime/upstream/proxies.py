"""By what a service's calls leave: the proxies that its rule's variables name, and whom TLS trusts."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Mapping

from one_adapter.runtime.gateway.settings import ProxyRule


def mounts(rule: ProxyRule | None, environment: Mapping[str, str]) -> dict[str, str]:
    """URL scheme -> proxy URL.

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
    """A proxy's URL, also when only its host and port are given."""
    return address if not address or "://" in address else f"{scheme}://{address}"


def trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """The certificates to trust: of SSL_CERT_FILE or REQUESTS_CA_BUNDLE, else Mozilla's.

    A file is read once a process. Raises `OSError` where there is none.
    """
    import certifi

    return _trusted(
        environment.get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE") or certifi.where()
    )


@functools.cache
def _trusted(file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=file)
