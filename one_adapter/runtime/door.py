"""The outermost ASGI layer: who may come in, with what, and what is cleaned up afterwards.

It stands before all of LiteLLM: it checks the key, reads the body once (at most 8 MiB), finds the
group for the client's model name, hides from LiteLLM what is not for it, and, whatever happens
to the request (an answer, an error, a cut stream, a client that left), gives back its place in
the limits and books the outcome with the breaker.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from one_adapter.runtime import body as bodies
from one_adapter.runtime import paths
from one_adapter.runtime.access import Client
from one_adapter.runtime.answers import Refusal, error_body
from one_adapter.runtime.headers import incoming, opened
from one_adapter.runtime.outlet import Outlet, answer
from one_adapter.runtime.request import Request, current
from one_adapter.runtime.state import State

if TYPE_CHECKING:
    from one_adapter.runtime.direct import Direct

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


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
        kind = paths.kind_of(scope["path"])
        try:
            if kind and scope["method"] == "POST":
                await self._llm(kind, scope, receive, send)
            else:
                await self._other(scope, receive, send)
        except Refusal as refusal:
            await answer(send, refusal.status, error_body(refusal, kind == "messages"), refusal.retry_after)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path in paths.PUBLIC and method in ("GET", "HEAD"):
            await self.app({**scope, "query_string": b""}, receive, send)
            return
        state = self.state()
        handler = self.endpoints.find(method, path) if self.endpoints else None
        if handler is not None:
            await handler(self, state, scope, receive, send)
            return
        client = self.require(state, scope)
        if client.admin and not paths.kind_of(path):
            await self.app(scope, receive, send)
        elif state.opens(client, method, path):
            await self.app({**scope, "headers": opened(scope["headers"])}, receive, send)
        else:
            raise _nothing_there(method, path)

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
        bodies.check(body, kind)
        loop = asyncio.get_running_loop()
        request = Request(kind, client, body, loop.time(), client_model=model)
        request.group = state.resolve(model)
        request.task = asyncio.current_task()
        state.check_tools(request)
        seen = bodies.visible(body, kind)
        token = current.set(request)
        outlet = Outlet(request, send)
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
        path = paths.ADDRESSES[request.kind]
        inner = {**scope, "path": path, "raw_path": path.encode(), "query_string": b""}
        inner["headers"] = incoming(scope["headers"], len(raw))
        await self.app(inner, _inlet(request, raw, receive), send)


def _nothing_there(method: str, path: str) -> Refusal:
    if paths.kind_of(path):
        return Refusal(405, f"{path} is for POST, not {method}.", "method_not_allowed")
    if path.strip("/").partition("/")[0] in paths.MANAGEMENT:
        return Refusal(403, "This key opens the LLM routes only.", "forbidden")
    return Refusal(404, f"There is no {method} {path} here.", "not_found")


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


def mount(app: Any, door: Callable[[App], Door]) -> None:
    """Put the door before everything else a Starlette application does, once."""
    stack = app.middleware_stack or app.build_middleware_stack()
    if not isinstance(stack, Door):
        app.middleware_stack = door(stack)
