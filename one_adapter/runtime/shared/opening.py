"""The memory of a worker that shares it, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.sharing import Sharing
from one_adapter.runtime.shared.breakers import SharedBreakers
from one_adapter.runtime.shared.limits import SharedLimits
from one_adapter.runtime.shared.membership import Membership, Times
from one_adapter.runtime.shared.turns import SharedCapacity, SharedTurns


def open_memory(sharing: Sharing, services: Iterable[str], times: Times | None = None) -> Memory:
    """The memory that all have who name the same Redis and share a name in it.

    Without a name the identities of the `services` make one. Nothing is connected before the first request
    that needs it, or `Membership.start`.
    """
    membership = Membership(sharing.url, sharing.name or name_of(services), times)
    return Memory(
        breakers=SharedBreakers(membership),
        limits=SharedLimits(membership, sharing.required),
        capacity=SharedCapacity(membership),
        turns=SharedTurns(membership),
        start=membership.start,
    )


def name_of(services: Iterable[str]) -> str:
    """The name under which those share who have the same services, in whatever order.

    >>> name_of(["b", "a", "a"]) == name_of(["a", "b"]) != name_of(["a"])
    True
    """
    told = "\n".join(sorted(set(services)))
    return hashlib.sha256(told.encode()).hexdigest()[:12]
