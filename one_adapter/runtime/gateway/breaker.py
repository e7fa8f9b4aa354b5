"""A circuit breaker per service and client model, or per key of a service and client model.

After `failures` in a row nothing more is asked there for that model; after `recovery_seconds` up to
`probes` calls may try, one success closes it again and one failure opens it anew. The clock is handed in
with each call.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from one_adapter.runtime.gateway.settings import BreakerRule

#: Whose a breaker is: (service, client model), or (service, key, client model).
Key = tuple[str, ...]


@dataclass
class State:
    """One breaker that has seen a failure of late; `opened` is since when it lets nobody through."""

    failures: int = 0
    opened: float | None = None
    probing: int = 0


class Breakers:
    """Every breaker of one process."""

    def __init__(self) -> None:
        self._states: dict[Key, State] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing has failed of late, so that everything is allowed."""
        return not self._states

    def opened(self) -> list[Key]:
        """Whose breakers are open, or on trial."""
        return [key for key, state in self._states.items() if state.opened is not None]

    def forget(self, owners: Container[str]) -> None:
        """Drop what is known of services that are none of `owners`."""
        self._states = {key: state for key, state in self._states.items() if key[0] in owners}

    def allows(self, key: Key, rule: BreakerRule, now: float) -> bool:
        """Whether a call may be made now; changes nothing."""
        state = self._states.get(key)
        if state is None or state.opened is None:
            return True
        return now >= state.opened + rule.recovery_seconds and state.probing < rule.probes

    def begin(self, key: Key) -> bool:
        """Note that a call begins; True when it is a probe, to be told to the other methods."""
        state = self._states.get(key)
        if state is None or state.opened is None:
            return False
        state.probing += 1
        return True

    async def leases(self, key: Key, rule: BreakerRule, seconds: float) -> bool:  # noqa: ARG002
        """Whether a probe that has begun may go on, for so many `seconds` at most.

        Here it always may; where processes share their breakers, others may have begun theirs.
        """
        return True

    def success(self, key: Key, probe: bool) -> None:
        """Note an answer (also one that blames the client): the row of failures ends."""
        state = self._states.get(key)
        if state is not None and (probe or state.opened is None):
            del self._states[key]

    def failure(self, key: Key, rule: BreakerRule, probe: bool, now: float) -> None:
        """Note a failure of the upstream."""
        state = self._states.setdefault(key, State())
        if probe:
            state.probing = max(0, state.probing - 1)
            state.opened = now
        elif state.opened is None:
            state.failures += 1
            if state.failures >= rule.failures:
                state.opened = now

    def abandon(self, key: Key, probe: bool) -> None:
        """Note a call that ended without a verdict, such as a client that left."""
        state = self._states.get(key)
        if probe and state is not None:
            state.probing = max(0, state.probing - 1)
