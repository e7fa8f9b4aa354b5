"""Breakers that several workers share: each looks at its own picture of them, Redis has the one that counts.

A failure goes to Redis, which tells all; an answer goes there only where failures are known, so that a
healthy upstream costs no trip. Who may try an open one is for Redis to say.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from itertools import count
from typing import Any

from one_adapter.runtime.gateway.breaker import Breakers, Key, State
from one_adapter.runtime.gateway.settings import BreakerRule
from one_adapter.runtime.shared.connection import BREAKERS, Lost
from one_adapter.runtime.shared.membership import Membership
from one_adapter.runtime.shared.waiting import MICROSECONDS

#: Seconds that a probe may take longer than its service's timeout, and one without a timeout in all.
SPARE_SECONDS, LONGEST_SECONDS = 5.0, 3600.0


class SharedBreakers(Breakers):
    """The breakers of one worker among several."""

    def __init__(self, membership: Membership) -> None:
        """Share through `membership`."""
        super().__init__()
        self._membership = membership
        self._numbers = count(1)
        self._probes: dict[Key, list[str]] = {}
        membership.members.append(self)
        membership.events.append(self._heard)

    async def leases(self, key: Key, rule: BreakerRule, seconds: float) -> bool:
        """Ask whether a probe that has begun may go on, for so many `seconds` at most (0: for long)."""
        ticket = f"{self._membership.worker}:{next(self._numbers)}"
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        longest = seconds + SPARE_SECONDS if seconds > 0 else LONGEST_SECONDS
        self._probes.setdefault(key, []).append(ticket)
        self._run(
            partial(_settle, answer),
            "probe",
            key,
            ticket,
            int(rule.recovery_seconds * MICROSECONDS),
            rule.probes,
            int(longest * MICROSECONDS),
        )
        try:
            allowed = await answer
        except asyncio.CancelledError:
            self.abandon(key, True)
            raise
        if not allowed:
            self._ticket(key)
            super().abandon(key, True)
        return allowed

    def success(self, key: Key, probe: bool) -> None:
        """Note an answer."""
        ticket = self._ticket(key) if probe else ""
        if self._membership.link is not None and (probe or key in self._states):
            self._run(None, "success", key, ticket)
        super().success(key, probe)

    def failure(self, key: Key, rule: BreakerRule, probe: bool, now: float) -> None:
        """Note a failure of the upstream; Redis says what comes of it."""
        alone = partial(super().failure, key, rule, probe, now)
        ticket = self._ticket(key) if probe else ""
        if self._membership.link is None:
            alone()
            return

        def answered(found: Any) -> None:
            if isinstance(found, Lost):
                alone()
            elif probe:
                Breakers.abandon(self, key, True)

        self._run(answered, "failure", key, rule.failures, ticket)

    def abandon(self, key: Key, probe: bool) -> None:
        """Note a call that ended without a verdict."""
        super().abandon(key, probe)
        ticket = self._ticket(key) if probe else ""
        if ticket:
            self._run(None, "abandon", key, ticket)

    def lost(self) -> None:
        """Go alone, by what is known."""

    def back(self) -> None:
        """Tell Redis what opened meanwhile, and hear what it knows; the later opening counts."""
        now = asyncio.get_running_loop().time()
        for key, state in self._states.items():
            if state.opened is not None:
                self._run(None, "opened", key, state.failures, int((now - state.opened) * MICROSECONDS))
        self._states = {key: state for key, state in self._states.items() if state.opened is not None}
        self._run(self._told, "all", ())

    def gone(self) -> None:
        """Nothing is given away but probes, which may go on."""

    def _told(self, found: Any) -> None:
        """Take on all that Redis knows."""
        if not isinstance(found, Lost):
            for name, failures, age in zip(found[::3], found[1::3], found[2::3], strict=True):
                self._take(name.decode(), failures, age)

    def _heard(self, event: str) -> None:
        """Take note of what happened to a breaker."""
        what, *words = event.split(" ", 3)
        if what == "failed":
            self._take(words[2], int(words[0]), int(words[1]))
        elif what == "closed":
            self._states.pop(_key(words[2]), None)

    def _take(self, name: str, failures: int, age: int) -> None:
        """Have a breaker stand as Redis says: open for an `age` of microseconds, or not (-1)."""
        state = self._states.setdefault(_key(name), State())
        state.failures = failures
        state.opened = asyncio.get_running_loop().time() - age / MICROSECONDS if age >= 0 else None

    def _ticket(self, key: Key) -> str:
        """The ticket of one of this worker's probes, which has ended; "" where it went alone."""
        tickets = self._probes.get(key)
        if not tickets:
            return ""
        found = tickets.pop()
        if not tickets:
            del self._probes[key]
        return found

    def _run(self, answered: Any, operation: str, key: Key, *words: Any) -> None:
        self._membership.run(answered, BREAKERS, operation, json.dumps(key), *words)


def _settle(answer: asyncio.Future[bool], found: Any) -> None:
    """Let a probe go on where Redis is away: each worker then has its own."""
    if not answer.done():
        answer.set_result(isinstance(found, Lost) or bool(found))


def _key(name: str) -> Key:
    return tuple(json.loads(name))
