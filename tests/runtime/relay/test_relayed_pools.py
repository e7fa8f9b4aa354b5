"""The keys of a pool on the relay, against a vendor on loopback that tells them apart by their keys."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web
from doorway import CHAT, deployment
from test_relay import CHUNK, FINISH, STREAM, WHOLE, Handler, Relayed, Vendor, serving

RULE = {"failures": 1, "recovery_seconds": 30, "probes": 1}
EMBEDDINGS = b'{"object":"list","model":"up-m","data":[{"embedding":[0.5]}]}'


@pytest.fixture
async def vendor() -> Any:
    async for one in serving(None):
        yield one


def keys(base: str, *bases: str, **ours: Any) -> list[dict[str, Any]]:
    """A pool with a key for each address."""
    found = []
    for place, each in enumerate(bases or (base, base)):
        one = deployment(key=f"key-{place + 1}", places=[place], order="first", **ours)
        one["litellm_params"].update(api_base=each, api_key=f"sk-up-{place + 1}")
        found.append(one)
    return found


def failing(handler: Handler, answer: web.Response | None = None) -> Handler:
    """A vendor for which the first key is no good."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers["authorization"].endswith("sk-up-1"):
            return await handler(request)
        body = CHUNK + FINISH if (await request.json()).get("stream") else WHOLE
        body = EMBEDDINGS if request.path.endswith("/embeddings") else body
        kind = "text/event-stream" if body.startswith(b"data") else "application/json"
        return answer or web.Response(body=body, content_type=kind)

    return handle


def said(status: int = 200, body: bytes = b"", kind: str = "application/json") -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind)

    return handle


async def closes(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def tried(vendor: Vendor) -> list[str]:
    return [call.headers["authorization"][-1] for call in vendor.calls]


FAILURES = {
    "401": said(401, b'{"error": {"message": "who?"}}'),
    "429": said(429, b'{"error": {"message": "slow down"}}'),
    "500": said(500, b"oops"),
    "a page": said(200, b"<html>maintenance</html>", "text/html"),
    "nothing": said(200),
    "an error told as an answer": said(200, b'{"error": {"message": "no", "code": "1301"}}'),
    "a connection closed": closes,
}


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "streamed"])
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_is_not_the_clients_while_another_key_answers(
    vendor: Vendor, failure: str, body: Any
) -> None:
    vendor.handler = failing(FAILURES[failure])
    async with Relayed(*keys(f"{vendor.base}/v1")) as relayed:
        status, text, told = await relayed(body)
    assert (status, b"hi" in text, told["x-litellm-model-id"]) == (200, True, "m-s-key-2")
    assert tried(vendor) == ["1", "2"]


async def test_an_embedding_is_asked_of_the_next_key_too(vendor: Vendor) -> None:
    vendor.handler = failing(said(503))
    async with Relayed(*keys(f"{vendor.base}/v1", mode="embedding")) as relayed:
        status, _, _ = await relayed({"model": "m", "input": "x"}, "/v1/embeddings")
    assert (status, tried(vendor)) == (200, ["1", "2"])


async def test_an_address_where_nobody_listens_is_passed_over(vendor: Vendor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        async with Relayed(*keys("", nobody, f"{vendor.base}/v1")) as relayed:
            assert (await relayed())[0] == 200
    assert tried(vendor) == ["2"]


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_what_the_request_is_to_blame_for_is_told_at_once(vendor: Vendor, status: int) -> None:
    vendor.handler = failing(said(status, b'{"error": {"message": "bad"}}'))
    async with Relayed(*keys(f"{vendor.base}/v1")) as relayed:
        assert (await relayed())[0] == status
    assert tried(vendor) == ["1"]


async def test_the_last_keys_failure_is_told_with_its_headers(vendor: Vendor) -> None:
    answer = web.Response(status=429, body=b'{"error": {"message": "later"}}', headers={"retry-after": "7"})
    vendor.handler = failing(said(500), answer)
    async with Relayed(*keys(f"{vendor.base}/v1")) as relayed:
        status, text, told = await relayed()
    assert (status, b"later" in text, told["retry-after"]) == (429, True, "7")
    assert told["x-litellm-model-id"] == "m-s-key-2"


async def test_a_stream_that_breaks_after_its_first_word_is_not_begun_anew(vendor: Vendor) -> None:
    vendor.handler = failing(said(200, CHUNK, "text/event-stream"))
    async with Relayed(*keys(f"{vendor.base}/v1", breaker=RULE)) as relayed:
        status, text, _ = await relayed(STREAM)
        assert (status, text.count(b'"content":"hi"'), b"ended before" in text) == (200, 1, True)
        assert (await relayed())[0] == 200
    assert tried(vendor) == ["1", "2"], "the broken stream counts for its key's breaker"


async def test_a_client_that_leaves_during_the_second_try_ends_that_call(vendor: Vendor) -> None:
    begun = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers["authorization"].endswith("sk-up-1"):
            return web.Response(status=500)
        begun.set()
        await asyncio.sleep(60)
        return web.Response()

    vendor.handler = handle
    async with Relayed(*keys(f"{vendor.base}/v1", limits={"service": {"concurrency": 1}})) as relayed:
        await relayed(leave=0.3)
        assert begun.is_set()
        assert relayed.held == {}
    assert tried(vendor) == ["1", "2"]
