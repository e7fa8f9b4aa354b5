"""What goes back to the client of an LLM route, watched and mended on its way, and answers of our own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from one_adapter.runtime.answers import (
    ANTHROPIC_TYPES,
    Refusal,
    error_body,
    error_event,
    named_event,
    with_reasoning,
)
from one_adapter.runtime.breaker import CLIENT_FAULTS
from one_adapter.runtime.headers import outgoing
from one_adapter.runtime.redaction import known
from one_adapter.runtime.request import Request

if TYPE_CHECKING:
    from one_adapter.runtime.door import Message, Send

#: How LiteLLM begins a whole embeddings answer.
MODEL = re.compile(rb'^\{"model":\s*"(?:[^"\\]|\\.)*"')
#: A traceback in a text of JSON: it tells of this machine's files, and nothing of the request.
TRACEBACK = re.compile(rb'(?:\\n)?Traceback \(most recent call last\):(?:[^"\\]|\\.)*')
#: How LiteLLM begins the event by which a stream fails.
ERROR_EVENTS = (b'data: {"error"', b"event: error", b'data: {"type":"response.failed"')
#: What such an event calls an error that the request is to blame for, beside the statuses.
CLIENT_ERRORS = frozenset(ANTHROPIC_TYPES[status] for status in CLIENT_FAULTS & ANTHROPIC_TYPES.keys())


class Outlet:
    """What goes back to the client, watched and mended on its way."""

    def __init__(self, request: Request, send: Send) -> None:
        """Watch `request` and send by `send`."""
        self.request = request
        self.send = send
        self.began = False
        self.stream = False
        self.start: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        request = self.request
        if request.expired and not self.began:
            return
        if message["type"] == "http.response.start":
            message = self._begin(message)
            if request.kind == "embeddings":
                self.start = message
                return
        elif self.stream:
            message = self._mend(message)
        elif self.start is not None:
            message = await self._named(self.start, message)
        self.began = True
        if message.get("body"):
            body = message["body"]
            if request.status >= 400:
                body = without_traceback(body).ljust(0 if self.stream else len(body))  # as long as was said
            message = {**message, "body": known.blot(body)}
        request.ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self.send(message)

    def _begin(self, message: Message) -> Message:
        request = self.request
        request.status = message["status"]
        headers = outgoing(message.get("headers") or [])
        self.stream = any(
            name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
        )
        if request.status == 429 and request.retry_after is not None:
            headers.append((b"retry-after", _seconds(request.retry_after)))
        return {**message, "headers": headers}

    async def _named(self, start: Message, message: Message) -> Message:
        """Send the start of an embeddings answer and name the upstream's model, as the gateway does."""
        self.start = None
        policy = self.request.policy
        if start["status"] == 200 and policy is not None and not message.get("more_body", False):
            name = json.dumps(policy.embedding_model or policy.upstream_model, ensure_ascii=False).encode()
            body = MODEL.sub(lambda _: b'{"model":' + name, message.get("body", b""), count=1)
            headers = [one for one in start["headers"] if one[0] != b"content-length"]
            start = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
            message = {**message, "body": body}
        await self.send(start)
        return message

    def _mend(self, message: Message) -> Message:
        part = message.get("body", b"")
        if part.startswith(ERROR_EVENTS):
            self.request.failed_midway = is_failure_event(part)
            part = without_traceback(part)
            message = {**message, "body": part}
        if self.request.kind == "chat" and b'"reasoning' in part:
            return {**message, "body": with_reasoning(part)}
        if self.request.kind == "responses":
            return {**message, "body": named_event(part, self.request.client_model)}
        return message

    async def expire(self) -> None:
        """Tell the client that its time is over, in the way that is left."""
        refusal = Refusal(504, "The upstream did not answer in time.", "timeout")
        kind = self.request.kind
        if not self.began:
            await answer(self.send, 504, error_body(refusal, kind == "messages"))
        elif not self.request.ended:
            last = error_event(refusal, kind) if self.stream else b""
            await self.send({"type": "http.response.body", "body": last, "more_body": False})


def without_traceback(raw: bytes) -> bytes:
    r"""Return an error as JSON without the traceback of Python's that LiteLLM puts into some.

    >>> without_traceback(b'{"message": "no\\nTraceback (most recent call last):\\n  x", "code": 1}')
    b'{"message": "no", "code": 1}'
    """
    return TRACEBACK.sub(b"", raw) if b"Traceback (most" in raw else raw


def is_failure_event(event: bytes) -> bool:
    r"""Tell whether the event by which a stream fails speaks against the upstream, as a status would.

    Some routes begin their stream before the upstream has answered, and say of its 400 in an event.

    >>> is_failure_event(b'data: {"error": {"code": "500"}}\n\n')
    True
    >>> is_failure_event(b'event: error\ndata: {"error": {"type": "invalid_request_error"}}\n\n')
    False
    """
    try:
        told, _ = json.JSONDecoder().raw_decode(event[event.find(b"{") :].decode())
        error = told.get("error") or told["response"]["error"]
        names = {str(error.get("code")), str(error.get("type"))}
    except (AttributeError, KeyError, TypeError, ValueError):
        return True
    return not names & CLIENT_ERRORS and not names & set(map(str, CLIENT_FAULTS))


def _seconds(seconds: float) -> bytes:
    return str(max(1, int(seconds + 0.999))).encode()


async def answer(send: Send, status: int, body: object, retry_after: float | None = None) -> None:
    """Send one whole JSON answer."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", _seconds(retry_after)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": False})
