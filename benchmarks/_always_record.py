"""What it costs to record: a relayed chat's processor time with access log and metrics, by that without.

Usage of the client alone: python _always_record.py PIECES PORT...

uvicorn, the door, the relay and the thread that writes the log are in this process, whose processor time is
what counts; the vendor and the client are others. Two servers take turns, one that records and one that does
not, a block of requests each.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from _figures import Row, at_least, figure, ratio
from _load import Asker, alone, request
from _measure import Pairs
from _proxy import PATIENCE, free_port
from throughput import start_vendor

from one_adapter.runtime.entry.door import Door, Loaded
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.host import profile
from one_adapter.runtime.host.recording import Recording, Wanted
from one_adapter.runtime.relay.client import Pools
from one_adapter.runtime.relay.way import Relay

KEY = "sk-the-clients-key"
#: Requests of one block, and blocks of each kind; of streams fewer, of so many pieces.
BLOCK, ROUNDS, SHORT_ROUNDS = 32, 400, 100
STREAMS, PIECES = 2, 20
#: Rounds that do not count.
WARM = 2
OWN = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}]}}


async def _nowhere(scope: Any, *_: Any) -> None:
    raise SystemExit(f"{scope['path']} was not relayed")


def _loaded(vendor: int) -> Loaded:
    params = {
        "model": "openai/up",
        "api_base": f"http://127.0.0.1:{vendor}/v1",
        "api_key": "sk-of-the-vendor",
    }
    breaker = {"failures": 5, "recovery_seconds": 30, "probes": 1}
    info = {"id": "openai-1.0.0", "mode": "chat", "one_adapter": {"service": "openai-1", "breaker": breaker}}
    deployment = {"model_name": "m", "litellm_params": params, "model_info": info}
    return Loaded(read_config([deployment], OWN, None, {"CLIENT": KEY}), Memory())


async def _server(loaded: Loaded, pools: Pools) -> uvicorn.Server:
    """Begin to serve as `run` does, on a port of its own."""
    door = Door(_nowhere, lambda: loaded, [Relay(pools, lambda *_: "")])
    config = uvicorn.Config(
        door, port=free_port(), interface="asgi3", lifespan="off", log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    asyncio.get_running_loop().create_task(server.serve()).add_done_callback(lambda _: None)
    while not server.started:  # noqa: ASYNC110 - uvicorn has nothing to wait for
        await asyncio.sleep(0.01)
    return server


async def _spent(client: Process, place: int, times: int) -> float:
    """Return the processor time of one request at one of the servers, in milliseconds."""
    assert client.stdin is not None
    assert client.stdout is not None
    start = time.process_time()
    client.stdin.write(f"{place} {times}\n".encode())
    if await client.stdout.readline() != b"done\n":
        raise SystemExit("the client has ended")
    return 1000 * (time.process_time() - start) / times


async def _measured(vendor: int, log: Path, pieces: int, times: int, rounds: int) -> Sequence[list[float]]:
    """Return what requests cost with a record and without, round by round."""
    pools, plain = Pools({}), _loaded(vendor)
    kept = Recording(Wanted(str(log), metrics=True), plain.config, plain.memory, {})
    servers = [await _server(one, pools) for one in (replace(plain, recorder=kept.record), plain)]
    words = (str(pieces), *(str(one.config.port) for one in servers))
    client = await create_subprocess_exec(sys.executable, __file__, *words, stdin=PIPE, stdout=PIPE)
    found: list[list[float]] = [[], []]
    for turn in range(rounds + WARM):
        for place in (0, 1) if turn % 2 else (1, 0):
            spent = await _spent(client, place, times)
            if turn >= WARM:
                found[place].append(spent)
    client.terminate()
    await client.wait()
    for one in servers:
        one.should_exit = True
    await asyncio.sleep(0.5)
    kept.close()
    await pools.close()
    return found


def _wait_for(port: int) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return


@figure("record")
def record(short: bool) -> Iterable[Row]:
    """Whole chats, and streams."""
    rounds = SHORT_ROUNDS if short else ROUNDS
    profile.settle()  # the collector as `run` has it
    with ExitStack() as stack:
        vendor, _ = start_vendor(stack)
        _wait_for(vendor)
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "access.log")
        for what, pieces, times in (("a relayed chat", 0, BLOCK), ("a relayed stream", PIECES, STREAMS)):
            loop = uvloop.new_event_loop()
            these, those = loop.run_until_complete(_measured(vendor, log, pieces, times, rounds))
            loop.close()
            named = f"{what} with access log and metrics, processor time"
            yield ratio(Pairs(named, "without", these, those, "ms"), most=1.05)
        lines, asked_for = len(log.read_bytes().splitlines()), (BLOCK + STREAMS) * (rounds + WARM)
        yield at_least("lines in the log", lines, asked_for)


def ask(pieces: int, ports: Sequence[int]) -> None:
    """Be the client: a line `PLACE TIMES` of standard input at a time, until that ends."""
    askers = [Asker(port, request(KEY, "chat", pieces), pieces > 0) for port in ports]
    for line in sys.stdin:
        place, times = map(int, line.split())
        alone(askers[place], times)
        print("done", flush=True)


if __name__ == "__main__":
    ask(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
