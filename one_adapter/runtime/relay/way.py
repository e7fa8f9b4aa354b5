"""The relay: one call to an upstream that speaks the client's own protocol, its bytes passed on both ways.

Written anew are the model's name and what the gateway itself shapes; every other field goes as it came.
Limits, breaker and clock are the conversation's; whether a request may come this way is for `standing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp

from one_adapter.runtime.entry.asgi import header_text
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.redaction import known
from one_adapter.runtime.relay.answer import ERROR_READ_BYTES, answer, failed
from one_adapter.runtime.relay.events import EVENTS
from one_adapter.runtime.upstream.endpoint import Endpoint, endpoint
from one_adapter.runtime.upstream.shaping import changes

if TYPE_CHECKING:
    from one_adapter.runtime.entry.asgi import Receive, Scope, Send
    from one_adapter.runtime.entry.request import Request
    from one_adapter.runtime.gateway.settings import Policy
    from one_adapter.runtime.relay.call import Call
    from one_adapter.runtime.relay.client import Pools

    Response = Call | aiohttp.ClientResponse

#: What this way is called.
NAME = "relay"
#: The largest whole answer, in bytes; streams have no limit.
ANSWER_BYTES = 64 << 20
#: Headers of a request that go on, to an upstream that speaks Anthropic's protocol.
ANTHROPIC_HEADERS = (b"anthropic-version", b"anthropic-beta")
#: What a client is told of the upstream's headers, beside the answer itself.
TOLD_STARTS = (b"retry-after", b"x-request-id", b"x-ratelimit-")
#: Bytes of such a header; a longer one is not told.
HEADER_BYTES = 256
#: Seconds that an upstream has to end its answer after the last event.
FINISH_SECONDS = 0.05
JSON = (b"content-type", b"application/json")
STREAM_HEADERS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))


class Relay:
    """The way itself."""

    def __init__(self, pools: Pools, stands_aside: Callable[[Request, Scope], str]) -> None:
        """Take the HTTP clients, and what says why a request has to go LiteLLM's way ("": it need not)."""
        self._pools = pools
        self._stands_aside = stands_aside
        self._config: object = None
        self._endpoints: dict[tuple[str, str], Endpoint | None] = {}

    async def serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:  # noqa: ARG002
        """Answer a request; False, with nothing done, when it has to go LiteLLM's way."""
        if self._stands_aside(request, scope):
            return False
        if request.config is not self._config:
            self._config, self._endpoints = request.config, {}
        policy = request.attempt.choice.policy
        target = self._endpoints.get((policy.id, request.kind)) or self._endpoint(request, policy)
        if target is None:
            return False
        request.attempt.way = NAME
        headers = target.headers
        if request.kind == "messages":
            own = {n.decode(): v.decode("latin-1") for n, v in scope["headers"] if n in ANTHROPIC_HEADERS}
            headers = {**headers, **own}
        try:
            body = request.body.render(changes(request.body.fields, request.kind, policy))
            request.attempt.reached = True
            if request.trace is not None:
                request.trace.asks()
            async with self._pools.post(target, body, headers, policy.proxy) as response:
                await _pass_on(request, target, response, send)
        except Refusal as fault:
            fault.headers = _own_headers(request)
            raise
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as problem:
            broken = _broken(problem)
            broken.headers = _own_headers(request)
            raise broken from None
        return True

    def _endpoint(self, request: Request, policy: Policy) -> Endpoint | None:
        parameters = request.config.parameters.get(policy.id, {})
        model = policy.model_for(request.kind)
        found = endpoint(policy.protocol, request.kind, model, parameters, policy.query)
        if found is not None:
            self._endpoints[policy.id, request.kind] = found
        return found


def _broken(problem: Exception) -> Refusal:
    """A broken connection as a fault; its words name no address, which may hold a secret."""
    if isinstance(problem, (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError, TimeoutError)):
        return Refusal(502, "The upstream cannot be reached.")
    return Refusal(502, "The connection to the upstream broke.")


async def _read(response: Response, most: int) -> bytes:
    """The body, or as much of it as fits."""
    content = response.content
    if content.is_eof():  # all of it is here, as it mostly is
        return content.read_nowait()[:most]
    parts, size = [], 0
    async for part in content.iter_any():
        parts.append(part)
        size += len(part)
        if size > most:
            break
    return b"".join(parts)[:most]


async def _pass_on(request: Request, target: Endpoint, response: Response, send: Send) -> None:
    """Send the client what the upstream answers; raises `Refusal` for what is no answer."""
    trace = request.trace
    if trace is not None and (response.status >= 300 or request.streams):
        trace.hears(response.status)
    if response.status >= 300:
        words = await _read(response, ERROR_READ_BYTES)
        raise failed(response.status, words, response.headers.get("retry-after", ""))
    if request.streams:
        await _stream(request, target, response, send)
        return
    raw = await _read(response, ANSWER_BYTES + 1)
    if len(raw) > ANSWER_BYTES:
        response.close()
        raise Refusal(502, "The upstream's answer is larger than 64 MiB.")
    if trace is not None:
        trace.said(raw, response.status)
    model = request.client_model
    if request.kind == "embeddings":  # told by the upstream's name, as the gateway does
        model = request.policy.model_for("embeddings")
    raw = _clean(target, answer(raw, request.kind, model))
    headers = [JSON, (b"content-length", b"%d" % len(raw)), *_headers(request, response)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": False})


async def _stream(request: Request, target: Endpoint, response: Response, send: Send) -> None:
    """Send a stream on, each piece as it comes; the last of it ends the answer."""
    events, trace, more = EVENTS[request.kind](request.client_model), request.trace, True
    headers = [*STREAM_HEADERS, *_headers(request, response)]
    while more:
        came = await response.content.readany()
        data = events.feed(came) if came else events.end()
        more = bool(came) and not events.done and events.fault is None
        ends = not more and events.fault is None
        if not data and not ends:
            continue
        if trace is not None and data:
            trace.said(data)
        if not request.began:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        if ends:
            request.attempt.failed_midway = events.failed
        await send({"type": "http.response.body", "body": _clean(target, data), "more_body": not ends})
    if events.fault is not None:
        response.close()
        raise events.fault
    if not response.content.at_eof():
        await _finish(response)


async def _finish(response: Response) -> None:
    """Read what little may come after the last event, or the connection could not be used again."""
    with suppress(aiohttp.ClientError, TimeoutError, asyncio.TimeoutError, OSError):
        await asyncio.wait_for(response.content.readany(), FINISH_SECONDS)


def _clean(target: Endpoint, said: bytes) -> bytes:
    """What an upstream said without what it was given: its key, its address's password and query."""
    for secret in target.secrets:
        if secret in said:
            return known.clean_bytes(said)
    return said


def _headers(request: Request, response: Response) -> list[tuple[bytes, bytes]]:
    found = [*_named(request.attempt.choice.policy.id, request.group)]
    for name, value in response.raw_headers:
        lower = name.lower()
        if lower.startswith(TOLD_STARTS) and len(value) <= HEADER_BYTES and not known.is_in(value):
            found.append((lower, value))
    return found


def _own_headers(request: Request) -> tuple[tuple[bytes, bytes], ...]:
    return _named(request.attempt.choice.policy.id, request.group)


@lru_cache(1024)
def _named(deployment: str, group: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-litellm-model-id", header_text(deployment).encode()),
        (b"x-litellm-model-group", header_text(group).encode()),
        (b"x-one-adapter-way", NAME.encode()),
    )
