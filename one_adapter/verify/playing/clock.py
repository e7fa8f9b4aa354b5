"""The clock of a play."""

from __future__ import annotations

import asyncio


def now() -> float:
    """Seconds by the clock of the running loop: of all loops of a process, unless a test hands in another."""
    return asyncio.get_running_loop().time()
