"""The waiting limits of a plan as one of several workers holds them that share nothing: each its part."""

from __future__ import annotations

import math
from dataclasses import replace

from one_adapter.plan.types import CredentialPolicy, LimitPolicy, Limits, Plan, ServicePolicy


def limited(plan: Plan) -> tuple[str, ...]:
    """The ids of the services that have a waiting limit, of whatever kind, at whatever layer."""
    return tuple(one.id for one in plan.services if any(one.limits))


def wants_sharing(plan: Plan) -> bool:
    """Whether processes that share nothing would do something else than one: limits, breakers, turns."""
    turns = any("rr" in (route.order, route.key_order) for route in plan.routes)
    return bool(limited(plan) or plan.breaker or turns)


def divided(plan: Plan, workers: int) -> Plan:
    """The plan with each limit divided by the workers and rounded down; never to nothing."""

    def part(limit: LimitPolicy | None) -> LimitPolicy | None:
        if limit is None:
            return None
        sizes = {name: _part(size, workers) for name, size in limit.numbers.items() if name != "wait_seconds"}
        return LimitPolicy(**sizes, wait_seconds=limit.wait_seconds)

    def parts(limits: Limits) -> Limits:
        return {name: part(limit) or limit for name, limit in limits.items()}

    def credential(one: CredentialPolicy) -> CredentialPolicy:
        return replace(one, limit=part(one.limit), model_limits=parts(one.model_limits))

    def service(one: ServicePolicy) -> ServicePolicy:
        return replace(
            one,
            limit=part(one.limit),
            embedding_limit=part(one.embedding_limit),
            model_limits=parts(one.model_limits),
            credentials=tuple(map(credential, one.credentials)),
        )

    return replace(plan, services=tuple(map(service, plan.services)))


def told(plan: Plan, workers: int) -> tuple[str, ...]:
    """Say for each limited service what one worker has of its limits, its keys' and models' among them."""
    lines = []
    for one in plan.services:
        each = {
            f"{name} {size:g} -> {_part(size, workers):g}"
            for limit in one.limits
            for name, size in limit.numbers.items()
            if name != "wait_seconds"
        }
        if each:
            lines.append(f"{one.id}: {', '.join(sorted(each))}")
    return tuple(lines)


def _part(size: float, workers: int) -> float:
    """A worker's part of a size, at least 1, or all of what is less.

    >>> _part(30, 4), _part(3, 4), _part(0.5, 4)
    (7, 1, 0.5)
    """
    return max(math.floor(size / workers), min(1, size))
