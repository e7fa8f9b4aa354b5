"""A door before something that stands where LiteLLM stands, and a client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from virtual import run

from one_adapter.runtime import endpoints
from one_adapter.runtime.door import Door
from one_adapter.runtime.request import Request, current
from one_adapter.runtime.state import State, build

Behaviour = Callable[
    [Request, Callable[..., Awaitable[None]], Callable[..., Awaitable[Any]]], Awaitable[None]
]
OWN = {"access": {"keys": [{"env": "CLIENT", "models": ["*"]}, {"env": "SOME", "models": ["m"]}]}}
ENVIRONMENT = {"CLIENT": "sk-client", "SOME": "sk-some", "LITELLM_MASTER_KEY": "sk-master"}


def deployment(name: str = "m", **ours: Any) -> dict[str, Any]:
    params = {"model": f"openai/up-{name}", "api_base": "http://x/v1", "api_key": "k"}
    info = {"id": f"{name}-{ours.get('service', 's')}", "mode": ours.pop("mode", "chat")}
    return {
        "model_name": name,
        "litellm_params": params,
        "model_info": {**info, "one_adapter": {"service": "s", **ours}},
    }


def state_of(*deployments: dict[str, Any], **own: Any) -> State:
    return build(deployments or (deployment(),), {**OWN, **own}, {"nick": "m"}, ENVIRONMENT)


class Upstreamish:
    """Stands where LiteLLM stands: chooses, waits and shapes as the callback does, then behaves."""

    def __init__(self, state: State, behave: Behaviour) -> None:
        self.state, self.behave = state, behave
        self.seen: list[tuple[dict[str, Any], dict[str, Any]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = current.get()
        if request is None:
            await send({"type": "http.response.start", "status": 299, "headers": []})
            await send({"type": "http.response.body", "body": b"litellm", "more_body": False})
            return
        message = await receive()
        self.seen.append((dict(scope), json.loads(message["body"])))
        loop = asyncio.get_running_loop()
        policy = self.state.choose(request, loop.time())
        await self.state.admit(request, policy, loop.time())
        if policy.timeout:
            request.arm(loop, policy.timeout)
        request.reached = True
        await self.behave(request, send, receive)


async def fine(_request: Request, send: Any, _receive: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"model":"m","data":[]}', "more_body": False})


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
            asyncio.get_running_loop().call_later(leave, task.cancel)
        await asyncio.gather(task, return_exceptions=leave is not None)
        starts = [message for message in sent if message["type"] == "http.response.start"]
        if not starts:
            return 0, b"", {}
        assert len(starts) == 1
        text = b"".join(message.get("body", b"") for message in sent[1:])
        return starts[0]["status"], text, {k.decode(): v.decode() for k, v in starts[0]["headers"]}


def serve(state: State, behave: Behaviour = fine) -> tuple[Caller, Upstreamish]:
    inner = Upstreamish(state, behave)
    return Caller(Door(inner, lambda: state, endpoints)), inner


CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(
    method: str,
    path: str,
    body: Any = None,
    state: State | None = None,
    behave: Behaviour = fine,
    **more: Any,
) -> tuple[int, Any, dict[str, str]]:
    """One request to a door with one state; the answer's JSON."""
    caller, _ = serve(state or state_of(), behave)
    status, text, headers = run(caller(method, path, body, **more))
    return status, json.loads(text) if text.startswith(b"{") else text, headers
