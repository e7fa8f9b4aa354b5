"""What one process remembers from request to request: turns, breakers, limits, keys that cool.

It outlives a configuration: everything is kept under the service's identity.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from one_adapter.runtime.gateway.breaker import Breakers
from one_adapter.runtime.gateway.capacity import Capacity
from one_adapter.runtime.gateway.limits import Limits, LimitStore
from one_adapter.runtime.gateway.rotation import Rotation


@dataclass
class Memory:
    """The memory of one proxy process."""

    rotation: Rotation = field(default_factory=lambda: Rotation(random.random))
    breakers: Breakers = field(default_factory=Breakers)
    limits: LimitStore = field(default_factory=Limits)
    capacity: Capacity = field(default_factory=Capacity)
