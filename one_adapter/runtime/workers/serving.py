"""What every worker runs: uvicorn's server on the slot's sockets, by its public names only."""

from __future__ import annotations

import uvicorn

from one_adapter.runtime.workers.link import Link
from one_adapter.runtime.workers.slots import Slot

#: Seconds between two calls of what uvicorn calls again and again, where the first is what counts.
ONCE = 365 * 24 * 60 * 60


def serve(config: uvicorn.Config, slot: Slot, link: Link) -> None:
    """Serve until told to end; `config` is this process's own. Raises `SystemExit` where that fails."""
    config.callback_notify = link.start  # asked for the first time once the server accepts connections
    config.timeout_notify = ONCE
    server = uvicorn.Server(config)
    server.run(sockets=[*slot])
