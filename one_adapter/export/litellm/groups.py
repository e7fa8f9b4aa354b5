"""Which targets of the plan are deployments of one client name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from one_adapter.contract import RESPONSES
from one_adapter.dialect import Order
from one_adapter.plan.types import Plan, Route, Target, Upstream


@dataclass(frozen=True, slots=True)
class Group:
    """The deployments of one client name for one kind of call."""

    name: str
    mode: str
    order: Order
    targets: tuple[Target, ...]
    twins: dict[tuple[str, int], Target] | None
    alias_of: str = ""
    key_order: Order | None = None


def groups_of(plan: Plan) -> Iterator[Group]:
    """Every group of deployments the plan asks for, in its order; names with an asterisk are left out."""
    for route in plan.routes:
        if "*" in route.name:
            continue
        yield from _groups(route)


def _groups(route: Route) -> Iterator[Group]:
    mode = "embedding" if route.kind == "embedding" else "chat"
    embeddings = route.embedding_targets
    alias_of = route.alias_of or ""
    if embeddings is None:
        twins = {place_of(t): t for t in route.targets} if route.kind != "chat" else {}
        yield Group(route.name, mode, route.order, route.targets, twins, alias_of, route.key_order)
        return
    chats = {place_of(target): _door(target) for target in route.targets}
    if all(chats.get(place_of(target)) == _door(target) for target in embeddings):
        twins = {place_of(t): t for t in embeddings}
        yield Group(route.name, mode, route.order, route.targets, twins, alias_of)
        return
    yield Group(route.name, "chat", route.order, route.targets, None, alias_of)
    yield Group(route.name, "embedding", route.order, embeddings, None)


def place_of(target: Target) -> tuple[str, int]:
    """The service and the credential, by their names."""
    return target.service, target.credential


def _door(target: Target) -> tuple[str, str, bool]:
    """What two kinds of call must have in common to go through one deployment."""
    upstream = target.upstream
    return upstream.provider, upstream.url, is_asked_by_responses(upstream)


def is_asked_by_responses(upstream: Upstream) -> bool:
    """Whether LiteLLM is told by the model's name to call the responses API."""
    return upstream.label.startswith(RESPONSES)
