"""The plan as stock LiteLLM carries it out: what a report of `export --pure` is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from one_adapter.contract import HANDLERS, SECTION
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.language import tr
from one_adapter.plan.types import Plan, Route, Row, Target

LOST = tr("needs one-adapter in the proxy, which --pure leaves out")
IN_PART = tr("LiteLLM's own alone, without one-adapter: see what --pure costs")
NO_PROVIDER = tr("LiteLLM has no provider for it")
#: Settings for which stock LiteLLM has something like it, written into the file.
ALIKE = ("/load_balancing", "/circuit_breaker")


def pure_plan(plan: Plan) -> Plan:
    """The plan without upstreams that LiteLLM has no provider for, and with the verdicts that are left."""
    routes = tuple(_route(route) for route in plan.routes)
    gone = _services(plan.routes) - _services(routes)
    lost = {service.pointer for service in plan.services if service.id in gone}
    ledger = tuple(_row(row, lost) for row in plan.ledger)
    return replace(plan, any=None, routes=routes, ledger=ledger)


def unread(plan: Plan, secrets: Secrets) -> frozenset[str]:
    """The variables that a pure file does not read: keys of clients and of our adapters, and proxies."""
    adapters = tuple(f"{prefix}_" for prefix in secrets.prefixes.values())
    ours = {name for name in secrets.values if adapters and name.startswith(adapters)}
    return frozenset(
        (*ours, *client_key_names(plan.access), *secrets.proxies.values(), *secrets.queries.values())
    )


def _services(routes: Iterable[Route]) -> set[str]:
    several = ((*route.targets, *(route.embedding_targets or ())) for route in routes)
    return {target.service for targets in several for target in targets}


def _route(route: Route) -> Route:
    embeddings = route.embedding_targets and _served(route.embedding_targets)
    targets = _served(route.targets)
    # Stock LiteLLM shows every name that it has.
    return replace(route, listed=bool(targets or embeddings), targets=targets, embedding_targets=embeddings)


def _served(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those of the targets that LiteLLM has a provider for, with the shares that they get then."""
    left = [target for target in targets if target.upstream.provider not in HANDLERS]
    whole = sum(target.share for target in left)
    return tuple(replace(one, share=one.share / whole) if whole else one for one in left)


def _row(row: Row, lost: Collection[str]) -> Row:
    if any(row.pointer.startswith(f"{pointer}/") for pointer in lost) and row.verdict != "inert":
        return replace(row, verdict="dropped", target="", note=NO_PROVIDER)
    if row.verdict != "emulated":
        return row
    stock = ", ".join(part for part in row.target.split(", ") if f".{SECTION}" not in part)
    if stock or row.pointer.startswith(ALIKE):
        return replace(row, verdict="approximated", target=stock, note=IN_PART)
    return replace(row, verdict="dropped", target="", note=LOST)
