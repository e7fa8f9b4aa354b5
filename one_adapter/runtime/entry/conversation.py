"""One LLM request from body to finish: read, checked, and tried with one key after another until one answers.

A try is admitted, handed to a way, and cleaned up after: however it ends (an answer, an error, a cut stream,
a client that left), its place in the limits is given back and its outcome booked with the breaker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from one_adapter.runtime.entry import body as bodies
from one_adapter.runtime.entry.asgi import Receive, Scope, Send, read_body
from one_adapter.runtime.entry.leaving import Watch
from one_adapter.runtime.entry.outlet import Outlet
from one_adapter.runtime.entry.request import Attempt, Request, current
from one_adapter.runtime.entry.shapes import check_tools
from one_adapter.runtime.gateway.capacity import tpm_of
from one_adapter.runtime.gateway.choice import (
    KeyIsFull,
    begin,
    book,
    candidates,
    enter,
    leased,
    unhealthy,
)
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.layers import layers_of
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.outcome import Outcome, of_status
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.gateway.settings import Policy

#: The status after which a key is left alone for a while.
THROTTLED = 429
#: Where in the ASGI scope whoever stands before the door finds the request, once its body is read.
REQUEST = "one_adapter.request"
#: Where it finds what is noted of it, if anybody wants to know.
TRACE = "one_adapter.trace"


class Way(Protocol):
    """How a request is answered: one of several, asked one after another."""

    async def serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer an admitted request; False, with nothing done, when it is not for this way.

        Raises `Refusal` for a call that failed.
        """


async def converse(
    ways: Sequence[Way],
    config: Config,
    memory: Memory,
    client: Client,
    kind: str,
    scope: Scope,
    receive: Receive,
    outlet: Outlet,
) -> None:
    """Serve one request of `kind` from `client`; raises `Refusal` as long as no deployment is chosen."""
    raw = await read_body(scope, receive)
    body = bodies.parse(raw, kind)
    model = body.fields["model"]
    loop = asyncio.get_running_loop()
    request = Request(kind, client, body, config, loop.time(), client_model=model, trace=scope.get(TRACE))
    scope[REQUEST] = request
    if not client.may(model):
        raise Refusal(403, f"This key does not open the model {model!r}.", "model_forbidden", "model")
    request.group = config.resolve(model, kind)
    if kind == "responses" and any(one.protocol == kind for one in config.groups[request.group]):
        request.raw_length = len(raw)
    check(request, raw=request.raw_length > 0)
    keys = await candidates(config, memory, request.group, model, kind, request.started, request.tokens)
    request.task = asyncio.current_task(loop)
    outlet.request = request
    token = current.set(request)
    watch = Watch(request, receive, loop)
    try:
        try:
            await _ask_in_turn(request, keys, ways, memory, scope, outlet, loop)
        except Refusal as refusal:
            request.stop_clock()
            await outlet.refuse(refusal, kind)
    except asyncio.CancelledError:
        if not request.expired and not request.left:
            raise
        if hasattr(request.task, "uncancel"):
            request.task.uncancel()  # type: ignore[union-attr]
    finally:
        watch.end()
        current.reset(token)
        request.stop_clock()
    if request.expired:
        await outlet.expire(request)


async def _ask_in_turn(
    request: Request,
    keys: Sequence[Policy],
    ways: Sequence[Way],
    memory: Memory,
    scope: Scope,
    outlet: Outlet,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Try one key after another until one answers; raises the last one's `Refusal`.

    A failure moves on to the next key as long as nothing of it was sent, a key that is full likewise.
    """
    last: Refusal | None = None
    for place, policy in enumerate(keys):
        choice = begin(request.config, memory, policy, request.group, request.client_model, loop.time())
        if choice is None or (choice.probe and not await leased(memory, choice)):
            continue
        if place and request.trace is not None:
            request.trace.ends()
        if request.attempt.status and not request.attempt.refused:
            request.failed += ((request.policy.key, request.attempt.status),)
        request.attempt, request.spare = Attempt(choice), place + 1 < len(keys)
        outlet.held = []  # another key is asked
        try:
            await _ask(request, ways, memory, scope, outlet, loop)
        except Refusal as refusal:
            if request.left or not (request.moves_on or isinstance(refusal, KeyIsFull)):
                raise
            last = refusal
        else:
            if not outlet.held:
                return
    if not outlet.held:
        raise last or unhealthy(keys[0], request.client_model)
    await outlet.let_go()


async def _ask(
    request: Request,
    ways: Sequence[Way],
    memory: Memory,
    scope: Scope,
    outlet: Outlet,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Make one try and book how it ended."""
    attempt = request.attempt
    try:
        if attempt.choice.policy.limits is not None:
            await _wait(request, memory, loop)
        request.start_clock(loop, attempt.choice.policy.timeout)
        for way in ways:
            if await way.serve(request, scope, request.rest, outlet):
                break
    except Refusal as refusal:
        if not request.began:
            attempt.status = refusal.status
        elif not request.ended:
            attempt.failed_midway = of_status(refusal.status, request.dialect) is Outcome.UPSTREAM_FAULT
        raise
    finally:
        if attempt.release is not None:
            attempt.close()
        outcome, now = request.outcome, loop.time()
        book(request.config, memory, attempt.choice, outcome, now)
        throttled = attempt.status == THROTTLED and outcome is Outcome.UPSTREAM_FAULT
        if throttled and attempt.choice.policy.key and request.kind != "embeddings":
            memory.capacity.cool(request.policy, request.client_model, now)


def check(request: Request, raw: bool = False) -> None:
    """Raise `Refusal` (400) for a body that no upstream could take, and for tools that nobody here would run.

    `raw`: it may go to an upstream of the client's own protocol, which takes more than LiteLLM does. On chats
    an OpenAI-shaped upstream gets tools as they are; on responses those of other types are left out, as the
    gateway leaves them out.
    """
    bodies.check(request.body, request.kind, raw)
    tools = request.body.fields.get("tools")
    if not tools or raw:
        return
    group = request.config.groups[request.group]
    passed_on = all(one.protocol == "openai" for one in group)
    if request.kind == "embeddings" or (request.kind == "chat" and passed_on):
        return
    if request.kind == "responses":
        tools = [tool for tool in tools if tool.get("type") == "function"]
    check_tools(tools, request.kind)


async def _wait(request: Request, memory: Memory, loop: asyncio.AbstractEventLoop) -> None:
    """Wait for the limits before the chosen deployment.

    One timeout is for all tries and their waits; who waits till its end is refused, and not timed out.
    """
    policy, model = request.attempt.choice.policy, request.client_model
    request.stop_clock()
    most = request.started + policy.timeout - loop.time() if policy.timeout > 0 else float("inf")
    layers = layers_of(policy, request.kind, model, request.group, request.dialect, request.config.number)
    tokens = request.tokens(policy) if any(layer.limit.tpm for layer in layers) else 0
    trace = request.trace
    began = trace.clock() if trace is not None else 0.0
    try:
        request.attempt.release = await enter(memory, policy, layers, tokens, most, request.spare)
    except Refusal:
        request.attempt.refused = True
        raise
    finally:
        if trace is not None:
            trace.waited += trace.clock() - began
    if policy.key and request.kind != "embeddings" and tpm_of(policy, model):
        memory.capacity.reserve(policy, model, request.tokens(policy), loop.time())
