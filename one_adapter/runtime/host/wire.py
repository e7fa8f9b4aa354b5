"""The wire under LiteLLM's own calls: what an upstream says is judged before LiteLLM reads it.

LiteLLM takes much for an answer that is none: an error object with status 200, a page, an empty stream, a
stream that breaks off. Here each of them becomes the failure it is, in the upstream's words, as the relay
tells it; what LiteLLM loses of a good answer is noted for `way` to put back. The transport stands in the
HTTP clients of `clients`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from one_adapter.runtime.entry.request import Request, current
from one_adapter.runtime.gateway.refusal import Refusal, error_body
from one_adapter.runtime.host.mending import text_of
from one_adapter.runtime.host.wire_events import events_for
from one_adapter.runtime.relay.answer import ERROR_BYTES, failed, fault_in, loads, said
from one_adapter.runtime.relay.events import Events

#: The largest whole answer, in bytes, as on the relay.
ANSWER_BYTES = 64 << 20
#: End of an address -> what a whole answer has to hold in OpenAI's protocols.
CONTENT = {"/chat/completions": "choices", "/embeddings": "data", "/responses": "output"}
#: Roles that LiteLLM changes for some models, though their vendors take them.
ROLES = ("system", "developer")
#: Headers that speak of the body as the upstream packed it.
PACKED = ("content-length", "content-encoding", "transfer-encoding")


@dataclass(eq=False)
class Heard:
    """What an upstream said to one call: its fault, or what of its answer LiteLLM may lose.

    `begun` is true once there is something of an answer; `contents` holds, by a choice's place, what LiteLLM
    gets in another form.
    """

    fault: Refusal | None = None
    begun: bool = False
    usage: Any = None
    finishes: dict[int, str] = field(default_factory=dict)
    contents: dict[int, Any] = field(default_factory=dict)


class Wire(httpx.AsyncBaseTransport):
    """A transport around another one; calls that are for no request of ours pass untouched."""

    def __init__(self, own: httpx.AsyncBaseTransport) -> None:
        """Take the transport that makes the calls."""
        self._own = own

    async def handle_async_request(self, call: httpx.Request) -> httpx.Response:
        """Make one call; a connection that fails is an answer of 502 or 504, so that nobody tries again."""
        request = current.get()
        if request is None:
            return await self._own.handle_async_request(call)
        request.attempt.heard = heard = Heard()
        request.attempt.reached = True
        asked = loads_or_none(await call.aread())
        streams = bool(asked.get("stream")) or "streamGenerateContent" in call.url.path
        try:
            response = await self._own.handle_async_request(as_meant(call, asked, request))
            if request.trace is not None:
                request.trace.hears(response.status_code)
            if streams and response.status_code < 300:
                return await self._stream(call, response, request, heard)
            return await self._whole(call, response, request.policy.provider, heard)
        except httpx.TransportError as problem:
            heard.fault = broken(problem)
            return _failure(heard.fault, call)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._own.aclose()

    async def _whole(
        self, call: httpx.Request, response: httpx.Response, provider: str, heard: Heard
    ) -> httpx.Response:
        try:
            raw = await _read(response)
            if response.status_code >= 300:
                after = response.headers.get("retry-after", "")
                raise failed(response.status_code, raw[:ERROR_BYTES], after)
            raw = _judged(raw, call.url.path, provider, heard)
            heard.begun = True
        except Refusal as fault:
            heard.fault = fault
            return _failure(fault, call)
        return httpx.Response(response.status_code, headers=_headers(response), content=raw, request=call)

    async def _stream(
        self, call: httpx.Request, response: httpx.Response, request: Request, heard: Heard
    ) -> httpx.Response:
        events = events_for(request.policy.provider, call.url.path, request.client_model, heard)
        if events is None:
            heard.begun = True
            return response
        parts = response.aiter_bytes()
        first = await _next(parts, events)
        if events.fault is not None and not first:
            heard.fault = events.fault
            await response.aclose()
            return _failure(events.fault, call)
        heard.begun = True
        return httpx.Response(
            response.status_code,
            headers=_headers(response),
            stream=_Rest(first, parts, events, response, heard),
            request=call,
        )


class _Rest(httpx.AsyncByteStream):
    """A stream's events, from the first on."""

    def __init__(
        self,
        first: bytes,
        parts: AsyncIterator[bytes],
        events: Events,
        response: httpx.Response,
        heard: Heard,
    ) -> None:
        self._first, self._parts, self._events = first, parts, events
        self._response, self._heard = response, heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        events = self._events
        yield self._first
        try:
            while not events.done and events.fault is None:
                data = await _next(self._parts, events)
                if data:
                    yield data
        except httpx.TransportError as problem:
            self._heard.fault = broken(problem)
        else:
            self._heard.fault = events.fault
        if self._heard.fault is not None:
            raise httpx.ReadError(self._heard.fault.message)

    async def aclose(self) -> None:
        await self._response.aclose()


async def _next(parts: AsyncIterator[bytes], events: Events) -> bytes:
    """The next events; b"" at the end of the stream, when `events` is done or at fault."""
    async for data in parts:
        out = events.feed(data)
        if out or events.done or events.fault is not None:
            return out
    out = events.end()
    events.done = events.fault is None
    return out


async def _read(response: httpx.Response) -> bytes:
    """The whole body, unpacked; raises `Refusal` (502) beyond 64 MiB."""
    parts, size = [], 0
    try:
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES:
                raise Refusal(502, "The upstream's answer is larger than 64 MiB.")
    finally:
        await response.aclose()
    return b"".join(parts)


def _judged(raw: bytes, path: str, provider: str, heard: Heard) -> bytes:
    """A whole answer as LiteLLM can read it; raises `Refusal` for anything that is no answer."""
    try:
        document = said(raw)
    except ValueError:
        raise no_answer(raw) from None
    fault = fault_in(document) if isinstance(document, dict) else None
    if fault is not None:
        raise fault
    content = next((name for end, name in CONTENT.items() if path.endswith(end)), None)
    if provider == "anthropic":
        content = "content"
    if content is None:
        return raw
    if not isinstance(document, dict) or not isinstance(document.get(content), list):
        raise no_answer(raw)
    return _readable(raw, document, heard) if content == "choices" else raw


def _readable(raw: bytes, document: dict[str, Any], heard: Heard) -> bytes:
    """Note the contents that LiteLLM would change, and give those that are lists of parts as text."""
    changed = False
    for place, choice in enumerate(document["choices"]):
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        if isinstance(content, list):
            message["content"] = text_of(content)
            changed = True
        if isinstance(content, list) or (isinstance(content, str) and "<think" in content):
            heard.contents[place] = content
    return orjson.dumps(document) if changed else raw


def no_answer(raw: bytes) -> Refusal:
    """The failure of an answer that is none, with its words."""
    words = raw[:ERROR_BYTES].decode("utf-8", "replace").strip()
    said = f": {words}" if words else "."
    return Refusal(502, f"The upstream answered with something that is no answer{said}")


def as_meant(call: httpx.Request, asked: dict[str, Any], request: Request) -> httpx.Request:
    """A call with the roles that the client gave its messages, and no temperature that nobody gave."""
    if not _restore_roles(call, asked, request) and not _forget_temperature(asked, request):
        return call
    headers = [(name, value) for name, value in call.headers.raw if name.lower() != b"content-length"]
    return httpx.Request(
        call.method, call.url, headers=headers, content=orjson.dumps(asked), extensions=call.extensions
    )


def _restore_roles(call: httpx.Request, asked: dict[str, Any], request: Request) -> bool:
    asked_for, sent = request.body.fields.get("messages"), asked.get("messages")
    if request.kind != "chat" or not isinstance(asked_for, list) or not isinstance(sent, list):
        return False
    if len(asked_for) != len(sent) or not call.url.path.endswith("/chat/completions"):
        return False
    changed = False
    for mine, theirs in zip(asked_for, sent, strict=True):
        role = mine.get("role") if isinstance(mine, dict) else None
        if role in ROLES and isinstance(theirs, dict) and theirs.get("role") != role:
            theirs["role"] = role
            changed = True
    return changed


def _forget_temperature(asked: dict[str, Any], request: Request) -> bool:
    """Take LiteLLM's default for Gemini out, which it takes for better than the vendor's."""
    options = asked.get("generationConfig")
    own = request.config.parameters.get(request.policy.id, {}).get("temperature")
    if not isinstance(options, dict) or own is not None or "temperature" in request.body.fields:
        return False
    found = options.pop("temperature", None) is not None
    if found and not options:
        del asked["generationConfig"]
    return found


def loads_or_none(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`, an empty one where there is none."""
    try:
        document = loads(raw)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def broken(problem: httpx.TransportError) -> Refusal:
    """A failed connection as a fault; its words name no address, which may hold a secret."""
    if isinstance(problem, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)):
        return Refusal(502, "The upstream cannot be reached.")
    if isinstance(problem, httpx.TimeoutException):
        return Refusal(504, "The upstream did not answer in time.", "timeout")
    return Refusal(502, "The connection to the upstream broke.")


def _headers(response: httpx.Response) -> list[tuple[str, str]]:
    return [pair for pair in response.headers.multi_items() if pair[0].lower() not in PACKED]


def _failure(fault: Refusal, call: httpx.Request) -> httpx.Response:
    headers = {} if fault.retry_after is None else {"retry-after": str(int(fault.retry_after))}
    return httpx.Response(fault.status, headers=headers, json=error_body(fault), request=call)
