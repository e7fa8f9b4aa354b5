"""Whether a cost grows with the size or faster, told on any machine: by comparing the work with itself."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import thread_time

#: Twice the size costs twice as much, and four times as much where it grows with the square.
MOST_FOR_TWICE = 3.0
#: What a clock cannot tell from nothing, in seconds.
NOTHING_SECONDS = 0.03
_TRIES = 5


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor time of this thread, without the collector's."""
    gc.disable()
    try:
        began = thread_time()
        work()
        return thread_time() - began
    finally:
        gc.enable()


def assert_grows_with_size(half: Callable[[], object], whole: Callable[[], object]) -> None:
    """Twice the size costs no more than about twice as much; the smallest of a few tries counts."""
    least_half = least_whole = float("inf")
    for _ in range(_TRIES):
        least_half = min(least_half, spent(half))
        least_whole = min(least_whole, spent(whole))
        if least_whole <= MOST_FOR_TWICE * least_half + NOTHING_SECONDS:
            return
    raise AssertionError(f"{least_half:.3f} s for half of it, {least_whole:.3f} s for the whole")
