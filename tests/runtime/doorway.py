"""A door with a way of the tests' own in it, where LiteLLM's stands otherwise, and a client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from virtual import run

from one_adapter.runtime.entry.door import Door, Loaded
from one_adapter.runtime.entry.request import Request, current
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.host.way import LitellmWay

#: What an upstream does with an admitted request: (request, send).
Behaviour = Callable[[Request, Callable[..., Awaitable[None]]], Awaitable[None]]
OWN = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}, {"env": "SOME", "models": ["m"]}]}}
ENVIRONMENT = {"CLIENT": "sk-client", "SOME": "sk-some", "LITELLM_MASTER_KEY": "sk-master"}


def deployment(name: str = "m", **ours: Any) -> dict[str, Any]:
    params = {"model": f"openai/up-{name}", "api_base": "http://x/v1", "api_key": "k"}
    info = {"id": f"{name}-{ours.get('service', 's')}", "mode": ours.pop("mode", "chat")}
    if "key" in ours:
        info["id"] += f"-{ours['key']}"
    return {
        "model_name": name,
        "litellm_params": params,
        "model_info": {**info, "one_adapter": {"service": "s", **ours}},
    }


def pool(size: int = 2, name: str = "m", **ours: Any) -> list[dict[str, Any]]:
    """The keys of one service: `key-1`, `key-2`…, none of them switched off, tried from the first on."""
    keys = [{"key": f"key-{place + 1}", "credential": place, "places": [place]} for place in range(size)]
    return [deployment(name, **{"order": "first", **key, **ours}) for key in keys]


def loaded_of(*deployments: dict[str, Any], **own: Any) -> Loaded:
    """What a proxy with these deployments holds; `m` alone, and two keys, where nothing else is said."""
    return loaded_from(list(deployments) or [deployment()], {**OWN, **own})


def loaded_from(deployments: list[dict[str, Any]], own: dict[str, Any] | None) -> Loaded:
    return Loaded(read_config(deployments, own, {"nick": "m"}, ENVIRONMENT), Memory())


class Way:
    """A way that answers everything, as `behave` does; `seen` are the requests and scopes it was given."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.seen: list[tuple[Request, dict[str, Any]]] = []

    async def serve(self, request: Request, scope: Any, receive: Any, send: Any) -> bool:  # noqa: ARG002
        self.seen.append((request, dict(scope)))
        request.attempt.reached = True
        await self.behave(request, send)
        return True


async def litellm(_scope: Any, _receive: Any, send: Any) -> None:
    """Stands where LiteLLM's application stands."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"litellm", "more_body": False})


async def fine(_request: Request, send: Any) -> None:
    await whole(send)


async def whole(send: Any, status: int = 200, body: bytes = b"{}") -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def begin_stream(send: Any, *events: bytes) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for event in events:
        await send({"type": "http.response.body", "body": event, "more_body": True})


class Caller:
    """One client of the door."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str = "sk-client",
        leave: float | None = None,
        **headers: str,
    ) -> tuple[int, bytes, dict[str, str]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent: list[dict[str, Any]] = []
        parts = [{"type": "http.request", "body": raw, "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop(0)
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        given = [(b"authorization", f"Bearer {key}".encode())] if key else []
        given += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": given, "query_string": b"a=b"}
        task = asyncio.ensure_future(self.door(scope, receive, send))
        if leave is not None:
            asyncio.get_running_loop().call_later(leave, gone.set)
        await task
        starts = [message for message in sent if message["type"] == "http.response.start"]
        if not starts:
            return 0, b"", {}
        assert len(starts) == 1
        text = b"".join(message.get("body", b"") for message in sent[1:])
        return starts[0]["status"], text, {k.decode(): v.decode() for k, v in starts[0]["headers"]}


def serve(loaded: Loaded, behave: Behaviour = fine) -> tuple[Caller, Way]:
    way = Way(behave)
    return Caller(Door(litellm, lambda: loaded, [way])), way


def behind_litellm(behave: Behaviour) -> Caller:
    """A client of a door with LiteLLM's way behind it, where `behave` stands for LiteLLM's application."""
    loaded = loaded_of()

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        request = current.get()
        assert request is not None
        await behave(request, send)

    return Caller(Door(application, lambda: loaded, [LitellmWay(application)]))


CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(
    method: str,
    path: str,
    body: Any = None,
    loaded: Loaded | None = None,
    behave: Behaviour = fine,
    **more: Any,
) -> tuple[int, Any, dict[str, str]]:
    """One request to a door; the answer's JSON."""
    caller, _ = serve(loaded or loaded_of(), behave)
    status, text, headers = run(caller(method, path, body, **more))
    return status, json.loads(text) if text.startswith(b"{") else text, headers
