"""A vendor on loopback that speaks OpenAI's protocol, and some of Anthropic's, and remembers every call.

Words in the path choose how it behaves: `fail503` answers that status, `slow2` waits two
seconds, `slowchunk0.2` waits between the chunks of a stream, `cut` closes the connection
half-way, `drop` closes it at once, `html` answers a page, `empty` a body without choices,
`reason` adds a reasoning text, `tool` answers with a tool call.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import responder
from aiohttp import web
from loopback import LoopbackServer

TRIGGER = re.compile(r"/(fail|slowchunk|slow|cut|drop|html|empty|reason|tool)([\d.]*)(?=/)")


@dataclass
class Call:
    """One call as the vendor saw it."""

    method: str
    path: str
    query: str
    key: str
    body: Any
    headers: dict[str, str]

    @property
    def model(self) -> str:
        return str(self.body.get("model")) if isinstance(self.body, dict) else ""


@dataclass
class Vendor(LoopbackServer):
    """The server; `calls` grows by one a request, `open` counts the requests being answered."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    left: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self) -> list[Call]:
        """Return the calls since the last take."""
        taken, self.calls[:] = self.calls[:], []
        return taken

    def _ports(self) -> Sequence[int]:
        return (self.port,)

    def _listens(self, ports: Sequence[int]) -> None:
        (self.port,) = ports

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await self._answer(request)
        except (asyncio.CancelledError, ConnectionResetError):
            self.left += 1
            raise
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        # Called as a proxy, the request line holds the whole address: the path then begins with http://.
        path, _, query = request.raw_path.partition("?")
        call = Call(
            request.method, path, query, key, body, {k.lower(): v for k, v in request.headers.items()}
        )
        self.calls.append(call)
        kinds = dict(TRIGGER.findall(path))
        if "slow" in kinds:
            await asyncio.sleep(float(kinds["slow"]))
        if "drop" in kinds:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if "fail" in kinds:
            status = int(kinds["fail"])
            error = {"message": f"vendor says {status}", "type": "vendor_error", "code": str(status)}
            return web.json_response({"error": error}, status=status)
        if "html" in kinds:
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        if path.endswith("/api/chat"):
            said = {"message": {"role": "assistant", "content": f"{call.method} {path}"}, "done": True}
            return web.json_response({"model": call.model, "created_at": "2024-01-01T00:00:00Z", **said})
        if path.endswith("/embeddings"):
            many = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [{"object": "embedding", "index": i, "embedding": [0.5, 0.25]} for i in range(len(many))]
            usage = {"prompt_tokens": 2, "total_tokens": 2}
            return web.json_response({"object": "list", "model": call.model, "data": data, "usage": usage})
        if not isinstance(body, dict):
            return web.json_response({"error": {"message": "no body"}}, status=400)
        if "anthropic-version" in call.headers:
            return await _message(request, call)
        text = f"{call.method} {path} model={call.model} key={key}"
        if path.endswith("/responses"):
            return await _response(request, call, text, "tool" in kinds)
        if body.get("stream"):
            return await self._stream(request, body, kinds, text)
        if "cut" in kinds:
            response = web.StreamResponse(
                headers={"content-length": "1000", "content-type": "application/json"}
            )
            await response.prepare(request)
            await response.write(b'{"id": "half')
            assert request.transport is not None
            request.transport.close()
            return response
        return web.json_response(_whole(call.model, text, kinds))

    async def _stream(
        self, request: web.Request, body: dict[str, Any], kinds: dict[str, str], text: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for index, delta in enumerate(_deltas(text, kinds)):
            if "slowchunk" in kinds and index:
                await asyncio.sleep(float(kinds["slowchunk"]))
            if "cut" in kinds and index == 2:
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(_event(_chunk(body["model"], delta, None)))
        finish = "tool_calls" if "tool" in kinds else "stop"
        await response.write(_event(_chunk(body["model"], {}, finish)))
        if (body.get("stream_options") or {}).get("include_usage"):
            last = _chunk(body["model"], {}, None)
            last |= {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}}
            await response.write(_event(last))
        await response.write(b"data: [DONE]\n\n")
        return response


async def _message(request: web.Request, call: Call) -> web.StreamResponse:
    """Answer as Anthropic does."""
    thinking = {"type": "thinking", "thinking": "so", "signature": "sig"}
    text = {"type": "text", "text": f"{call.method} {call.path} model={call.model}"}
    usage = {"input_tokens": 7, "output_tokens": 5}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": call.model, "usage": usage}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    if not call.body.get("stream"):
        return web.json_response({**message, "content": [thinking, text], **end})
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "content": [], **dict.fromkeys(end)}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {**text, "type": "text_delta"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    for event in events:
        await response.write(f"event: {event['type']}\n".encode() + _event(event))
    return response


async def _response(request: web.Request, call: Call, text: str, tool: bool) -> web.StreamResponse:
    """Answer as OpenAI's responses API does."""
    if not call.body.get("stream"):
        return web.json_response(responder.response(call.model, text, tool))
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for number, event in enumerate(responder.events(call.model, text, tool)):
        numbered = {**event, "sequence_number": number}
        await response.write(f"event: {event['type']}\n".encode() + _event(numbered))
    return response


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _chunk(model: str, delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [choice],
    }


TOOL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


def _deltas(text: str, kinds: dict[str, str]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if "reason" in kinds:
        deltas.append({"reasoning_content": "because"})
    if "tool" in kinds:
        return [*deltas, {"tool_calls": [{"index": 0, **TOOL}]}]
    half = len(text) // 2
    return [*deltas, {"content": text[:half]}, {"content": text[half:]}]


def _whole(model: str, text: str, kinds: dict[str, str]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if "reason" in kinds:
        message["reasoning_content"] = "because"
    if "tool" in kinds:
        message |= {"content": None, "tool_calls": [TOOL]}
    finish = "tool_calls" if "tool" in kinds else "stop"
    choices = [] if "empty" in kinds else [{"index": 0, "message": message, "finish_reason": finish}]
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": choices,
        "usage": usage,
    }
