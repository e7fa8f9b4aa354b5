"""One server on loopback that speaks every vendor's protocol, remembers each call, and can misbehave.

A call is known by its path: OpenAI's chats, embeddings and responses (Azure's below
`/openai/deployments`), Anthropic's messages, Gemini's `generateContent`, Ollama's `/api/chat`,
Dify's `/chat-messages`, Volcengine's GetApiKey, and Spark's websocket. What comes before is free.

`manner` says how the next calls are answered: "" well, `silent` never, `held` with a beginning and
no end, `endless` without end, `redirect-307` with a redirect elsewhere, `echo-401` with an error that
repeats the call's secrets, `echo-header`, `echo-late` (in the middle of a stream), `long-500` with an
error of a megabyte, `longer-500` of ten, `fail-500`, `html`, `empty`, `null`, `cut`, `raw` with the bytes of
`script`, one part after another, and the connection closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from loopback import LoopbackServer

MEGABYTE = 1 << 20
#: The headers by which vendors are shown a key.
SECRETS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
EVENTS = "text/event-stream"
#: The key that Volcengine's GetApiKey gives out.
MINTED = "ark-canary-minted-4471"


@dataclass
class Call:
    """One call as the vendor saw it; `left` tells whether the caller went before its end."""

    wire: str
    method: str
    port: int
    path: str
    query: str
    headers: dict[str, str]
    raw: bytes
    began: float
    over: float = 0.0
    left: bool = False

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def secrets(self) -> str:
        """Everything in the call that may be a secret."""
        shown = [self.headers[name] for name in SECRETS if name in self.headers]
        return " ".join([*shown, f"{self.path}?{self.query}"])


def _event(data: Any, name: str = "") -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode() + b"\n\n"


def _chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    kind = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
    return _event({**kind, "choices": [choice]})


class Chat:
    """OpenAI's chat completions, which Azure and Volcengine speak, too."""

    content_type = EVENTS

    def streams(self, call: Call) -> bool:
        return isinstance(call.body, dict) and call.body.get("stream") is True

    def model(self, call: Call) -> str:
        return str(call.body.get("model", ""))

    def whole(self, model: str) -> Any:
        message = {"role": "assistant", "content": "fine"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        kind = {"id": "c1", "object": "chat.completion", "created": 1, "model": model}
        return {**kind, "choices": [choice], "usage": usage}

    def begin(self, model: str) -> bytes:
        return _chunk(model, {"role": "assistant", "content": "fi"})

    def more(self, model: str) -> bytes:
        return _chunk(model, {"content": "x"})

    def end(self, model: str) -> bytes:
        return _chunk(model, {"content": "ne"}) + _chunk(model, {}, "stop") + b"data: [DONE]\n\n"

    def error(self, text: str) -> Any:
        return {"error": {"message": text, "type": "invalid_request_error", "code": "some_code"}}

    def error_event(self, text: str) -> bytes:
        return _event(self.error(text))


class Embeddings(Chat):
    """OpenAI's embeddings."""

    def streams(self, call: Call) -> bool:  # noqa: ARG002
        return False

    def whole(self, model: str) -> Any:
        data = [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]
        usage = {"prompt_tokens": 2, "total_tokens": 2}
        return {"object": "list", "model": model, "data": data, "usage": usage}


class Responses(Chat):
    """OpenAI's responses, which Azure and Bailian's apps speak, too."""

    def whole(self, model: str) -> Any:
        text = {"type": "output_text", "text": "fine", "annotations": []}
        message = {"type": "message", "id": "m1", "role": "assistant", "status": "completed"}
        usage = {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}
        kind = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": model}
        more = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None}
        return {**kind, **more, "output": [{**message, "content": [text]}], "usage": usage}

    def begin(self, model: str) -> bytes:
        begun = {**self.whole(model), "status": "in_progress", "output": []}
        created = _event({"type": "response.created", "response": begun}, "response.created")
        return created + self.more(model)

    def more(self, model: str) -> bytes:  # noqa: ARG002
        place = {"item_id": "m1", "output_index": 0, "content_index": 0}
        return _event(
            {"type": "response.output_text.delta", "delta": "fi", **place}, "response.output_text.delta"
        )

    def end(self, model: str) -> bytes:
        return _event({"type": "response.completed", "response": self.whole(model)}, "response.completed")

    def error_event(self, text: str) -> bytes:
        return _event({"type": "error", "code": "server_error", "message": text, "param": None}, "error")


class Messages(Chat):
    """Anthropic's messages."""

    def whole(self, model: str) -> Any:
        usage = {"input_tokens": 7, "output_tokens": 5}
        kind = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
        content = [{"type": "text", "text": "fine"}]
        return {**kind, "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}

    def begin(self, model: str) -> bytes:
        begun = {**self.whole(model), "content": [], "stop_reason": None}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        started = _event({"type": "message_start", "message": begun}, "message_start")
        return started + _event(block, "content_block_start") + self.more(model)

    def more(self, model: str) -> bytes:  # noqa: ARG002
        delta = {"type": "text_delta", "text": "fi"}
        return _event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def end(self, model: str) -> bytes:  # noqa: ARG002
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        told = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}
        stopped = _event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        return stopped + _event(told, "message_delta") + _event({"type": "message_stop"}, "message_stop")

    def error(self, text: str) -> Any:
        return {"type": "error", "error": {"type": "invalid_request_error", "message": text}}

    def error_event(self, text: str) -> bytes:
        return _event(self.error(text), "error")


class Gemini(Chat):
    """Google's generateContent and streamGenerateContent."""

    def streams(self, call: Call) -> bool:
        return call.path.endswith(":streamGenerateContent")

    def model(self, call: Call) -> str:
        return call.path.rpartition("/")[2].partition(":")[0]

    def whole(self, model: str) -> Any:
        content = {"parts": [{"text": "fine"}], "role": "model"}
        usage = {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12}
        one = {"content": content, "finishReason": "STOP", "index": 0}
        return {"candidates": [one], "usageMetadata": usage, "modelVersion": model, "responseId": "r1"}

    def begin(self, model: str) -> bytes:  # noqa: ARG002
        return _event({"candidates": [{"content": {"parts": [{"text": "fi"}], "role": "model"}, "index": 0}]})

    more = begin

    def end(self, model: str) -> bytes:
        return _event(self.whole(model))

    def error(self, text: str) -> Any:
        return {"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}}


class Ollama(Chat):
    """Ollama's chats: lines of JSON."""

    content_type = "application/x-ndjson"

    def whole(self, model: str) -> Any:
        message = {"role": "assistant", "content": "fine"}
        told = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5}
        return {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, **told}

    def begin(self, model: str) -> bytes:
        message = {"role": "assistant", "content": "fi"}
        said = {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}
        return json.dumps(said).encode() + b"\n"

    more = begin

    def end(self, model: str) -> bytes:
        return json.dumps(self.whole(model)).encode() + b"\n"

    def error(self, text: str) -> Any:
        return {"error": text}

    def error_event(self, text: str) -> bytes:
        return json.dumps(self.error(text)).encode() + b"\n"


class Dify(Chat):
    """Dify's chat-messages."""

    def streams(self, call: Call) -> bool:
        return bool(call.body["response_mode"] == "streaming")

    def model(self, call: Call) -> str:  # noqa: ARG002
        return ""

    def _say(self, kind: str, **more: Any) -> bytes:
        return _event({"event": kind, "task_id": "t1", "message_id": "m1", "conversation_id": "c1", **more})

    def whole(self, model: str) -> Any:  # noqa: ARG002
        return {"event": "message", "answer": "fine", "task_id": "t1", "message_id": "m1", "metadata": {}}

    def begin(self, model: str) -> bytes:  # noqa: ARG002
        return self._say("message", answer="fi")

    more = begin

    def end(self, model: str) -> bytes:  # noqa: ARG002
        return self._say("message", answer="ne") + self._say("message_end", metadata={})

    def error(self, text: str) -> Any:
        return {"code": "invalid_param", "message": text, "status": 400}

    def error_event(self, text: str) -> bytes:
        return self._say("error", **self.error(text))


class GetApiKey(Chat):
    """Volcengine's exchange of an access key for one of a week."""

    def streams(self, call: Call) -> bool:  # noqa: ARG002
        return False

    def whole(self, model: str) -> Any:  # noqa: ARG002
        return {"ResponseMetadata": {}, "Result": {"ApiKey": MINTED, "ExpiredTime": 2_100_000_000}}

    def error(self, text: str) -> Any:
        return {"ResponseMetadata": {"Error": {"Code": "AccessDenied", "Message": text}}}


class Spark(Chat):
    """The frames of iFlytek's websocket."""

    def _frame(self, text: str, status: int) -> bytes:
        said = {"status": status, "seq": status, "text": [{"content": text, "role": "assistant", "index": 0}]}
        usage = {"text": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}}
        payload: dict[str, Any] = {"choices": said, **({"usage": usage} if status == 2 else {})}
        header = {"code": 0, "message": "Success", "sid": "s1", "status": status}
        return json.dumps({"header": header, "payload": payload}).encode()

    def model(self, call: Call) -> str:
        return str(call.body["parameter"]["chat"]["domain"])

    def begin(self, model: str) -> bytes:  # noqa: ARG002
        return self._frame("fi", 0)

    def more(self, model: str) -> bytes:  # noqa: ARG002
        return self._frame("x", 1)

    def end(self, model: str) -> bytes:  # noqa: ARG002
        return self._frame("ne", 2)

    def error(self, text: str) -> Any:
        return {"header": {"code": 10003, "message": text, "sid": "s1", "status": 2}}

    def error_event(self, text: str) -> bytes:
        return json.dumps(self.error(text)).encode()


#: End of a path → wire, the longest first.
ENDS = {
    "/chat/completions": "chat",
    "/embeddings": "embeddings",
    "/responses": "responses",
    "/v1/messages": "messages",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
    "/api/chat": "ollama",
    "/chat-messages": "dify",
}
WIRES = {
    "chat": Chat(),
    "embeddings": Embeddings(),
    "responses": Responses(),
    "messages": Messages(),
    "gemini": Gemini(),
    "ollama": Ollama(),
    "dify": Dify(),
    "mint": GetApiKey(),
    "spark": Spark(),
}


def wire_of(request: web.Request) -> str:
    """The wire a call is made on; "" for none that a vendor has."""
    if request.headers.get("upgrade", "").lower() == "websocket":
        return "spark"
    if request.query.get("Action") == "GetApiKey":
        return "mint"
    path = request.raw_path.partition("?")[0]
    return next((wire for end, wire in ENDS.items() if path.endswith(end)), "")


@dataclass
class Wires(LoopbackServer):
    """The server on two ports, `port` and `elsewhere`; `calls` grows by one a call."""

    manner: str = ""
    script: list[bytes] = field(default_factory=list)
    port: int = 0
    elsewhere: int = 0
    calls: list[Call] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self) -> list[Call]:
        """Return the calls since the last take."""
        taken, self.calls[:] = self.calls[:], []
        return taken

    @contextlib.contextmanager
    def acting(self, manner: str) -> Iterator[None]:
        """Answer in this manner within the block."""
        self.manner, before = manner, self.manner
        try:
            yield
        finally:
            self.manner = before

    def until_over(self, seconds: float) -> list[Call]:
        """The calls so far, once all have ended or after so many seconds."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not all(call.over for call in self.calls):
            time.sleep(0.02)
        return self.calls

    def _ports(self) -> Sequence[int]:
        return self.port, self.elsewhere

    def _listens(self, ports: Sequence[int]) -> None:
        self.port, self.elsewhere = ports

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        wire, raw = wire_of(request), await request.read()
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
        call = Call(wire, request.method, port, path, query, headers, raw, time.monotonic())
        self.calls.append(call)
        try:
            return await self._answer(request, call, "" if wire == "mint" else self.manner)
        except (asyncio.CancelledError, ConnectionResetError):
            call.left = True
            raise
        finally:
            call.over = time.monotonic()

    async def _answer(self, request: web.Request, call: Call, manner: str) -> web.StreamResponse:
        kind, _, number = manner.partition("-")
        status = int(number) if number.isdigit() else 200
        if not call.wire or (call.wire == "spark" and kind not in ("redirect", "html", "fail")):
            return await (self._spark(request, call, manner) if call.wire else _lost())
        wire = WIRES[call.wire]
        if kind == "redirect":
            target = f"http://localhost:{self.elsewhere}{call.path}?stolen=1"
            return web.Response(status=status, headers={"location": target})
        if kind == "echo" and number.isdigit():
            return web.json_response(wire.error(f"no such key: {call.secrets}"), status=status)
        if kind in ("long", "longer"):
            size = MEGABYTE * (10 if kind == "longer" else 1)
            return web.json_response(wire.error("ab12_" * (size // 5)), status=status)
        if kind == "fail":
            return web.json_response(wire.error("told to fail"), status=status)
        if kind == "html":
            return web.Response(text="<html>sign in</html>", content_type="text/html")
        if kind in ("empty", "null"):
            text = "null" if kind == "null" else ""
            return web.Response(text=text, content_type="application/json")
        if kind == "raw":
            assert request.transport is not None
            for part in self.script:
                request.transport.write(part)
                await asyncio.sleep(0.005)
            request.transport.close()
            return web.Response()
        if kind == "silent":
            await asyncio.sleep(600)
        return await self._well(request, call, manner)

    async def _well(self, request: web.Request, call: Call, manner: str) -> web.StreamResponse:
        """Answer well, as far as the manner goes."""
        wire = WIRES[call.wire]
        model, streams = wire.model(call), wire.streams(call)
        whole = json.dumps(wire.whole(model)).encode()
        kind = wire.content_type if streams else "application/json"
        headers = {"content-type": kind} | ({} if streams else {"content-length": str(len(whole))})
        if manner == "echo-header":
            headers |= {
                "x-echo": call.secrets,
                "set-cookie": f"s={call.secrets}",
                "x-request-id": call.secrets,
            }
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(wire.begin(model) if streams else whole[:9])
        while manner == "endless" and streams:
            await response.write(wire.more(model))
            await asyncio.sleep(0.02)
        if manner in ("held", "endless"):
            await asyncio.sleep(600)
        if manner == "cut":
            assert request.transport is not None
            request.transport.abort()
        elif streams and manner == "echo-late":
            await response.write(wire.error_event(f"no such key: {call.secrets}"))
        else:
            await response.write(wire.end(model) if streams else whole[9:])
        return response

    async def _spark(self, request: web.Request, call: Call, manner: str) -> web.StreamResponse:
        kind = manner.partition("-")[0]
        if manner == "echo-401":
            return web.json_response({"message": f"no such key: {call.secrets}"}, status=401)
        if manner == "silent":
            await asyncio.sleep(600)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        message = await socket.receive()
        call.raw = str(message.data).encode()
        wire = WIRES["spark"]
        said = {"long": "ab12_" * (MEGABYTE // 5), "echo": f"no such key: {call.secrets}"}
        if kind in ("empty", "null", "cut"):
            await (socket.send_str("null") if kind == "null" else socket.close())
        elif kind in said and manner not in ("echo-late", "echo-header"):
            await socket.send_str(wire.error_event(said[kind]).decode())
        else:
            await socket.send_str(wire.begin("").decode())
            if manner in ("held", "endless"):
                await _until_gone(socket, wire.more("").decode() if manner == "endless" else "")
                call.left = True
            last = wire.error_event(said["echo"]) if manner == "echo-late" else wire.end("")
            with contextlib.suppress(ConnectionError):
                await socket.send_str(last.decode())
        await socket.close()
        return socket


async def _lost() -> web.Response:
    return web.json_response({"error": {"message": "no vendor has such a path"}}, status=404)


async def _until_gone(socket: web.WebSocketResponse, more: str) -> None:
    while True:
        try:
            message = await socket.receive(timeout=0.02 if more else None)
        except asyncio.TimeoutError:
            await socket.send_str(more)
            continue
        if message.type is not WSMsgType.TEXT:
            return
