"""Whether this process can be forked: a lost thread, or a lock that it holds, would hang every worker."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from one_adapter.language import tr

TASKS = Path("/proc/self/task")
#: What keeps libraries from starting native threads while they are imported: NumPy's would, one a processor.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
#: Seconds to wait for native threads that end by themselves, as some do right after an import.
PATIENCE_SECONDS, PAUSE_SECONDS = 1.0, 0.02


def other_threads() -> list[str]:
    """The names of Python's threads beside the main one."""
    return [one.name for one in threading.enumerate() if one is not threading.main_thread()]


def hindrance(
    platform: str = sys.platform,
    tasks: Path = TASKS,
    threads: Callable[[], list[str]] = other_threads,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Why this process must not be forked, "" when nothing speaks against it."""
    if platform != "linux":
        return tr("on {platform} a loaded process cannot be forked safely", platform=platform)
    until = clock() + PATIENCE_SECONDS
    while True:
        others = threads()
        native = len([*tasks.iterdir()]) - 1
        if not native and not others:
            return ""
        if clock() > until:
            break
        sleep(PAUSE_SECONDS)
    if others:
        return tr("a thread runs ({names})", names=", ".join(others))
    return tr("{count} native threads run", count=native)


def freeze() -> None:
    """Take what is alive out of the collector's sight, so that its pages stay one for all workers."""
    gc.collect()
    gc.freeze()
