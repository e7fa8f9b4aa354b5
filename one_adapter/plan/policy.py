"""The rules around the routes: keys, limits, timeouts, breaker, proxy, translation, address."""

from __future__ import annotations

from collections.abc import Mapping

from one_adapter.config import defaults
from one_adapter.config.model import Gateway, Service
from one_adapter.plan.limits import credentials_of, limit_of, limits_of
from one_adapter.plan.types import (
    Access,
    BreakerPolicy,
    ClientKeyPolicy,
    ProxyPolicy,
    ServicePolicy,
    Translation,
)

EVERYTHING = "*"


def service_policy(service: Service, gateway: Gateway) -> ServicePolicy:
    """The rules of one service."""
    dialect = gateway.dialect
    own = limit_of(service.limit, dialect)
    return ServicePolicy(
        id=service.id,
        type=service.type,
        pointer=service.pointer,
        timeout=service.timeout,
        limit=own,
        credentials=credentials_of(service, own, dialect),
        embedding_limit=limit_of(service.embedding_limit, dialect, defaults.EMBEDDING_WAIT_SECONDS),
        proxy=proxy_of(service, gateway),
        model_limits=limits_of(service.model_limits, dialect) if dialect.limits_add_up else {},
        owner=(service.provider or service.type) if dialect.lists_owners else "",
        pooled=dialect.pools and bool(service.credential_list),
        protocol=service.upstream_protocol,
        named=service.named,
    )


def uses_proxy(service: Service, strategy: str) -> bool:
    """Whether a strategy sends a service through the proxy.

    `force_all` takes every service, `all` those that do not refuse it, `default`
    those that ask for it.
    """
    if strategy == "force_all":
        return True
    if strategy == "all":
        return service.use_proxy is not False
    return strategy == "default" and service.use_proxy is True


def proxy_of(service: Service, gateway: Gateway) -> ProxyPolicy | None:
    """The proxy of a service; None: it calls the vendor directly."""
    proxy = gateway.proxy
    if not uses_proxy(service, proxy.strategy):
        return None
    if proxy.type == "socks5":
        return ProxyPolicy(socks5=True) if proxy.socks5_proxy else None
    if not proxy.http_proxy and not proxy.https_proxy:
        return None
    return ProxyPolicy(http=bool(proxy.http_proxy), https=bool(proxy.https_proxy))


def breaker_of(gateway: Gateway) -> BreakerPolicy | None:
    """The circuit breaker; None when it is switched off. It is on unless the file says otherwise."""
    breaker = gateway.circuit_breaker
    if not breaker.enabled:
        return None
    return BreakerPolicy(
        breaker.failure_threshold, breaker.recovery_timeout_seconds, breaker.half_open_max_requests
    )


def access_of(gateway: Gateway) -> Access:
    """Who may call which models.

    A master key beside api_keys must be one of them to be good for anything, and
    then the others never get past the gateway's first door.
    """
    master = gateway.api_key.strip()
    listed = [
        (n, key, _models_of(key.supported_models))
        for n, key in enumerate(gateway.api_keys)
        if key.api_key.strip()
    ]
    if not master:
        keys = tuple(ClientKeyPolicy(n, models) for n, _, models in listed)
        return Access(open=not keys, keys=keys)
    if not listed:
        return Access(open=False, keys=(ClientKeyPolicy(None, (EVERYTHING,)),))
    same = next((models for _, key, models in listed if key.api_key.strip() == master), ())
    return Access(open=False, keys=(ClientKeyPolicy(None, same),))


def _models_of(supported: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The models a key may call; under which service they stand says nothing."""
    models = tuple(dict.fromkeys(model for names in supported.values() for model in names))
    return (EVERYTHING,) if EVERYTHING in models else models


def translation_of(gateway: Gateway) -> Translation:
    """The translation endpoint. It answers whether or not it is switched on."""
    given = gateway.translation
    return Translation(given.prompt_template, given.retry, given.concurrency)


def address_of(gateway: Gateway) -> tuple[str, int]:
    """Host (empty: all interfaces) and port the gateway listens on.

    >>> from one_adapter.config.document import parse
    >>> from one_adapter.config.reading import read_gateway
    >>> address_of(read_gateway(parse(b'{"server_port": "127.0.0.1:8080"}', "c.json")))
    ('127.0.0.1', 8080)
    """
    host, _, port = gateway.server_port.rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else defaults.PORT
