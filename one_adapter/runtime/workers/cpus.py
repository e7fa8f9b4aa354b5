"""How many processors this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

#: Where a cgroup says how much processor time it gets in how much time: version 2, then version 1.
CPU_MAX = "sys/fs/cgroup/cpu.max"
QUOTA, PERIOD = "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "sys/fs/cgroup/cpu/cpu.cfs_period_us"


def cpus(root: Path = Path("/")) -> int:
    """The processors a container may use, else those the process may run on, at least 1."""
    allowed = _affinity()
    quota = _quota(root)
    return max(1, min(allowed, math.ceil(quota)) if quota else allowed)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota(root: Path) -> float | None:
    """The processors' worth of time that the cgroup gets, None where it is not bounded."""
    for files in ((CPU_MAX,), (QUOTA, PERIOD)):
        try:
            words = " ".join((root / name).read_text("ascii") for name in files).split()
            quota, period = float(words[0]), float(words[1])
        except (OSError, ValueError, IndexError):  # not there, or the word "max"
            continue
        if quota > 0 and period > 0:
            return quota / period
    return None
