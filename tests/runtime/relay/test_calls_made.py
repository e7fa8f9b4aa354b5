"""What a relayed request costs, counted in calls of our own functions: time would tell of the machine.

In place, where nothing is in the processor's caches, a call takes about half a microsecond, so that ten calls
more are some 3 % of a whole request. Whoever needs more of them says so here, and measures it first with
`benchmarks/throughput.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from doorway import CHAT, loaded_of
from doorway import litellm as beyond
from virtual import run

import one_adapter
from one_adapter.runtime.entry.door import Door
from one_adapter.runtime.relay.way import Relay

OURS = str(Path(one_adapter.__file__).parent)
ANSWERS = {
    "chat": b'{"model":"up-m","choices":[{"index":0,"message":{"content":"hi"}}]}',
    "embeddings": b'{"model":"up-m","data":[{"index":0,"embedding":[0.1]}]}',
}
PATHS = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings"}
BODIES = {"chat": CHAT, "embeddings": {"model": "m", "input": "hi"}}
#: How many calls a request may take; a few more than it does.
MOST = {"chat": 52, "embeddings": 52}
REQUESTS = 10


class Answer:
    """A vendor's answer, that is here at once; its own content."""

    status = 200
    raw_headers = ((b"content-type", b"application/json"),)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.content = self

    async def __aenter__(self) -> Answer:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def is_eof(self) -> bool:
        return True

    def read_nowait(self) -> bytes:
        return self.raw


class Vendor:
    """Stands where the HTTP clients stand, for a vendor that answers at once."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def post(self, *_: object) -> Answer:
        return Answer(self.raw)


class Counter:
    """Counts the calls of our functions while it is the profiler."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.calls += 1


async def ask(door: Door, kind: str) -> list[Any]:
    """What one client is sent."""
    sent: list[Any] = []
    raw = json.dumps(BODIES[kind]).encode()

    async def receive() -> Any:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [
        (b"host", b"x"),
        (b"authorization", b"Bearer sk-client"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(raw)).encode()),
    ]
    scope = {"type": "http", "method": "POST", "path": PATHS[kind], "headers": headers, "query_string": b""}
    await door(scope, receive, send)
    return sent


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
def test_a_relayed_request_takes_no_more_calls_than_it_did(kind: str) -> None:
    vendor: Any = Vendor(ANSWERS[kind])
    loaded, counter = loaded_of(), Counter()
    door = Door(beyond, lambda: loaded, [Relay(vendor, lambda _request, _scope: "")])

    async def exchange() -> None:
        for _ in range(2):  # what is remembered from then on
            assert [one.get("status", 200) for one in await ask(door, kind)] == [200, 200]
        before = sys.getprofile()
        sys.setprofile(counter)
        try:
            for _ in range(REQUESTS):
                await ask(door, kind)
        finally:
            sys.setprofile(before)

    run(exchange())
    calls = counter.calls / REQUESTS
    told = f"a relayed request of {kind} takes {calls:g} calls of ours, and may take {MOST[kind]}"
    assert 10 < calls <= MOST[kind], told
