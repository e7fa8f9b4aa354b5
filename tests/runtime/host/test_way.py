"""LiteLLM's own way: what its application says, and when the client is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from test_wire import HI, request_for

from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.host.way import MOST_WAITING_MESSAGES, LitellmWay
from one_adapter.runtime.host.wire import Heard

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
ERROR = b'data: {"error": {"message": "litellm.APIError: gone"}}\n\n'
Say = Callable[[dict[str, Any]], Awaitable[None]]


def event(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


class Client:
    """What a client has been sent."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.texts: list[bytes] = []
        self.status = 0

    async def __call__(self, message: Any) -> None:
        self.request.began = True
        self.status = message.get("status", self.status)
        self.texts.append(message.get("body", b""))

    @property
    def text(self) -> bytes:
        return b"".join(self.texts)


def serve(request: Request, litellm: Callable[[Say, Client], Awaitable[None]]) -> Client:
    """Serve a request by an application that stands for LiteLLM's."""
    client = Client(request)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await litellm(send, client)

    async def receive() -> Any:
        raise AssertionError

    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": []}
    asyncio.run(LitellmWay(app).serve(request, scope, receive, client))  # type: ignore[arg-type]
    return client


def streaming(kind: str = "chat") -> Request:
    request = request_for(body={"model": "m", "messages": HI, "stream": True})
    request.kind = kind
    return request


def test_a_stream_begins_for_the_client_when_the_upstream_has_begun() -> None:
    request = streaming()

    async def litellm(say: Say, client: Client) -> None:
        await say(START)
        await say(event(b"data: 1\n\n"))
        assert (client.status, client.text) == (0, b"")
        request.attempt.heard = Heard(begun=True)
        await say(event(b"data: 2\n\n"))
        assert (client.status, client.text) == (200, b"data: 1\n\ndata: 2\n\n")
        await say(event(b"data: 3\n\n"))
        assert client.text.endswith(b"3\n\n")
        await say(event(b"", more=False))

    serve(request, litellm)


def test_a_stream_that_no_wire_hears_is_passed_on_at_once() -> None:
    request = streaming()
    request.attempt.reached = True

    async def litellm(say: Say, client: Client) -> None:
        await say(START)
        await say(event(b"data: 1\n\n"))
        assert (client.status, client.text) == (200, b"data: 1\n\n")
        await say(event(b"", more=False))

    serve(request, litellm)


def test_a_stream_waits_for_a_few_events_and_no_longer() -> None:
    async def litellm(say: Say, client: Client) -> None:
        await say(START)
        for _ in range(MOST_WAITING_MESSAGES):
            await say(event(b"data: 1\n\n"))
        assert client.text == b"data: 1\n\n" * MOST_WAITING_MESSAGES
        await say(event(b"", more=False))

    serve(streaming(), litellm)


def test_a_stream_that_says_nothing_ends_all_the_same() -> None:
    async def litellm(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(b"", more=False))

    assert serve(streaming(), litellm).status == 200


@pytest.mark.parametrize("kind", ["chat", "messages", "responses"])
def test_a_fault_before_anything_was_sent_is_the_answer(kind: str) -> None:
    request, fault = streaming(kind), Refusal(503, "busy")

    async def litellm(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(b"data: {}\n\n"))
        request.attempt.heard = Heard(fault=fault)
        await say(event(ERROR))
        await say(event(b"data: [DONE]\n\n"))
        await say(event(b"", more=False))

    with pytest.raises(Refusal) as caught:
        serve(request, litellm)
    assert caught.value is fault
    assert (b"x-one-adapter-way", b"litellm") in caught.value.headers
    assert not request.began


def test_a_fault_later_on_is_the_last_event() -> None:
    request = streaming()

    async def litellm(say: Say, _client: Client) -> None:
        request.attempt.heard = Heard(begun=True)
        await say(START)
        await say(event(b"data: {}\n\n"))
        request.attempt.heard.fault = Refusal(502, "gone")
        await say(event(ERROR))
        await say(event(b"data: [DONE]\n\n"))
        await say(event(b"", more=False))

    first, last = serve(request, litellm).text.split(b"\n\n")[:2]
    assert first == b"data: {}"
    assert json.loads(last[6:])["error"]["message"] == "gone"
    assert request.attempt.failed_midway


def test_an_error_of_litellms_own_passes_as_it_is() -> None:
    request = streaming()

    async def litellm(say: Say, _client: Client) -> None:
        await say({"type": "http.response.start", "status": 400, "headers": []})
        await say(event(b'{"error": "no"}', more=False))

    client = serve(request, litellm)
    assert (client.status, client.text) == (400, b'{"error": "no"}')

    async def midway(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(ERROR))
        await say(event(b"", more=False))

    assert serve(streaming(), midway).text == ERROR


def unheard(spare: bool) -> Request:
    """A request that is answered by calls no wire hears; `spare`: another key is left."""
    request = streaming()
    request.attempt.reached, request.spare = True, spare
    return request


def test_a_stream_that_begins_with_a_failure_is_one_while_another_key_is_left() -> None:
    async def litellm(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(ERROR))
        await say(event(b"", more=False))

    with pytest.raises(Refusal) as caught:
        serve(request := unheard(True), litellm)
    assert (caught.value.status, caught.value.message) == (502, "litellm.APIError: gone")
    assert not request.began
    assert serve(unheard(False), litellm).text.startswith(b'data: {"error"')


def test_a_stream_that_begins_by_blaming_the_request_is_the_clients() -> None:
    async def litellm(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(b'data: {"error": {"message": "no", "code": "400"}}\n\n'))
        await say(event(b"", more=False))

    assert b'"no"' in serve(unheard(True), litellm).text


def test_a_stream_that_has_begun_is_the_clients_whatever_keys_are_left() -> None:
    async def litellm(say: Say, _client: Client) -> None:
        await say(START)
        await say(event(b"data: {}\n\n"))
        await say(event(ERROR))
        await say(event(b"", more=False))

    assert serve(request := unheard(True), litellm).text.count(b"data: ") == 2
    assert request.attempt.failed_midway


def test_tries_share_no_state_of_litellms() -> None:
    states: list[dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        states.append(dict(scope["state"]))
        scope["state"]["mine"] = True

    async def twice() -> None:
        scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [], "state": {"a": 1}}
        for _ in range(2):
            await LitellmWay(app).serve(streaming(), scope, None, None)  # type: ignore[arg-type]

    asyncio.run(twice())
    assert states == [{"a": 1}, {"a": 1}]
