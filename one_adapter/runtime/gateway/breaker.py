"""A circuit breaker per service and client model.

After `failures` in a row the service gets no more calls for that model; after
`recovery_seconds` up to `probes` calls may try, one success closes it again and one failure
opens it anew. The clock is handed in with each call.
"""

from __future__ import annotations

from dataclasses import dataclass

from one_adapter.runtime.gateway.settings import BreakerRule


@dataclass
class _State:
    failures: int = 0
    opened: float | None = None
    probing: int = 0


class Breakers:
    """Every breaker of one process; a key is (service, client model)."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], _State] = {}

    def allows(self, key: tuple[str, str], rule: BreakerRule, now: float) -> bool:
        """Tell whether a call may be made now; changes nothing."""
        state = self._states.get(key)
        if state is None or state.opened is None:
            return True
        return now >= state.opened + rule.recovery_seconds and state.probing < rule.probes

    def begin(self, key: tuple[str, str]) -> bool:
        """Note that a call begins; True when it is a probe, to be told to the other methods."""
        state = self._states.get(key)
        if state is None or state.opened is None:
            return False
        state.probing += 1
        return True

    def success(self, key: tuple[str, str], probe: bool) -> None:
        """Note an answer (also one that blames the client): the row of failures ends."""
        state = self._states.get(key)
        if state is not None and (probe or state.opened is None):
            del self._states[key]

    def failure(self, key: tuple[str, str], rule: BreakerRule, probe: bool, now: float) -> None:
        """Note a failure of the upstream."""
        state = self._states.setdefault(key, _State())
        if probe:
            state.probing = max(0, state.probing - 1)
            state.opened = now
        elif state.opened is None:
            state.failures += 1
            if state.failures >= rule.failures:
                state.opened = now

    def abandon(self, key: tuple[str, str], probe: bool) -> None:
        """Note a call that ended without a verdict, such as a client that left."""
        state = self._states.get(key)
        if probe and state is not None:
            state.probing = max(0, state.probing - 1)
