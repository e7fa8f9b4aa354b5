"""What is recorded of relayed requests: the upstream's status, times and tokens of answers and streams."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
import responder
from aiohttp import web
from doorway import CHAT
from doorway import deployment as entry
from test_relay import Handler, Relayed, Vendor, deployment, stream, vendor, whole

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens, tokens_of
from one_adapter.runtime.record.trace import Trace

__all__ = ["vendor"]
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
CHOICE = {"index": 0, "message": {"content": "hi"}}
COUNTED = json.dumps({"model": "up", "choices": [CHOICE], "usage": USAGE}).encode()


class Keeper:
    """Keeps what it is told, and measures by the loop's clock."""

    def __init__(self) -> None:
        self.heard: list[Finished] = []

    def begin(self) -> Trace:
        return Trace(asyncio.get_running_loop().time)

    def told(self, one: Finished) -> None:
        self.heard.append(one)


async def recorded(
    vendor: Vendor, handler: Handler, body: Any = CHAT, path: str = "/v1/chat/completions", **ours: Any
) -> tuple[Finished, Tokens]:
    vendor.handler = handler
    keeper = Keeper()
    one = ours.pop("deployment", None) or deployment(f"{vendor.base}/v1", **ours)
    async with Relayed(one) as relayed:
        relayed.loaded = replace(relayed.loaded, recorder=keeper)
        await relayed(body, path)
    (found,) = keeper.heard
    return found, tokens_of(found.pieces)


def data(**fields: Any) -> bytes:
    return b"data: " + json.dumps({"model": "up", **fields}).encode() + b"\n\n"


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\n".encode() + b"data: " + json.dumps({"type": kind, **fields}).encode() + b"\n\n"


async def test_of_a_whole_answer(vendor: Vendor) -> None:
    found, tokens = await recorded(vendor, whole(COUNTED))
    assert (found.way, found.upstream_status, found.status, found.end) == ("relay", 200, 200, "answered")
    assert tokens == Tokens(5, 2, 7)
    assert found.first is not None
    assert 0 < found.first <= found.upstream <= found.total


async def test_of_embeddings(vendor: Vendor) -> None:
    answer = json.dumps({"data": [], "usage": {"prompt_tokens": 5, "total_tokens": 5}}).encode()
    found, tokens = await recorded(
        vendor, whole(answer), {"model": "m", "input": "x"}, "/v1/embeddings", mode="embedding"
    )
    assert (found.kind, tokens) == ("embeddings", Tokens(5, None, 5))


@pytest.mark.parametrize("tells", [True, False])
async def test_of_a_stream_by_what_it_tells_itself(vendor: Vendor, tells: bool) -> None:
    chunks = [data(choices=[{"index": 0, "delta": {"content": str(number)}}]) for number in range(50)]
    last = [data(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])]
    usage = [data(choices=[], usage=USAGE)] if tells else []
    said = b"".join([*chunks, *last, *usage, b"data: [DONE]\n\n"])
    found, tokens = await recorded(vendor, stream(said), {**CHAT, "stream": True})
    assert (found.stream, found.end) == (True, "answered")
    assert tokens == (Tokens(5, 2, 7) if tells else Tokens())


async def test_of_anthropics_messages(vendor: Vendor) -> None:
    usage = {"input_tokens": 25, "output_tokens": 1}
    said = [
        event("message_start", message={"model": "up", "usage": usage}),
        *(
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": "a"})
            for _ in range(50)
        ),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 15}),
        event("message_stop"),
    ]
    one = deployment(vendor.base, provider="anthropic")
    body = {**CHAT, "stream": True, "max_tokens": 9}
    found, tokens = await recorded(vendor, stream(*said), body, "/v1/messages", deployment=one)
    assert (found.kind, found.way, tokens) == ("messages", "relay", Tokens(25, 15))


@pytest.mark.parametrize("streams", [True, False])
async def test_of_the_responses_api(vendor: Vendor, streams: bool) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if not streams:
            return web.json_response(responder.response("up", "hello"))
        said = [event(one["type"], **one) for one in responder.events("up", "hello")]
        return await stream(*said)(request)

    one = entry()
    del one["model_info"]["mode"]
    one["litellm_params"] = {"model": "openai/responses/up", "api_base": f"{vendor.base}/v1", "api_key": "sk"}
    body = {"model": "m", "input": "hi", "stream": streams}
    found, tokens = await recorded(vendor, handler, body, "/v1/responses", deployment=one)
    assert (found.kind, found.way, tokens) == ("responses", "relay", Tokens(7, 5, 12))


async def test_an_upstreams_own_status_is_told_beside_what_was_sent(vendor: Vendor) -> None:
    found, tokens = await recorded(vendor, whole(b"<html>"))
    assert (found.upstream_status, found.status, found.end) == (200, 502, "upstream_fault")
    found, tokens = await recorded(vendor, whole(b'{"error": {"message": "no"}}', status=404))
    assert (found.upstream_status, found.status, found.end) == (404, 404, "client_fault")
    assert tokens == Tokens()


async def test_an_upstream_that_is_not_there_has_no_status(vendor: Vendor) -> None:
    found, _ = await recorded(vendor, whole(b""), deployment=deployment("http://127.0.0.1:1/v1"))
    assert (found.way, found.upstream_status, found.first) == ("relay", 0, None)
    assert (found.status, found.end) == (502, "upstream_fault")
