"""The wire under LiteLLM's calls: what it makes of what a vendor says, and of what LiteLLM asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from scripted import chunk, completion, events

from one_adapter.runtime.entry.request import Attempt, Request, current
from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.host import wire
from one_adapter.runtime.host.mending import ChatStream
from one_adapter.runtime.host.wire import Heard, Wire
from one_adapter.runtime.json_object import JsonObject

CHAT = "http://vendor.invalid/v1/chat/completions"
HI = [{"role": "user", "content": "hi"}]
Vendor = Callable[[httpx.Request], httpx.Response]


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces, and may break off with an error."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def saying(*pieces: bytes | Exception, status: int = 200, **headers: str) -> Vendor:
    return lambda _: httpx.Response(status, headers=headers, stream=Pieces(*pieces))


def request_for(provider: str = "openai", body: dict[str, Any] | None = None, **parameters: Any) -> Request:
    params = {"model": f"{provider}/up", **parameters}
    config = read_config([{"model_name": "m", "litellm_params": params}], None, None, {})
    read = JsonObject.read(json.dumps(body or {"model": "m", "messages": HI}).encode())
    return Request(
        "chat",
        Client("tests", frozenset("*")),
        read,
        config,
        0.0,
        "m",
        "m",
        attempt=Attempt(Choice(config.groups["m"][0])),
    )


def call(
    vendor: Vendor, request: Request | None = None, url: str = CHAT, **body: Any
) -> tuple[int, bytes, Heard | None]:
    """The status and body that LiteLLM gets, and what was heard."""

    async def made() -> tuple[int, bytes, Heard | None]:
        token = current.set(request)
        try:
            async with httpx.AsyncClient(transport=Wire(httpx.MockTransport(vendor))) as client:
                answer = await client.post(url, json={"messages": HI, **body})
                return answer.status_code, answer.content, request.attempt.heard if request else None
        finally:
            current.reset(token)

    return asyncio.run(made())


def fault(vendor: Vendor, request: Request | None = None, url: str = CHAT, **body: Any) -> tuple[int, str]:
    """The fault that was heard, which LiteLLM was told as well."""
    status, _, heard = call(vendor, request or request_for(), url, **body)
    assert heard is not None
    assert heard.fault is not None
    assert heard.fault.status == status
    return status, heard.fault.message


def refused(problem: Exception) -> Vendor:
    def handler(_: httpx.Request) -> httpx.Response:
        raise problem

    return handler


def test_a_call_that_is_for_no_request_of_ours_passes_untouched() -> None:
    assert call(saying(b"<html>")) == (200, b"<html>", None)


def test_a_good_answer_passes_as_it_came() -> None:
    raw = completion({"role": "assistant", "content": "ok"})
    request = request_for()
    assert call(saying(raw[:20], raw[20:]), request)[:2] == (200, raw)
    assert request.attempt.reached


def test_a_redirect_is_not_followed() -> None:
    status, words = fault(saying(b"", status=307, location="http://elsewhere.invalid"))
    assert (status, "redirects are not followed" in words) == (502, True)


def test_an_answer_larger_than_the_limit_ends_in_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_BYTES", 10)
    assert fault(saying(b"123456", b"78901")) == (502, "The upstream's answer is larger than 64 MiB.")


@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (httpx.ConnectError("http://user:pw@h"), 502, "The upstream cannot be reached."),
        (httpx.ProxyError("x"), 502, "The upstream cannot be reached."),
        (httpx.ReadError("x"), 502, "The connection to the upstream broke."),
        (httpx.RemoteProtocolError("x"), 502, "The connection to the upstream broke."),
        (httpx.ReadTimeout("x"), 504, "The upstream did not answer in time."),
    ],
)
class TestConnections:
    def test_one_that_fails_is_a_failure_without_an_address(
        self, problem: Exception, status: int, words: str
    ) -> None:
        assert fault(refused(problem)) == (status, words)
        assert fault(saying(b'{"id', problem)) == (status, words)
        assert fault(saying(problem), stream=True) == (status, words)

    def test_one_that_breaks_in_a_stream_ends_it(self, problem: Exception, status: int, words: str) -> None:
        request = request_for()
        first = events(chunk({"content": "par"}), done=False)
        with pytest.raises(httpx.ReadError, match=words):
            call(saying(first, problem), request, stream=True)
        assert request.attempt.heard.fault.status == status


def test_content_in_parts_is_text_for_litellm_whole_and_streamed() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    _, raw, heard = call(saying(completion({"role": "assistant", "content": parts})), request_for())
    assert json.loads(raw)["choices"][0]["message"]["content"] == "ab"
    assert heard is not None
    assert heard.contents == {0: parts}
    stream = events(chunk({"content": parts}), chunk({}, "stop"))
    assert b'"content":"ab"' in call(saying(stream), request_for(), stream=True)[1]


def test_what_stands_where_choices_should_is_passed_over() -> None:
    raw = json.dumps({"choices": [None, {"message": "text"}, {"message": {"content": None}}]}).encode()
    assert call(saying(raw), request_for())[:2] == (200, raw)
    listed = b"[1]"
    assert call(saying(listed), request_for("gemini"), "http://vendor.invalid/models")[:2] == (200, listed)


@pytest.mark.parametrize("end", ["response.completed", "response.incomplete"])
def test_a_stream_of_the_responses_api_ends_with_one_of_its_ends(end: str) -> None:
    url = CHAT.replace("chat/completions", "responses")
    begun = events({"type": "response.created", "response": {"error": None}}, done=False)
    last = events({"type": end}, done=False)
    status, raw, heard = call(saying(begun, last), request_for(), url, stream=True)
    assert (status, raw.count(b"event: "), heard and heard.fault) == (200, 2, None)
    with pytest.raises(httpx.ReadError, match="ended before"):
        call(saying(begun), request_for(), url, stream=True)
    failed = {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "full"}}}
    with pytest.raises(httpx.ReadError, match="full"):
        call(saying(begun, events(failed, done=False)), request_for(), url, stream=True)


@pytest.mark.parametrize(
    ("provider", "path"), [("openai", "/v1/responses"), ("anthropic", "/v1/messages"), ("anthropic", "/v1")]
)
def test_a_whole_answer_of_another_protocol_is_none(provider: str, path: str) -> None:
    url = f"http://vendor.invalid{path}"
    assert fault(saying(completion("hi")), request_for(provider), url)[0] == 502


def test_a_stream_in_a_protocol_that_is_not_known_here_passes_as_it_came() -> None:
    url = "http://vendor.invalid/v1/models/claude:streamRawPredict"
    status, raw, heard = call(saying(b"any", b"thing"), request_for("vertex_ai"), url, stream=True)
    assert (status, raw, heard and heard.begun) == (200, b"anything", True)


def test_a_refused_prompt_is_a_whole_answer_of_geminis() -> None:
    url = "http://vendor.invalid/models/g:streamGenerateContent"
    stream = events({"promptFeedback": {"blockReason": "SAFETY"}}, done=False)
    status, raw, _ = call(saying(stream), request_for("gemini"), url)
    assert (status, raw) == (200, stream)


def test_a_message_without_a_role_of_its_own_keeps_litellms() -> None:
    body = {"model": "m", "messages": ["odd", {"role": "developer", "content": "d"}, {"role": "user"}]}
    asked: list[Any] = []

    def vendor(made: httpx.Request) -> httpx.Response:
        asked.append(json.loads(made.content)["messages"])
        return httpx.Response(200, content=completion({"content": "ok"}))

    sent = [{"role": "user"}, {"role": "system", "content": "d"}, {"role": "user"}]
    call(vendor, request_for(body=body), messages=sent)
    call(vendor, request_for(body=body), messages=sent[1:])
    assert asked == [[{"role": "user"}, {"role": "developer", "content": "d"}, {"role": "user"}], sent[1:]]


@pytest.mark.parametrize(
    ("body", "parameters", "kept"),
    [
        ({"model": "m"}, {}, {"topP": 1}),
        ({"model": "m", "temperature": 1}, {}, {"topP": 1, "temperature": 1}),
        ({"model": "m"}, {"temperature": 0.2}, {"topP": 1, "temperature": 1}),
    ],
)
def test_a_temperature_stays_that_the_client_or_the_owner_gave(
    body: dict[str, Any], parameters: dict[str, Any], kept: dict[str, Any]
) -> None:
    asked: list[Any] = []

    def vendor(made: httpx.Request) -> httpx.Response:
        asked.append(json.loads(made.content)["generationConfig"])
        return httpx.Response(200, content=b'{"candidates": []}')

    request = request_for("gemini", body, **parameters)
    url = "http://vendor.invalid/models/g:generateContent"
    call(vendor, request, url, generationConfig={"topP": 1, "temperature": 1})
    assert asked == [kept]


def test_an_error_in_a_list_is_read_as_the_error() -> None:
    assert fault(saying(b'[{"error": {"message": "quota"}}]', status=429)) == (429, "quota")
    assert fault(saying(b'[{"error": {"message": "quota"}}]')) == (502, "quota")
    assert fault(saying(b"[1", status=429)) == (429, "[1")


@pytest.mark.parametrize("said", [b"[]", b"null", b'"words"', b'[{"id": "c"}]'])
def test_an_answer_that_is_no_object_is_none(said: bytes) -> None:
    status, words = fault(saying(said))
    assert (status, said.decode() in words) == (502, True)


class TestChatStream:
    def test_an_end_that_litellm_did_not_tell_is_told_before_the_last_event(self) -> None:
        heard = Heard(finishes={0: "stop", 1: "length"})
        stream = ChatStream()
        stream.mended(events(chunk({}, "stop"), done=False), heard)
        told = stream.mended(b"data: [DONE]\n\n", heard)
        assert b'"index": 1, "delta": {}, "finish_reason": "length"' in told
        assert told.endswith(b"data: [DONE]\n\n")

    def test_what_is_no_json_passes(self) -> None:
        odd = b'data: {"usage"\n\n'
        assert ChatStream().mended(odd, None) == odd

    def test_a_usage_beside_content_stays_where_it_is(self) -> None:
        both = chunk({"content": "x"}, usage={"total_tokens": 1})
        assert json.loads(ChatStream().mended(events(both, done=False), Heard())[6:]) == both
