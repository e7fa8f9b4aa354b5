"""A worker that is a process of its own: asks for a limit again and again, and writes what it got.

Usage: python worker_process.py URL NAME KIND SIZE MINUTE LEASE SECONDS; a line of JSON for each event.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full
from one_adapter.runtime.gateway.settings import Limit
from one_adapter.runtime.shared.limits import SharedLimits
from one_adapter.runtime.shared.membership import Membership, Times

#: Seconds that a request runs, and how many ask at once.
RUNS, CLIENTS = 0.05, 8


def say(what: str, ticket: int) -> None:
    sys.stdout.write(json.dumps([what, time.monotonic(), ticket]) + "\n")
    sys.stdout.flush()


async def main(url: str, name: str, kind: str, size: str, minute: str, lease: str, seconds: str) -> None:
    membership = Membership(
        url,
        name,
        Times(lease=float(lease), beat=float(lease) / 6, minute=float(minute), first=30, patience=5),
    )
    limits = SharedLimits(membership)
    assert await membership.ready() is not None
    layer = Layer("s", Limit(**{kind: float(size)}))
    end = time.monotonic() + float(seconds)

    async def client(number: int) -> None:
        while time.monotonic() < end:
            try:
                release = await limits.acquire([layer], 1, max(0.1, end - time.monotonic()))
            except Full:
                continue
            say("start", number)
            await asyncio.sleep(RUNS)
            say("end", number)
            release()

    say("ready", 0)
    await asyncio.gather(*map(client, range(CLIENTS)))
    await membership.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
