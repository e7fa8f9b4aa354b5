"""Every vendor at once on loopback, in the wire each of them speaks; it remembers what it was asked.

Which wire is seen from the path's end. The first part of a path may say how it behaves: `/fail503/…` answers
that status, `/slow2/…` waits two seconds. What no vendor of ours answers (a file, a batch, an admin page) is
answered all the same, so that a test sees whoever gets that far.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

BEHAVIOUR = re.compile(r"/(fail|slow)([\d.]+)(?=/)")
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
TEXT = "fine"


@dataclass
class Call:
    """One call as it arrived; `body` is None where there was no JSON."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    raw: bytes = b""

    @property
    def keys(self) -> list[str]:
        """Every key that came along, in whatever header."""
        named = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
        return [self.headers[name].removeprefix("Bearer ") for name in named if name in self.headers]


@dataclass
class Upstream:
    """The server; `calls` grows by one a request, `open` counts those being answered."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    open: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _stop: asyncio.Event | None = None
    _thread: threading.Thread | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self) -> list[Call]:
        """The calls since the last take."""
        taken, self.calls[:] = self.calls[:], []
        return taken

    def start(self) -> Upstream:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        assert self._loop is not None
        assert self._stop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port = runner.addresses[0][1]
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.open += 1
        try:
            return await self._answer(request)
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("upgrade", "").lower() == "websocket":
            return await self._spark(request, path, query, headers)
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        self.calls.append(Call(request.method, path, query, headers, body, raw))
        how = dict(BEHAVIOUR.findall(path))
        if "slow" in how:
            await asyncio.sleep(float(how["slow"]))
        if "fail" in how:
            error = {"message": "no", "type": "vendor_error", "code": how["fail"]}
            return web.json_response({"error": error}, status=int(how["fail"]))
        if "Action=GetApiKey" in query:
            return web.json_response({"Result": {"ApiKey": "minted-key", "ExpiredTime": 2_100_000_000}})
        body = body if isinstance(body, dict) else {}
        streamed = (
            bool(body.get("stream"))
            or "streamGenerateContent" in path
            or body.get("response_mode") == "streaming"
        )
        if not streamed or path.endswith("/embeddings"):
            return web.json_response(whole(path, body))
        kind = "application/x-ndjson" if path.endswith("/api/chat") else "text/event-stream"
        response = web.StreamResponse(headers={"content-type": kind})
        await response.prepare(request)
        for event in events(path, body):
            await response.write(event)
        return response

    async def _spark(
        self, request: web.Request, path: str, query: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        message = await socket.receive(timeout=5)
        assert message.type is WSMsgType.TEXT
        frame = json.loads(message.data)
        self.calls.append(Call("WEBSOCKET", path, query, headers, frame, message.data.encode()))
        said = {"content": TEXT, "role": "assistant", "index": 0}
        counted = {"text": {"question_tokens": 1, **USAGE}}
        choices = {"status": 2, "seq": 0, "text": [said]}
        header = {"code": 0, "message": "Success", "sid": "s", "status": 2}
        await socket.send_json({"header": header, "payload": {"choices": choices, "usage": counted}})
        await socket.close()
        return socket


def whole(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """An answer in one, in the wire of a path."""
    model = str(body.get("model", ""))
    if path.endswith("/embeddings"):
        given = body.get("input")
        many = (
            given if isinstance(given, list) and not all(isinstance(one, int) for one in given) else [given]
        )
        data = [{"object": "embedding", "index": at, "embedding": [0.5, 0.25]} for at in range(len(many))]
        return {"object": "list", "model": model, "data": data, "usage": USAGE}
    if path.endswith("/messages"):
        content = [{"type": "text", "text": TEXT}]
        return {**_message(model), "content": content, "stop_reason": "end_turn"}
    if "enerateContent" in path:
        return _gemini()
    if path.endswith("/api/chat"):
        return _ollama(model, done=True)
    if path.endswith("/chat-messages"):
        return {"event": "message", "message_id": "m", "answer": TEXT, "metadata": {"usage": USAGE}}
    if path.endswith("/responses"):
        part = {"type": "output_text", "text": TEXT, "annotations": []}
        item = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}
        return {**_response(model), "status": "completed", "output": [item]}
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": model}
    return {**head, "choices": [choice], "usage": USAGE}


def events(path: str, body: dict[str, Any]) -> list[bytes]:
    """A streamed answer, in the wire of a path."""
    model = str(body.get("model", ""))
    if path.endswith("/api/chat"):
        return [json.dumps(_ollama(model, done)).encode() + b"\n" for done in (False, True)]
    if "enerateContent" in path:
        return [_event(_gemini())]
    if path.endswith("/chat-messages"):
        ids = {"task_id": "t", "message_id": "m", "conversation_id": "c"}
        end = {"event": "message_end", "metadata": {"usage": USAGE}}
        return [_event({"event": "message", "answer": TEXT, **ids}), _event({**end, **ids})]
    if path.endswith("/messages"):
        return [_event({"type": name, **data}, name) for name, data in _message_events(model)]
    if path.endswith("/responses"):
        created = {"type": "response.created", "response": {**_response(model), "status": "in_progress"}}
        place = {"item_id": "i", "output_index": 0, "content_index": 0}
        delta = {"type": "response.output_text.delta", **place, "delta": TEXT}
        done = {"type": "response.completed", "response": whole(path, body)}
        return [_event(one, str(one["type"])) for one in (created, delta, done)]
    chunks = []
    for delta, finish in (({"role": "assistant", "content": TEXT}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
        chunks.append(_event({**head, "choices": [choice]}))
    return [*chunks, b"data: [DONE]\n\n"]


def _event(data: dict[str, Any], name: str = "") -> bytes:
    return (f"event: {name}\n" if name else "").encode() + f"data: {json.dumps(data)}\n\n".encode()


def _gemini() -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage}


def _ollama(model: str, done: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"model": model, "created_at": "2024-01-01T00:00:00Z", "done": done}
    if done:
        head |= {"done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}
    return {**head, "message": {"role": "assistant", "content": TEXT}}


def _response(model: str) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    head = {"id": "r", "object": "response", "created_at": 0, "model": model, "output": [], "usage": usage}
    return {**head, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def _message(model: str) -> dict[str, Any]:
    head = {"id": "m", "type": "message", "role": "assistant", "model": model, "content": []}
    return {
        **head,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _message_events(model: str) -> list[tuple[str, dict[str, Any]]]:
    ended = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}}
    return [
        ("message_start", {"message": _message(model)}),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": TEXT}}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", ended),
        ("message_stop", {}),
    ]
