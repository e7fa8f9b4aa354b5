"""A vendor that costs next to nothing: one fixed answer a request, by OpenAI's protocol and Anthropic's.

Usage: python _upstream.py PORT

A body with `"stream": true` gets a stream of `max_tokens` pieces (`PIECES` without), one every `GAP` seconds;
each carries the moment it was sent as its text (`time.monotonic`, one clock for all processes of a machine).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar, cast

PIECES = 20
#: Requests that are remembered.
KNOWN = 100
GAP = 0.005


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def _whole(answer: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(answer),
        answer,
    )


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
COUNTS = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
SAID = {"role": "assistant", "content": "hello there"}
CHAT = _whole(
    _json(
        id="chatcmpl-1",
        object="chat.completion",
        created=1700000000,
        model="up",
        choices=[{"index": 0, "message": SAID, "finish_reason": "stop"}],
        usage=COUNTS,
    )
)
VECTOR = [round(0.001 * place, 3) for place in range(64)]
EMBEDDINGS = _whole(
    _json(
        object="list",
        model="up",
        data=[{"object": "embedding", "index": 0, "embedding": VECTOR}],
        usage={"prompt_tokens": 5, "total_tokens": 5},
    )
)
MESSAGE: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "up"}
TOKENS = {"input_tokens": 5, "output_tokens": 2}
MESSAGES = _whole(
    _json(**MESSAGE, content=[{"type": "text", "text": "hello there"}], stop_reason="end_turn", usage=TOKENS)
)
#: The end of a path -> the whole answer.
ANSWERS = {b"/chat/completions": CHAT, b"/embeddings": EMBEDDINGS, b"/messages": MESSAGES}


def _chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    kind = "chat.completion.chunk"
    return b"data: " + _json(id="chatcmpl-1", object=kind, created=1700000000, model="up", choices=[choice])


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: ".encode() + _json(type=kind, **fields)


def _chunk_now() -> bytes:
    return _chunk({"content": f"{time.monotonic():.6f} "})


def _delta_now() -> bytes:
    return _event(
        "content_block_delta", index=0, delta={"type": "text_delta", "text": f"{time.monotonic():.6f} "}
    )


#: The end of a path -> what comes before the pieces, the piece of this moment, and what comes after.
Pieces = tuple[list[bytes], Callable[[], bytes], list[bytes]]
STREAMS: dict[bytes, Pieces] = {
    b"/chat/completions": ([], _chunk_now, [_chunk({}, "stop"), b"data: [DONE]"]),
    b"/messages": (
        [
            _event("message_start", message={**MESSAGE, "content": [], "stop_reason": None, "usage": TOKENS}),
            _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        ],
        _delta_now,
        [
            _event("content_block_stop", index=0),
            _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
            _event("message_stop"),
        ],
    ),
}


class Vendor(asyncio.Protocol):
    """One connection."""

    #: What is known of a request's head: the length of its body, and the end of its path.
    heads: ClassVar[dict[bytes, tuple[int, bytes]]] = {}
    #: Requests that came in one piece, and the whole answers to them; a load's are all alike.
    known: ClassVar[dict[bytes, bytes]] = {}

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
        answer = None if self.buffer else self.known.get(data)
        if answer is not None:
            self.transport.write(answer)
            return
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length, path = self.read(self.buffer[:end])
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            if b'"stream":true' in body or b'"stream": true' in body:
                pieces = int(json.loads(body).get("max_tokens") or PIECES)
                task = asyncio.create_task(self.stream(STREAMS[path], pieces))
                self.streams.add(task)
                task.add_done_callback(self.streams.discard)
            else:
                self.transport.write(ANSWERS[path])
                if len(data) == end + 4 + length and len(self.known) < KNOWN:
                    self.known[data] = ANSWERS[path]

    def read(self, head: bytes) -> tuple[int, bytes]:
        """The length of the body, and the end of the path; remembered, for the heads are all alike."""
        found = self.heads.get(head)
        if found is None:
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            end = next((one for one in ANSWERS if path.endswith(one)), b"/chat/completions")
            found = self.heads[head] = length, end
        return found

    async def stream(self, parts: Pieces, pieces: int) -> None:
        """Pieces at an even pace."""
        assert self.transport is not None
        before, now, after = parts
        self.transport.write(STREAM)
        for event in before:
            self.event(event)
        for number in range(pieces):
            if number:
                await asyncio.sleep(GAP)
            self.event(now())
        for event in after:
            self.event(event)
        self.transport.write(b"0\r\n\r\n")

    def event(self, data: bytes) -> None:
        """One server-sent event as one HTTP chunk."""
        assert self.transport is not None
        self.transport.write(b"%x\r\n%b\n\n\r\n" % (len(data) + 2, data))


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.install()
    asyncio.run(serve(int(sys.argv[1])))
