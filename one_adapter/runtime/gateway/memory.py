"""What is remembered from request to request: turns, breakers, limits, keys that cool.

It outlives a configuration: everything is kept under the service's identity. It is this process's own, or
several processes share it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Protocol

from one_adapter.runtime.gateway.breaker import Breakers
from one_adapter.runtime.gateway.capacity import Capacity
from one_adapter.runtime.gateway.limits import Limits, LimitStore
from one_adapter.runtime.gateway.rotation import Rotation


class Turns(Protocol):
    """Where turns are counted that several processes take."""

    async def take(self, kind: str, name: str, first: int) -> int | None:
        """The next turn of `kind` ("services" or "keys") under a name, counted from `first`.

        None where this process is to count by itself, as it always is where there is no name.
        """


@dataclass
class Memory:
    """The memory of one proxy process.

    `turns`: who counts them, where that is not this process alone; `start`: makes ready what is shared, on
    the running loop.
    """

    rotation: Rotation = field(default_factory=lambda: Rotation(random.random))
    breakers: Breakers = field(default_factory=Breakers)
    limits: LimitStore = field(default_factory=Limits)
    capacity: Capacity = field(default_factory=Capacity)
    turns: Turns | None = None
    start: Callable[[], None] = lambda: None

    def forget(self, groups: Container[str], owners: Container[str]) -> None:
        """Drop what is known of names and services that no configuration has any more."""
        self.rotation.forget(groups, owners)
        self.breakers.forget(owners)
