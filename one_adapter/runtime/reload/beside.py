"""Work that requests do not wait for: in a thread that gives way to the loop soon, or on it with rests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")
#: Seconds after which a thread beside the loop gives way; usual are 0.005, at each of a request's many steps.
SWITCH_SECONDS = 0.0001
#: How many times as long as a step on the loop took it is left to others.
REST = 3.0
#: How many such threads run, and what was usual before the first.
_running = 0
_usual = 0.005


async def beside(work: Callable[[Argument], Result], argument: Argument) -> Result:
    """Have something done in a thread that gives way to the loop soon whenever that has something to do.

    It gives way between two steps of Python only, and not inside a long one of C's.
    """
    global _running, _usual
    if not _running:
        _usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
    _running += 1
    try:
        return await asyncio.to_thread(work, argument)
    finally:
        _running -= 1
        if not _running:
            sys.setswitchinterval(_usual)


async def rest(began: float) -> None:
    """Leave the loop to others after a step on it that began at a moment of `perf_counter`."""
    await asyncio.sleep(REST * (perf_counter() - began))
