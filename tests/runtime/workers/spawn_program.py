"""Several workers that load by themselves, with a tiny application, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import uvicorn

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.workers.redis_server import RedisServer, program
from one_adapter.runtime.workers.spawning import Spawning


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the process; /SECONDS takes so long for it."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begins\n", "more_body": True})
    await asyncio.sleep(float(scope["path"].rpartition("/")[2] or 0))
    await send({"type": "http.response.body", "body": json.dumps(os.getpid()).encode()})


def main(port: int, grace: float, folder: str, missing: bool, whole: bool) -> None:
    """Serve, where `whole` as `run` does when the probe speaks against forking."""
    application = "no_such_module:app" if missing else "spawn_program:app"
    if not whole:
        config = uvicorn.Config(
            application,
            port=port,
            workers=2,
            log_level="error",
            timeout_graceful_shutdown=int(grace),
        )
        Spawning(config, grace, print).run()
        return
    from one_adapter.runtime.announcing import announce
    from one_adapter.runtime.host.servers import Servers

    path = program()
    assert path is not None
    with RedisServer(path, announce) as redis:
        Servers(
            Path(folder, "config.yaml"),
            "127.0.0.1",
            port,
            workers=2,
            grace=grace,
            redis=redis,
            application=application,
            hindrance=lambda: "the probe speaks against it",
        ).run(None, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    try:
        main(**json.loads(sys.argv[1]))
    except OneAdapterError as problem:
        print(problem)
        sys.exit(problem.exit_code)
