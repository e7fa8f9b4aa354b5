"""Clients that leave are noticed, however many requests are watched at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from one_adapter.runtime.entry.leaving import WATCH_AFTER_SECONDS, Watch


class _Leaver:
    """A request whose client is gone."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.has_left = asyncio.Event()

    def leave(self) -> None:
        self.has_left.set()


async def gone() -> dict[str, Any]:
    """Receive that the client has left."""
    return {"type": "http.disconnect"}


@pytest.mark.asyncio
async def test_each_of_several_is_noticed_also_after_the_timer_has_rung_before() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(2):
        several: list[Any] = [_Leaver(loop.time() + later) for later in (0.0, 0.0, 0.01)]
        watches = [Watch(one, gone, loop) for one in several]
        await asyncio.wait_for(asyncio.gather(*(one.has_left.wait() for one in several)), 60)
        assert loop.time() >= several[-1].started + WATCH_AFTER_SECONDS - 0.005
        for watch in watches:
            watch.end()


@pytest.mark.asyncio
async def test_one_that_has_ended_is_not_watched() -> None:
    loop = asyncio.get_running_loop()
    ended: Any = _Leaver(loop.time())
    left: Any = _Leaver(loop.time())
    Watch(ended, gone, loop).end()
    Watch(left, gone, loop)
    await asyncio.wait_for(left.has_left.wait(), 60)
    assert not ended.has_left.is_set()
