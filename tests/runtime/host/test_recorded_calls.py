"""What is recorded of the calls that LiteLLM makes: what the vendor said itself, in its own protocol."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from test_wire import CHAT, Vendor, request_for, saying

from one_adapter.runtime.entry.request import current
from one_adapter.runtime.host import transport
from one_adapter.runtime.host.wire import Wire
from one_adapter.runtime.record.tokens import Tokens, tokens_of
from one_adapter.runtime.record.trace import Trace

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
WHOLE = json.dumps({"choices": [{"message": {"content": "hi"}}], "usage": USAGE}).encode()
GEMINI = "http://vendor.invalid/v1beta/models/up:streamGenerateContent?alt=sse"


@pytest.fixture(autouse=True)
def _guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx as it is inside the proxy, for the time of a test."""
    for kind in (httpx.AsyncClient, httpx.Client):
        monkeypatch.setattr(kind, "send", kind.send)
    transport.install()


def traced(vendor: Vendor, url: str = CHAT, stream: bool = False, provider: str = "openai") -> Trace:
    """What was noted of one call to a vendor."""

    async def made() -> Trace:
        request = request_for(provider)
        request.trace = Trace(asyncio.get_running_loop().time)
        token = current.set(request)
        try:
            async with httpx.AsyncClient(transport=Wire(httpx.MockTransport(vendor))) as client:
                asked = client.build_request("POST", url, json={"stream": stream})
                answer = await client.send(asked, stream=stream)
                if stream and answer.is_success:
                    async for _ in answer.aiter_bytes():
                        pass
                await answer.aclose()
        finally:
            current.reset(token)
        return request.trace

    return asyncio.run(made())


def sse(*documents: object) -> Vendor:
    pieces = [b"data: " + json.dumps(one).encode() + b"\n\n" for one in documents]
    return saying(*pieces, **{"content-type": "text/event-stream"})


def test_a_whole_answers_tokens() -> None:
    trace = traced(saying(WHOLE))
    assert (trace.status, tokens_of(trace.pieces)) == (200, Tokens(5, 2, 7))
    assert trace.first is not None


def test_a_streams_tokens_that_the_client_did_not_ask_for() -> None:
    finish = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    trace = traced(sse(*[{"choices": []}] * 50, finish, {"choices": [], "usage": USAGE}), stream=True)
    assert tokens_of(trace.pieces) == Tokens(5, 2, 7)


def test_the_tokens_of_another_protocol() -> None:
    said = {
        "candidates": [{"finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
    }
    trace = traced(sse(said), GEMINI, stream=True, provider="gemini")
    assert tokens_of(trace.pieces) == Tokens(1, 2, 3)


@pytest.mark.parametrize(
    ("vendor", "status"),
    [
        (saying(b'{"error": {"message": "no"}}', status=429), 429),
        (saying(b'{"error": {"message": "no", "code": "503"}}'), 200),
    ],
)
def test_the_status_is_the_vendors_own_whatever_becomes_of_it(vendor: Vendor, status: int) -> None:
    trace = traced(vendor)
    assert trace.status == status
    assert tokens_of(trace.pieces) == Tokens()


def test_a_call_for_nobodys_request_is_none_of_ours() -> None:
    async def made() -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(saying(WHOLE))) as client:
            return (await client.post(CHAT, json={})).status_code

    assert asyncio.run(made()) == 200
