"""One worker on a Redis by a clock that jumps: what it decides can be held to what a process decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from virtual import run

from one_adapter.runtime.shared.limits import SharedLimits
from one_adapter.runtime.shared.membership import Membership, Times

T = TypeVar("T")
#: A worker that never seems dead, windows of a minute, and no look at a queue but when it is time.
EXACT = Times(lease=1e6, beat=0, minute=60.0, tick=1e6, least=1e-6, first=30, patience=30)


def by_jumps(url: str, name: str, scenario: Callable[[SharedLimits], Coroutine[Any, Any, T]]) -> T:
    """Run a scenario with the limits of one worker, in virtual time."""
    memberships: list[Membership] = []

    async def play() -> T:
        loop = asyncio.get_running_loop()
        membership = Membership(url, name, EXACT, lambda: 1 + round(loop.time() * 1e6))
        memberships.append(membership)
        limits = SharedLimits(membership)
        try:
            assert await membership.ready() is not None
            return await scenario(limits)
        finally:
            await membership.close()

    def busy() -> bool:
        return not memberships or memberships[0].link is None or memberships[0].link.pending > 0

    return run(play(), busy)
