"""What every worker runs: uvicorn's server on the slot's sockets, by its public names."""

from __future__ import annotations

import socket

import uvicorn

from one_adapter.runtime.workers.slots import Slot
from one_adapter.runtime.workers.worker_end import Link

#: Seconds between two calls of what uvicorn calls again and again, where the first is what counts.
ONCE_SECONDS = 365 * 24 * 60 * 60


class Server(uvicorn.Server):
    """uvicorn's, that says when it takes no more connections."""

    def __init__(self, config: uvicorn.Config, link: Link) -> None:
        """Say it by `link`."""
        super().__init__(config)
        self._link = link

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way."""
        self._link.leave()
        await super().shutdown(sockets)


def serve(config: uvicorn.Config, slot: Slot, link: Link) -> None:
    """Serve until told to end; `config` is this process's own. Raises `SystemExit` where that fails."""
    config.callback_notify = link.start  # asked for the first time once the server accepts connections
    config.timeout_notify = ONCE_SECONDS
    server = Server(config, link)
    server.run(sockets=[*slot])
