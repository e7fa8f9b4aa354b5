"""What holds now, and not what has happened: who runs and waits at limits, which breakers are open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from one_adapter.runtime.gateway.memory import Memory


class Gauges(NamedTuple):
    """The present values of one process.

    `running`: requests that have begun; `limits`: a limit's name -> those that hold a place at it, and those
    that wait; `breakers`: the service, the key ("" where it is the service's) and the model of each that is
    open; `generation`: of its configuration, and how often it has changed; `lost`: lines of the access log.
    """

    running: int = 0
    limits: Mapping[str, tuple[int, int]] = {}
    breakers: tuple[tuple[str, str, str], ...] = ()
    generation: int = 1
    lost: int = 0


def gauges_of(memory: Memory, running: int, lost: int, generation: int = 1) -> Gauges:
    """Return what holds now in a process's memory."""
    opened = tuple(
        (key[0], key[1] if len(key) > 2 else "", key[-1]) for key in sorted(memory.breakers.opened())
    )
    return Gauges(running, memory.limits.held(), opened, generation, lost)
