"""A vendor that costs next to nothing: one fixed answer a request, over plain asyncio.

Usage: python _upstream.py PORT

A body with `"stream": true` gets a stream of `CHUNKS` pieces, one every `GAP` seconds; each carries
the moment it was sent (`time.monotonic`, the same clock for every process of a machine) as its text.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import cast

CHUNKS = 20
GAP = 0.02

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hello there"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(ANSWER),
    ANSWER,
)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Vendor(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: asyncio.Transport | None = None
        self.streams: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        """Answer every whole request in the buffer."""
        assert self.transport is not None
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            if b'"stream":true' in body.replace(b" ", b""):
                task = asyncio.create_task(self.stream())
                self.streams.add(task)
                task.add_done_callback(self.streams.discard)
            else:
                self.transport.write(WHOLE)

    async def stream(self) -> None:
        """Pieces at an even pace."""
        assert self.transport is not None
        self.transport.write(STREAM)
        for number in range(CHUNKS):
            self.piece({"content": repr(time.monotonic()) + " "}, None)
            if number < CHUNKS - 1:
                await asyncio.sleep(GAP)
        self.piece({}, "stop")
        self.event(b"[DONE]")
        self.transport.write(b"0\r\n\r\n")

    def piece(self, delta: dict[str, str], reason: str | None) -> None:
        """One chunk of a chat completion."""
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m"}
        self.event(json.dumps({**chunk, "choices": [choice]}).encode())

    def event(self, data: bytes) -> None:
        """One server-sent event as one HTTP chunk."""
        assert self.transport is not None
        event = b"data: " + data + b"\n\n"
        self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    asyncio.run(serve(int(sys.argv[1])))
