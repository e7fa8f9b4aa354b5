"""LiteLLM's own way: the request as its application sees it, and its answer as the client sees it."""

from __future__ import annotations

import json
import re

from one_adapter.runtime.entry import body as bodies
from one_adapter.runtime.entry.asgi import App, Message, Receive, Scope, Send, header_text
from one_adapter.runtime.entry.conversation import check
from one_adapter.runtime.entry.headers import incoming, outgoing
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.paths import LITELLM_PATHS
from one_adapter.runtime.gateway.refusal import Refusal, error_event
from one_adapter.runtime.host.mending import ChatStream, error_in, is_failure, named_event, without_traceback
from one_adapter.runtime.redaction import known

#: How LiteLLM begins a whole embeddings answer.
MODEL = re.compile(rb'^\{"model":\s*"(?:[^"\\]|\\.)*"')
#: How the events begin in which LiteLLM tells an error.
ERRORS = (
    b'data: {"error"',
    b"event: error",
    b"event: response.failed",
    b'data: {"type":"response.failed"',
)
#: Seconds that LiteLLM has to end a call when its client leaves: parts of it run in tasks of their own.
LEAVE_SECONDS = 0.1
#: How many messages wait at most for an upstream's first word.
MOST_WAITING_MESSAGES = 20
#: What this way is called.
NAME = "litellm"
WAY = (b"x-one-adapter-way", NAME.encode())


class LitellmWay:
    """The way of everything that LiteLLM has something to do for."""

    def __init__(self, app: App) -> None:
        """Take LiteLLM's application."""
        self._app = app

    async def serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request; always True. Raises `Refusal` with the upstream's words where it was at fault."""
        if request.raw_length:
            check(request)  # what was let through for an upstream that is asked without LiteLLM
        seen = bodies.visible(request.body.fields, request.kind)
        raw = json.dumps(seen).encode()
        path = LITELLM_PATHS[request.kind]
        inner = {**scope, "path": path, "raw_path": path.encode(), "query_string": b""}
        inner["state"] = dict(scope.get("state") or {})
        inner["headers"] = incoming(scope["headers"], len(raw))
        request.grace = LEAVE_SECONDS
        request.attempt.way = NAME
        mended = _Mended(request, send)
        await self._app(inner, _body_then(raw, receive), mended)
        if mended.fault is not None:
            mended.fault.headers = _own_headers(request)
            raise mended.fault
        return True


def _body_then(body: bytes, receive: Receive) -> Receive:
    parts = [body]

    async def inlet() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        return await receive()

    return inlet


def _own_headers(request: Request) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-litellm-model-id", header_text(request.policy.id).encode()),
        (b"x-litellm-model-group", header_text(request.group).encode()),
        WAY,
    )


class _Mended:
    """What LiteLLM sends, mended on its way; `fault` is what the client is to get instead of an error."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request = request
        self._send = send
        self._stream = False
        self._start: Message | None = None
        self._chat = ChatStream()
        self._failed = False
        self._held: list[Message] | None = []
        self.fault: Refusal | None = None

    async def __call__(self, message: Message) -> None:
        request = self._request
        if self.fault is not None:
            return
        if message["type"] == "http.response.start":
            self.fault = self._heard_fault() if message["status"] >= 400 else None
            if self.fault is not None:
                return
            message = self._begin(message)
            if request.kind == "embeddings":
                self._start = message
                return
        elif self._stream:
            message = {**message, "body": self._event(message.get("body", b""))}
        elif self._start is not None:
            message = await self._named(self._start, message)
        if message.get("body"):
            body = message["body"]
            if request.attempt.status >= 400:
                body = without_traceback(body).ljust(0 if self._stream else len(body))  # as long as was said
            message = {**message, "body": known.blot(body)}
        if self._stream and self._held is not None and self.fault is None:
            self._held.append(message)
            last = message["type"] == "http.response.body" and not message.get("more_body")
            if last or self._is_heard() or len(self._held) > MOST_WAITING_MESSAGES:
                held, self._held = self._held, None
                for one in held:
                    await self._send(one)
        elif self.fault is None:
            await self._send(message)

    def _is_heard(self) -> bool:
        """Whether the upstream has said something; LiteLLM may begin a stream before it asks."""
        attempt = self._request.attempt
        if attempt.heard is None:
            return self._failed or (attempt.reached and len(self._held or ()) > 1)
        return self._failed or bool(attempt.heard.begun)

    def _heard_fault(self) -> Refusal | None:
        heard = self._request.attempt.heard
        fault: Refusal | None = heard.fault if heard is not None else None
        return fault

    def _begin(self, message: Message) -> Message:
        headers = outgoing(message.get("headers") or [])
        self._stream = any(
            name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
        )
        return {**message, "headers": [*headers, WAY]}

    async def _named(self, start: Message, message: Message) -> Message:
        """Send the start of an embeddings answer and name the upstream's model, as the gateway does."""
        self._start = None
        policy = self._request.policy
        if start["status"] == 200 and not message.get("more_body", False):
            name = json.dumps(policy.model_for("embeddings"), ensure_ascii=False).encode()
            body = MODEL.sub(lambda _: b'{"model":' + name, message.get("body", b""), count=1)
            headers = [one for one in start["headers"] if one[0] != b"content-length"]
            start = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
            message = {**message, "body": body}
        await self._send(start)
        return message

    def _event(self, part: bytes) -> bytes:
        """One event as the client is to get it; after an error nothing more."""
        request = self._request
        if self._failed:
            return b""
        if part.startswith(ERRORS):
            self._failed = True
            fault, error = self._heard_fault(), error_in(part)
            failure = is_failure(error, request.dialect)
            if fault is None and failure and request.spare:
                fault = Refusal(502, str(error.get("message") or "The upstream's stream failed."))
            if fault is not None and not request.began:
                self.fault = fault
                return b""
            request.attempt.failed_midway = failure
            part = without_traceback(part)
            if fault is not None:
                return error_event(fault, request.kind)
        elif request.kind == "chat":
            return self._chat.mended(part, request.attempt.heard)
        return named_event(part, request.client_model) if request.kind == "responses" else part
