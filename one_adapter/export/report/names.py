"""The names clients can use and where each leads, fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from one_adapter.language import tr
from one_adapter.plan.addresses import without_password
from one_adapter.plan.types import Kind, Plan, Route, Target

#: What a table of names cannot show of a pool.
POOLS = tr(
    "Of a service with several keys, one that fails is followed by the next in its list, and after the last "
    "by the first; a spare answers when the one before it cannot."
)


@dataclass(frozen=True, slots=True)
class Lead:
    """One upstream of a name: its share, its service, its address without secrets, and its model.

    `credential` counts from 0; None where the service has one only. `key` is its id in a pool of keys.
    """

    share: Fraction
    service: str
    credential: int | None
    address: str
    query: bool
    model: str
    provider: str
    spare: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name clients can send. `embeddings` differ from `leads` only where the plan's do."""

    name: str
    listed: bool
    kind: Kind
    leads: tuple[Lead, ...]
    embeddings: tuple[Lead, ...] = ()
    alias_of: str = ""
    notes: tuple[str, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether it leads anywhere, and is written into the exported file."""
        return "*" not in self.name and bool(self.leads or self.embeddings)


def shown_names(plan: Plan) -> tuple[Name, ...]:
    """Every name of a plan, in its order; the name that stands for all others has an empty one."""
    several = {policy.id for policy in plan.services if len(policy.credentials) > 1}
    several |= {target.service for route in plan.routes for target in route.targets if target.credential}
    routes = ((plan.any,) if plan.any else ()) + plan.routes
    return tuple(_name(route, several) for route in routes)


def in_pools(names: Iterable[Name]) -> bool:
    """Whether some name has upstreams that stand in for each other."""
    return any(lead.key for name in names for lead in name.leads)


def _name(route: Route, several: set[str]) -> Name:
    return Name(
        route.name,
        route.listed,
        route.kind,
        tuple(_lead(target, several) for target in route.targets),
        tuple(_lead(target, several) for target in route.embedding_targets or ()),
        route.alias_of or "",
        route.notes,
    )


def _lead(target: Target, several: set[str]) -> Lead:
    upstream = target.upstream
    return Lead(
        target.share,
        target.service,
        target.credential if target.service in several else None,
        without_password(upstream.url),
        bool(upstream.query),
        upstream.model,
        upstream.provider,
        target.spare,
        target.key if target.places else "",
    )
