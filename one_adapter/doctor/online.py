"""Whether the vendors' addresses are found and prove who they are; no key is sent, and nothing asked."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from one_adapter.doctor.check import Check
from one_adapter.errors import reason_of
from one_adapter.language import listed, tr
from one_adapter.plan.types import Plan, Target

#: Seconds that an address may take to answer.
ANSWER_SECONDS = 5.0
#: Addresses that are tried at the same time.
AT_ONCE = 8
ENCRYPTED = ("https", "wss")
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class Address(NamedTuple):
    """Where vendors are: a host, a port, and whether it has to prove who it is."""

    host: str
    port: int
    encrypted: bool


def addresses(plan: Plan) -> tuple[dict[Address, list[str]], list[str]]:
    """Every upstream's address with the services that use it, and the services that go through a proxy."""
    behind = [one.id for one in plan.services if one.proxy is not None]
    found: dict[Address, list[str]] = {}
    for target in _targets(plan):
        if target.service in behind:
            continue
        try:
            parts = urlsplit(target.upstream.url)
            host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
        except ValueError:
            continue  # `lint` says so
        if host and port:
            services = found.setdefault(Address(host, port, parts.scheme in ENCRYPTED), [])
            if target.service not in services:
                services.append(target.service)
    return found, behind


def _targets(plan: Plan) -> Iterator[Target]:
    for route in (*plan.routes, *((plan.any,) if plan.any else ())):
        yield from route.targets
        yield from route.embedding_targets or ()


Connect = Callable[[Address], None]
#: What is said without a configuration.
NEEDS_CONFIG = tr("--online needs CONFIG, which names the vendors.")


def online(plan: Plan, connect: Connect | None = None) -> Iterator[Check]:
    """Try each address once, several at a time."""
    found, behind = addresses(plan)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda address: _tried(address, connect or connected), found)
        for (address, services), problem in zip(found.items(), results, strict=True):
            told = {"address": f"{address.host}:{address.port}", "services": listed(services, "and")}
            if problem is None:
                yield Check("ok", tr("{address} is reached ({services})", **told))
            elif isinstance(problem, socket.gaierror):
                yield Check(
                    "wrong",
                    tr("{address} has no address ({services}): look at server_url, and at DNS", **told),
                )
            elif isinstance(problem, ssl.SSLError):
                why = getattr(problem, "verify_message", "") or getattr(problem, "reason", "") or "TLS"
                what = tr(
                    "{address} does not prove who it is ({services}; {why}): is there a proxy in between, or "
                    "no package of certificates?",
                    **told,
                    why=why,
                )
                yield Check("wrong", what)
            else:
                why = reason_of(problem) or type(problem).__name__
                yield Check(
                    "wrong",
                    tr(
                        "{address} cannot be reached ({services}; {why}): is a proxy needed?", **told, why=why
                    ),
                )
    if behind:
        names = listed(behind, "and")
        yield Check("note", tr("not tried, as their calls go through a proxy: {services}", services=names))


def _tried(address: Address, connect: Connect) -> OSError | None:
    try:
        connect(address)
    except (OSError, UnicodeError) as problem:  # a host that no name can be: UnicodeError
        return problem if isinstance(problem, OSError) else socket.gaierror(str(problem))
    return None


def connected(address: Address) -> None:
    """Open a connection and close it; raises `OSError` where that fails, `ssl.SSLError` for who it is."""
    with socket.create_connection((address.host, address.port), timeout=ANSWER_SECONDS) as plain:
        if address.encrypted:
            ssl.create_default_context().wrap_socket(plain, server_hostname=address.host).close()
