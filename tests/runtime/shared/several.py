"""Several workers in one process, each with a membership of its own, and what they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full, Release
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.settings import Limit
from one_adapter.runtime.gateway.sharing import Sharing
from one_adapter.runtime.shared.limits import SharedLimits
from one_adapter.runtime.shared.membership import Membership, Times
from one_adapter.runtime.shared.opening import open_memory

#: No heartbeat, a long lease: nobody dies unless a test says so.
QUIET = Times(lease=3600, beat=0, pause=0.05, tick=0.2, first=10, patience=5)
#: The same, but soon of the opinion that Redis is away.
HASTY = replace(QUIET, patience=0.25)
#: How long anything may take on a machine that is busy.
PATIENCE = 60


def layer(name: str = "s", **numbers: float) -> Layer:
    return Layer(name, Limit(**numbers))


class Worker:
    """One worker: its memory and its membership."""

    def __init__(self, url: str, name: str, times: Times = QUIET, required: bool = False) -> None:
        self.memory: Memory = open_memory(Sharing(url, name, required), (), times)
        assert isinstance(self.memory.limits, SharedLimits)
        self.limits = self.memory.limits
        self.membership: Membership = self.limits._membership

    async def takes(self, *layers: Layer, most: float = PATIENCE, tokens: int = 1) -> Release:
        return await self.limits.acquire(layers, tokens, most)

    async def is_full(self, *layers: Layer) -> bool:
        try:
            (await self.takes(*layers, most=0))()
        except Full:
            return True
        return False

    async def die(self) -> None:
        """End without a word."""
        assert self.membership._task is not None
        assert self.membership.link is not None
        self.membership._task.cancel()
        self.membership.link.on_end = None
        self.membership.link.close()
        self.membership.link = None

    def waiting(self) -> int:
        return sum(waiting for _, waiting in self.limits.held().values())


@asynccontextmanager
async def workers(
    url: str, name: str, count: int = 2, times: Times = QUIET, required: bool = False, there: bool = True
) -> AsyncIterator[list[Worker]]:
    """Some workers that share a name; `there`: Redis is."""
    found = [Worker(url, name, times, required) for _ in range(count)]
    try:
        for one in found:
            assert (await one.membership.ready() is not None) is there
        yield found
    finally:
        for one in found:
            await one.membership.close()


async def until(holds: Callable[[], Any]) -> None:
    """Wait for what is about to hold."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end, "it never holds"
        await asyncio.sleep(0.01)
