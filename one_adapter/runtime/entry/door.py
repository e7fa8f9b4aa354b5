"""The outermost ASGI layer: who may come in, with what, and what is cleaned up afterwards.

It stands before all of LiteLLM: it checks the key, reads the body once (at most 8 MiB), finds the
group for the client's model name, hides from LiteLLM what is not for it, and, whatever happens
to the request (an answer, an error, a cut stream, a client that left), gives back its place in
the limits and books the outcome with the breaker.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from one_adapter.runtime.access import Client
from one_adapter.runtime.entry import body as bodies
from one_adapter.runtime.entry.request import Request, current
from one_adapter.runtime.gateway.refusal import Refusal, error_body, error_event, named_event, with_reasoning
from one_adapter.runtime.gateway.state import State

if TYPE_CHECKING:
    from one_adapter.runtime.host.direct import Direct

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LLM_ROUTES = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
    "/v1/responses": "responses",
}
#: Headers that speak of the body as it was, or ask for an answer that could not be mended.
REPLACED = (b"accept-encoding", b"content-length", b"content-type", b"content-encoding", b"transfer-encoding")
#: LiteLLM tells every client the upstream's address, which may hold a password or an inner host.
ADDRESS_HEADER = b"x-litellm-model-api-base"
#: How LiteLLM begins a whole embeddings answer.
MODEL = re.compile(rb'^\{"model":\s*"(?:[^"\\]|\\.)*"')
#: LiteLLM's own pages that need no key and tell nothing about the configuration.
PUBLIC = ("/health/liveliness", "/health/liveness", "/health/readiness")
#: First parts of the paths under which LiteLLM is managed: closed with 403 instead of 404.
MANAGEMENT = frozenset(
    (
        *("audit", "budget", "cache", "callbacks", "config", "credentials", "customer", "debug", "end_user"),
        *("get", "global", "guardrails", "health", "key", "mcp-rest", "model", "model_group", "organization"),
        *("policies", "prompts", "router", "settings", "spend", "sso", "tag", "team", "ui", "update", "user"),
        *("utils", "vector_store"),
    )
)


def route_of(path: str) -> str:
    """Return the kind of LLM route a path is, "" for any other.

    >>> route_of("/v1/anything/chat/completions"), route_of("/v1/embeddings"), route_of("/key/info")
    ('chat', 'embeddings', '')
    """
    if path.startswith("/v1/") and path.endswith("/chat/completions"):
        return "chat"
    return LLM_ROUTES.get(path, "")


class Door:
    """The layer itself; `state` is asked for anew with each request."""

    def __init__(
        self, app: App, state: Callable[[], State], endpoints: Any = None, direct: Direct | None = None
    ) -> None:
        """Wrap `app`; `endpoints` answers our own paths, `direct` the chats that need nothing of `app`."""
        self.app = app
        self.state = state
        self.endpoints = endpoints
        self.direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            client = self.state().keys.identify(scope["headers"]) if scope["type"] == "websocket" else None
            if scope["type"] == "websocket" and not (client and client.admin):
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        kind = route_of(scope["path"]) if scope["method"] == "POST" else ""
        try:
            if kind:
                await self._llm(kind, scope, receive, send)
            else:
                await self._other(scope, receive, send)
        except Refusal as refusal:
            await answer(send, refusal.status, error_body(refusal, kind == "messages"), refusal.retry_after)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in PUBLIC:
            await self.app(scope, receive, send)
            return
        state = self.state()
        handler = self.endpoints.find(scope["method"], path) if self.endpoints else None
        if handler is not None:
            await handler(self, state, scope, receive, send)
            return
        client = self.require(state, scope)
        if not client.admin and not opens(path, state):
            first = path.strip("/").partition("/")[0]
            if first in MANAGEMENT:
                raise Refusal(403, "This key opens the LLM routes only.", "forbidden")
            raise Refusal(404, f"There is no {scope['method']} {path} here.", "not_found")
        await self.app(scope, receive, send)

    def require(self, state: State, scope: Scope) -> Client:
        """Return the caller, or raise `Refusal` (401)."""
        client = state.keys.identify(scope["headers"])
        if client is None:
            raise Refusal(401, "Invalid or missing API key.", "invalid_api_key")
        return client

    async def _llm(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        state = self.state()
        client = self.require(state, scope)
        raw = await read(scope, receive)
        body = bodies.parse(raw, kind)
        model = body["model"]
        if not client.may(model):
            raise Refusal(403, f"This key does not open the model {model!r}.", "model_forbidden", "model")
        loop = asyncio.get_running_loop()
        request = Request(kind, client, body, loop.time(), client_model=model)
        request.group = state.resolve(model)
        request.task = asyncio.current_task()
        seen = bodies.visible(body, kind)
        token = current.set(request)
        outlet = _Outlet(request, send)
        try:
            if self.direct is None or not await self.direct.serve(
                request, state, seen, scope, receive, outlet
            ):
                await self._through_litellm(request, seen, scope, receive, outlet)
        except asyncio.CancelledError:
            if not request.expired:
                request.left = True
                raise
            if hasattr(request.task, "uncancel"):
                request.task.uncancel()  # type: ignore[union-attr]
        finally:
            current.reset(token)
            state.finish(request, loop.time())
        if request.expired:
            await outlet.expire()

    async def _through_litellm(
        self, request: Request, seen: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        raw = json.dumps(seen).encode()
        path = next(path for path, one in LLM_ROUTES.items() if one == request.kind)
        inner = {**scope, "path": path, "raw_path": path.encode(), "query_string": b""}
        inner["headers"] = _headers(scope["headers"], len(raw))
        await self.app(inner, _inlet(request, raw, receive), send)


def caller(scope: Scope) -> Client | None:
    """Return who makes the request, for LiteLLM's own check of the key."""
    request = current.get()
    if request is not None:
        return request.client
    from one_adapter.runtime.host import loaded as live

    return live.state().keys.identify(scope["headers"])


def opens(path: str, state: State | None = None) -> bool:
    """Tell whether client keys open a path."""
    if route_of(path):
        return True
    if state is None:
        from one_adapter.runtime.host import loaded as live

        state = live.state()
    return path in state.settings.routes


async def read(scope: Scope, receive: Receive) -> bytes:
    """Return the whole body; raises `Refusal` (413) beyond 8 MiB."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > bodies.LIMIT:
            raise Refusal(413, "The request body is larger than 8 MiB.", "request_too_large")
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The client left.", "disconnected")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > bodies.LIMIT:
            raise Refusal(413, "The request body is larger than 8 MiB.", "request_too_large")
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _headers(headers: list[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    """Return the headers LiteLLM is to see: none of its own orders, and the new body's."""
    kept = [
        (name, value)
        for name, value in headers
        if not name.startswith((b"x-litellm-", b"litellm-")) and name not in REPLACED
    ]
    return [*kept, (b"content-type", b"application/json"), (b"content-length", str(size).encode())]


def _inlet(request: Request, body: bytes, receive: Receive) -> Receive:
    given = False

    async def inlet() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        message = await receive()
        if message["type"] == "http.disconnect" and not request.ended:
            request.left = True
        return message

    return inlet


class _Outlet:
    """What goes back to the client, watched and mended on its way."""

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self.send = send
        self.began = False
        self.stream = False
        self.start: Message | None = None

    async def __call__(self, message: Message) -> None:
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
        request.ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self.send(message)

    def _begin(self, message: Message) -> Message:
        request = self.request
        request.status = message["status"]
        headers = [one for one in message.get("headers") or [] if one[0] != ADDRESS_HEADER]
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
        if part.startswith((b'data: {"error"', b"event: error")):
            self.request.failed_midway = True
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


def mount(app: Any, door: Callable[[App], Door]) -> None:
    """Put the door before everything else a Starlette application does, once."""
    stack = app.middleware_stack or app.build_middleware_stack()
    if not isinstance(stack, Door):
        app.middleware_stack = door(stack)
