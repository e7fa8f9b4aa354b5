"""The direct way: from the door to LiteLLM's `acompletion`, past its application and its router.

Between the two LiteLLM checks the key again, gathers facts for callbacks, budgets, guardrails and
spend, and prepares to retry and to fall back. With the settings that one-adapter writes nothing
comes of any of it, and `leads` looks at each request whether that still holds (`plain.py`): a database, a
listener, a setting of the operator's, a header that LiteLLM acts upon, and the request goes
LiteLLM's own way, as all do with `--profile stock`. Embeddings go to `aembedding` likewise;
messages and responses always go LiteLLM's own way.

The direct way ends well or not at all. Whatever the call raises is kept in `request.failure` and the
request goes LiteLLM's own way after all, where `callback.py` raises it in the place of a second
call: the error a client sees is LiteLLM's in every word, and the upstream was asked once.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from one_adapter.runtime.access import identity
from one_adapter.runtime.gateway.refusal import Refusal, header_text, mend
from one_adapter.runtime.host import plain, shortcuts

if TYPE_CHECKING:
    from one_adapter.runtime.entry.door import App, Message, Receive, Scope, Send
    from one_adapter.runtime.entry.request import Request
    from one_adapter.runtime.gateway.config import Policy
    from one_adapter.runtime.gateway.state import State

#: What goes this way, and LiteLLM's function for it.
CALLS = {"chat": "acompletion", "embeddings": "aembedding"}
#: What of LiteLLM's is used beside its public functions; a version without any of it has no direct way.
NEEDED = (
    "litellm.proxy.common_request_processing.ProxyBaseLLMRequestProcessing",
    "litellm.proxy.common_request_processing.create_response",
    "litellm.proxy.common_request_processing.is_azure_model_router_request",
    "litellm.proxy.proxy_server.async_data_generator",
    "litellm.proxy.proxy_server.shared_aiohttp_session",
    "litellm.proxy.proxy_server.version",
    "litellm.proxy.utils.model_dump_with_preserved_fields",
)
#: Headers of any answer of LiteLLM's that are the answer's own.
OWN_HEADERS = (b"content-length", b"content-type", b"date")
EVENTS = "text/event-stream"


def way() -> Direct | None:
    """Return the direct way, or None where the profile or this LiteLLM has none."""
    return Direct() if shortcuts.wanted("direct") and all(map(_is_there, NEEDED)) else None


def _is_there(place: str) -> bool:
    module, _, name = place.rpartition(".")
    return hasattr(importlib.import_module(module), name)


class Direct:
    """The way itself; it remembers what it knows of the configuration and of LiteLLM's headers."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._state: State | None = None
        self._deployments: dict[str, dict[str, Any]] = {}
        self._common: list[tuple[bytes, bytes]] | None = None

    def leads(self, request: Request, state: State, seen: Mapping[str, Any], scope: Scope) -> bool:
        """Tell whether LiteLLM would do nothing to this request but make the call."""
        if request.kind not in CALLS or any(plain.tells(name) for name, _ in scope["headers"]):
            return False
        if request.kind == "embeddings" and (seen.get("stream") or plain.is_tokens(seen.get("input"))):
            return False
        if state is not self._state:
            self._state = state
            self._deployments = plain.deployments()
        if any(policy.id not in self._deployments for policy in state.groups[request.group]):
            return False
        return not shortcuts.listeners(None) and not shortcuts.is_logged()

    async def serve(
        self,
        request: Request,
        state: State,
        seen: Mapping[str, Any],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> bool:
        """Answer a request; False, with nothing sent, when it has to go LiteLLM's own way."""
        if not self.leads(request, state, seen, scope):
            return False
        try:
            policy = state.choose(request, asyncio.get_running_loop().time())
        except Refusal:
            return False
        watcher = asyncio.create_task(_watch(request, receive))
        try:
            return await self._answer(request, policy, seen, scope, send)
        except asyncio.CancelledError:
            if not request.left:
                raise
            if hasattr(request.task, "uncancel"):
                request.task.uncancel()  # type: ignore[union-attr]
            return True
        finally:
            watcher.cancel()

    async def _answer(
        self, request: Request, policy: Policy, seen: Mapping[str, Any], scope: Scope, send: Send
    ) -> bool:
        import litellm

        try:
            call = getattr(litellm, CALLS[request.kind])
            response = await call(**arguments(self._deployments[policy.id], request, seen))
            if getattr(response, "completion_stream", True) is None and response.make_call is not None:
                await response.fetch_stream()
        except Exception as error:
            request.failure = error
            return False
        if self._common is None:
            self._common = await _common_headers(scope)
        mend(response)
        headers = [*_headers(response, request, policy), *self._common]
        if hasattr(response, "__aiter__"):
            await _stream(response, request, headers, scope, send)
        else:
            await _whole(_written(response, request), headers, send)
        return True


def arguments(deployment: Mapping[str, Any], request: Request, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what LiteLLM's router would make the call with."""
    from litellm.proxy import proxy_server

    info = dict(deployment["model_info"])
    found = {**seen, **deployment, "model_info": info}
    found["metadata"] = {**deployment["metadata"], "model_info": info, "model_group": request.group}
    if request.kind == "chat":
        found.setdefault("stream", False)
    session = proxy_server.shared_aiohttp_session
    if session is not None and not session.closed:
        found["shared_session"] = session
    return found


async def _watch(request: Request, receive: Receive) -> None:
    """End the request's call when its client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not request.ended and request.task is not None:
        request.left = True
        request.task.cancel()


async def _common_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers that LiteLLM's middleware gives every answer.

    They are asked for with the middleware alone, around an application of no routes: the first request
    for a route makes FastAPI prepare hundreds of them, which takes it most of a second.
    """
    from litellm.proxy import proxy_server

    app: App = _empty
    for one in reversed(proxy_server.app.user_middleware):
        app = one.cls(app, *one.args, **one.kwargs)
    found: list[tuple[bytes, bytes]] = []

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.extend(one for one in message["headers"] if one[0] not in OWN_HEADERS)

    asked = {**scope, "method": "GET", "path": "/v1/models", "raw_path": b"/v1/models", "query_string": b""}
    asked["headers"] = [(name, value) for name, value in scope["headers"] if name == b"host"]
    await app(asked, nothing, keep)
    return found


async def _empty(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


_identity = lru_cache(1024)(identity)


def _headers(response: Any, request: Request, policy: Policy) -> list[tuple[bytes, bytes]]:
    """Return LiteLLM's own headers of a good answer."""
    from litellm.proxy import proxy_server
    from litellm.proxy.common_request_processing import ProxyBaseLLMRequestProcessing

    hidden = getattr(response, "_hidden_params", None) or {}
    more = {
        **(hidden.get("additional_headers") or {}),
        "x-litellm-model-group": header_text(request.group),
        "x-litellm-attempted-retries": "0",
        "x-litellm-attempted-fallbacks": "0",
    }
    found = ProxyBaseLLMRequestProcessing.get_custom_headers(
        user_api_key_dict=_identity(request.client),
        call_id=request.logging.litellm_call_id,
        model_id=policy.id,
        cache_key="",
        api_base="",
        version=proxy_server.version,
        response_cost=hidden.get("response_cost") or "",
        model_region="",
        hidden_params=hidden,
        litellm_logging_obj=request.logging,
        **more,
    )
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in found.items()]


def _written(response: Any, request: Request) -> bytes:
    """Return an answer as LiteLLM's application writes it."""
    from litellm.proxy.common_request_processing import is_azure_model_router_request
    from litellm.proxy.utils import model_dump_with_preserved_fields

    if not is_azure_model_router_request(request.client_model, response._hidden_params):
        response.model = request.client_model
    if request.kind == "embeddings":
        import orjson

        vectors: bytes = orjson.dumps(response.model_dump(mode="json"), option=orjson.OPT_NON_STR_KEYS)
        return vectors
    body = model_dump_with_preserved_fields(response, exclude_unset=True)
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


async def _whole(raw: bytes, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    own = [(b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": raw, "more_body": False})


async def _stream(
    response: Any, request: Request, headers: list[tuple[bytes, bytes]], scope: Scope, send: Send
) -> None:
    from litellm.proxy import proxy_server
    from litellm.proxy.common_request_processing import create_response

    data = {
        "model": request.group,
        "_litellm_client_requested_model": request.client_model,
        "litellm_logging_obj": request.logging,
        "litellm_call_id": request.logging.litellm_call_id,
    }
    named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    events = proxy_server.async_data_generator(_Pieces(response), _identity(request.client), data)
    answer = await create_response(events, EVENTS, named)
    quiet = {**scope, "asgi": {**scope["asgi"], "spec_version": "2.4"}}  # _watch listens already

    async def nothing() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with contextlib.suppress(OSError):
        await answer(quiet, nothing, send)


class _Pieces:
    """LiteLLM's stream, with the upstream's own error where LiteLLM's router would look for a fallback."""

    def __init__(self, stream: Any) -> None:
        from litellm.exceptions import MidStreamFallbackError

        self._stream = stream
        self._broken = MidStreamFallbackError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except self._broken as error:
            raise (error.original_exception or error) from error

    async def aclose(self) -> None:
        """Give the upstream's connection back."""
        await self._stream.aclose()
