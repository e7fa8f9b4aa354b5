"""What one process remembers from request to request: turns, breakers, limits.

It outlives a configuration: everything is kept under the service's identity.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from one_adapter.runtime.gateway.breaker import Breakers
from one_adapter.runtime.gateway.limits import Limits
from one_adapter.runtime.gateway.rotation import Rotation


@dataclass
class Memory:
    """The memory of one proxy process."""

    rotation: Rotation = field(default_factory=lambda: Rotation(random.random))
    breakers: Breakers = field(default_factory=Breakers)
    limits: Limits = field(default_factory=Limits)
