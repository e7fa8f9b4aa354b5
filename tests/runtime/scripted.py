"""A vendor on loopback that says, word for word, what the first part of its path stands for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Said:
    """What a vendor says: `whole` or `stream`, by what it is asked for; where one is missing, the other."""

    whole: bytes | None = None
    stream: bytes | None = None
    status: int = 200
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, streamed: bool) -> web.Response:
        body = self.stream if streamed and self.stream is not None else self.whole
        kind = "text/event-stream" if streamed and self.stream is not None else "application/json"
        return web.Response(
            status=self.status,
            body=b"" if body is None else body,
            headers={"content-type": self.kind or kind, **self.headers},
        )


@dataclass
class Scripted:
    """The server; `asked` grows by one body a call."""

    script: Mapping[str, Said]
    base: str = ""
    asked: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def take(self) -> list[Any]:
        taken, self.asked[:] = self.asked[:], []
        return taken

    def start(self) -> Scripted:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{name}/{tail:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        self.asked.append(body)
        said = self.script[request.match_info["name"]]
        return said.answer(bool(body.get("stream")) or "streamGenerateContent" in request.path)


def events(*documents: Any, done: bool = True) -> bytes:
    """Server-sent events of JSON documents; `done` adds OpenAI's end."""
    parts = [b"data: " + json.dumps(one).encode() + b"\n\n" for one in documents]
    return b"".join(parts) + (b"data: [DONE]\n\n" if done else b"")


def chunk(
    delta: dict[str, Any], finish: str | None = None, index: int | None = 0, **more: Any
) -> dict[str, Any]:
    """A chunk of a chat completion with one choice; `index` None leaves its number out."""
    choice = {"delta": delta, "finish_reason": finish, **({} if index is None else {"index": index})}
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 7, "model": "up"}
    return {**head, "choices": [choice], **more}


def completion(message: Any, **more: Any) -> bytes:
    """A whole chat completion with one choice."""
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    head = {"id": "c-1", "object": "chat.completion", "created": 7, "model": "up"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return json.dumps({**head, "choices": [choice], "usage": usage, **more}).encode()
