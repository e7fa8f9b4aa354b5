"""Turns that several workers take one after another, and keys that all of them leave alone for a while."""

from __future__ import annotations

import asyncio
import json

from one_adapter.runtime.gateway.capacity import Capacity
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.shared.connection import Lost
from one_adapter.runtime.shared.membership import Membership

#: Seconds for which a count is kept that nobody takes a turn of, and after how many turns that is renewed.
KEPT_SECONDS, RENEWED_TURNS = 86400, 1000


class SharedTurns:
    """The turns of one worker among several (`Turns`)."""

    def __init__(self, membership: Membership) -> None:
        """Share through `membership`."""
        self._membership = membership

    async def take(self, kind: str, name: str, first: int) -> int | None:
        """The next turn of `kind` under a name, counted from `first`; None to count alone."""
        if not name:
            return None
        link = self._membership.link or await self._membership.ready()
        if link is None:
            return None
        key = f"{self._membership.key}:t:{kind}:{name}"
        try:
            number: int = await link.ask("INCR", key)
        except Lost:
            return None
        if number % RENEWED_TURNS == 1:
            link.call(None, "EXPIRE", key, KEPT_SECONDS)
        return first + number - 1


class SharedCapacity(Capacity):
    """The keys of one worker among several.

    That an upstream has answered 429 to a key is told to all. What is reserved of a key's tokens is each
    worker's own: it is a preference among keys, and what a key may not do its limits say, which are shared.
    """

    def __init__(self, membership: Membership) -> None:
        """Share through `membership`."""
        super().__init__()
        self._membership = membership
        membership.events.append(self._heard)

    def cool(self, policy: Policy, model: str, now: float) -> None:
        """Note that the upstream answered 429 to a key, and tell the others."""
        super().cool(policy, model, now)
        if self._membership.link is not None:
            told = json.dumps([policy.service, policy.key, policy.credential, model])
            self._membership.link.call(
                None, "PUBLISH", f"{self._membership.key}:e", f"cool {self._membership.worker} 0 {told}"
            )

    def _heard(self, event: str) -> None:
        what, worker, _, told = event.split(" ", 3)
        if what == "cool" and worker != self._membership.worker:
            service, key, credential, model = json.loads(told)
            policy = Policy(service=service, key=key, credential=credential)
            super().cool(policy, model, asyncio.get_running_loop().time())
