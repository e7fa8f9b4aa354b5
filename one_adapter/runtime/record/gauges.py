"""What holds now, and not what has happened: who runs and waits at limits, which breakers are open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.identity import names_in_memory
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


def gauges_of(memory: Memory, running: int, lost: int, config: Config) -> Gauges:
    """What holds now in a process's memory; services and keys have their names of the present."""
    names = names_in_memory(config.policies.values())
    opened = tuple(
        (*names.get(key[:-1], (key[0], key[1] if len(key) > 2 else "")), key[-1])
        for key in sorted(memory.breakers.opened())
    )
    held = {_named(name, names): both for name, both in memory.limits.held().items()}
    return Gauges(running, held, opened, config.number, lost)


def _named(limit: str, names: Mapping[tuple[str, ...], tuple[str, str]]) -> str:
    """The name of a limit with those of the service and the key as they are now."""
    owner, _, rest = limit.partition(":")
    service = names.get((owner,), (owner, ""))[0]
    kind, _, last = rest.partition(":")
    if kind == "key":
        key, _, part = last.partition(":")
        rest = f"key:{names.get((owner, key), ('', key))[1]}:{part}"
    return f"{service}:{rest}"
