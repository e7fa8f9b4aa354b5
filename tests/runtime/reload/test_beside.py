"""Work in a thread beside the loop: it gives way soon, and only as long as it lasts."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from one_adapter.runtime.reload.beside import SWITCH_SECONDS, beside

PATIENCE = 30.0


def seen(_: object) -> tuple[int, float]:
    return threading.get_ident(), sys.getswitchinterval()


def test_it_runs_in_another_thread_that_gives_way_soon() -> None:
    usual = sys.getswitchinterval()
    thread, interval = asyncio.run(beside(seen, None))
    assert thread != threading.get_ident()
    assert interval == pytest.approx(SWITCH_SECONDS)
    assert sys.getswitchinterval() == usual


def test_threads_give_way_soon_until_the_last_of_several_ends() -> None:
    usual, may = sys.getswitchinterval(), threading.Event()

    async def scenario() -> None:
        first = asyncio.ensure_future(beside(may.wait, PATIENCE))
        await asyncio.sleep(0)
        _, interval = await beside(seen, None)
        assert interval == pytest.approx(SWITCH_SECONDS)
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        may.set()
        assert await first

    asyncio.run(scenario())
    assert sys.getswitchinterval() == usual


def test_what_it_raises_is_raised_and_the_usual_is_back() -> None:
    usual = sys.getswitchinterval()

    def fails(_: None) -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        asyncio.run(beside(fails, None))
    assert sys.getswitchinterval() == usual
