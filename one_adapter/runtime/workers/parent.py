"""Ending when the parent does, however that comes about: also where it is killed. Linux alone can."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

#: `prctl`'s name for "the signal I get when my parent dies".
PDEATHSIG = 1


def ends_with(parent: int, number: int | None = None) -> Callable[[], None]:
    """What a process calls to get a signal, SIGKILL, when `parent`, which started it, is gone."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PDEATHSIG, signal.SIGKILL if number is None else number)
        if os.getppid() != parent:  # it was quicker
            os._exit(1)

    return ask
