"""What Dify is asked, and what its events mean."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from mock_vendors import VECTORS, dify_event

from one_adapter.providers.dify.events import (
    CODES,
    Reader,
    blocking,
    failure,
    http_failure,
    tokens,
)
from one_adapter.providers.dify.request import Upload, base_url, body, end_user, pictures, query
from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.http import parse, sse
from one_adapter.providers.piece import Piece, Tokens

REQUESTS = {one["name"]: one["body"] for one in json.loads((VECTORS / "dify.json").read_text())["requests"]}


def say(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def picture(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": url}


TALK = [say("system", "s"), say("user", "a"), say("assistant", "b"), say("tool", "t"), say("user", "c")]


def test_the_body_of_the_vendors_sdk() -> None:
    plain = REQUESTS["streaming"] | {"response_mode": "streaming"}
    sent = body([say("user", "你好")], {}, {}, "transcript", "用户-1")
    assert sent == {name: plain[name] for name in ("query", "inputs", "user")} | {"auto_generate_name": False}
    known = REQUESTS["conversation_inputs"]
    asked = {"conversation_id": known["conversation_id"], "inputs": known["inputs"]}
    sent = body([say("user", "a"), say("assistant", "b"), say("user", "继续")], asked, {}, "transcript", "u")
    names = ("query", "inputs", "user", "conversation_id", "auto_generate_name")
    assert sent == {name: known[name] for name in names}


def test_a_conversation_can_be_named_in_the_metadata() -> None:
    assert body(TALK, {}, {"conversation_id": 7}, "transcript", "u")["conversation_id"] == "7"
    assert body(TALK, {}, {"conversation_id": 7}, "transcript", "u")["query"] == "c"
    asked = {"conversation_id": "mine"}
    assert body(TALK, asked, {"conversation_id": 7}, "transcript", "u")["conversation_id"] == "mine"


def test_more_fields_of_dify_pass() -> None:
    files = [{"type": "document", "transfer_method": "remote_url", "url": "u"}]
    asked = {
        "files": files,
        "workflow_id": "w",
        "trace_id": "t",
        "auto_generate_name": True,
        "temperature": 1,
    }
    sent = body([say("user", "a")], asked, {}, "transcript", "u")
    assert sent == {"query": "a", "inputs": {}, "user": "u"} | {
        k: asked[k] for k in asked if k != "temperature"
    }
    assert "trace_id" not in body([say("user", "a")], {"trace_id": ""}, {}, "transcript", "u")


QUERIES = {
    "one user message": ([say("user", "a")], "a", "a"),
    "rules before it": ([say("developer", "s"), say("user", "a")], "s\n\na", "a"),
    "a talk": (TALK, "s\n\nUser: a\n\nAssistant: b\n\nTool: t\n\nUser: c", "c"),
    "only rules": ([say("system", "s")], "s", "s"),
    "an unknown role": ([say("critic", "x"), say("user", "a")], "User: x\n\nUser: a", "a"),
    "nothing said": ([say("user", None)], " ", " "),
    "parts": ([say("user", [{"type": "text", "text": "a"}, "b", picture({"url": "u"})])], "a\nb", "a\nb"),
    "a refusal": (
        [
            say("user", "a"),
            say("assistant", [{"type": "refusal", "refusal": "no"}]),
            say("user", [{"text": "b"}]),
        ],
        "User: a\n\nAssistant: no\n\nUser: b",
        "b",
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_the_query(name: str) -> None:
    messages, transcript, last = QUERIES[name]
    assert query(messages, "transcript") == transcript
    assert query(messages, "last_message") == last


@pytest.mark.parametrize("messages", [[], [say("assistant", "a")]])
def test_a_user_must_have_said_something(messages: list[Any]) -> None:
    with pytest.raises(VendorError, match=r"^a message of the user is needed$") as raised:
        query(messages, "transcript")
    assert raised.value.kind is Kind.BAD_REQUEST


def test_a_sound_is_refused() -> None:
    with pytest.raises(
        VendorError, match=r"^Dify takes text and pictures here, not input_audio; use files$"
    ) as raised:
        query([say("user", [{"type": "input_audio"}])], "transcript")
    assert raised.value.kind is Kind.BAD_REQUEST


def test_pictures() -> None:
    inline = picture({"url": "data:image/jpeg;base64,aGk="})
    said = [say("user", [picture("http://h/a"), picture(None)]), say("assistant", [picture("x")])]
    said.append(say("user", [inline, picture("data:;base64,aGk=")]))
    found = ["http://h/a", Upload(b"hi", "image/jpeg"), Upload(b"hi", "image/png")]
    assert pictures(said, "transcript") == found
    assert pictures(said, "last_message") == found[1:]
    assert pictures([say("user", "a")], "transcript") == []


@pytest.mark.parametrize(
    "data", ["data:image/png;base64,a", "data:image/png;base64,?", "data:image/png;base64,é"]
)
def test_a_picture_that_is_not_base64(data: str) -> None:
    with pytest.raises(VendorError, match=r"^the picture's data URL is not base64$") as raised:
        pictures([say("user", [picture(data)])], "transcript")
    assert raised.value.kind is Kind.BAD_REQUEST


def test_the_address() -> None:
    assert base_url(None) == base_url("") == "https://api.dify.ai/v1"
    for given in ("http://h/v1", "http://h/v1/", "http://h/v1/chat-messages", "http://h/v1/chat-messages/"):
        assert base_url(given) == "http://h/v1"


def test_whose_conversation_it_is() -> None:
    metadata = {"user_api_key_end_user_id": "m"}
    assert end_user({"user": "u"}, metadata, "d") == "u"
    assert end_user({}, metadata, "d") == "m"
    assert end_user({}, {}, "d") == "d"
    assert end_user({}, {}, None) == "one-adapter"


# --- answers


async def _stream(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def _read(*chunks: bytes) -> list[Any]:
    return [parse(data) if data else {} async for data in sse(_stream(*chunks))]


async def test_events_come_in_any_cut() -> None:
    text = 'event: ping\n\ndata: {"a": "好\u2028"}\r\n\r\ndata:{"b":\ndata: 1}\n\ndata: {"c": 2}\n\n'.encode()
    expected = [{}, {"a": "好\u2028"}, {"b": 1}, {"c": 2}]
    assert await _read(text) == expected
    assert await _read(*(text[place : place + 1] for place in range(len(text)))) == expected
    assert await _read(text.rstrip()) == expected
    assert await _read(text.rstrip() + b"\n") == expected
    assert await _read() == []


@pytest.mark.parametrize("data", [b"{", b"[]", b"1", b""])
def test_what_is_no_object_is_garbage(data: bytes) -> None:
    with pytest.raises(VendorError, match=r"^the service sent an answer that is not JSON$") as raised:
        parse(data)
    assert raised.value.kind is Kind.GARBAGE


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_its_kind(code: str) -> None:
    error = failure(400, {"code": code, "message": "why"})
    assert (error.kind, error.code) == (CODES[code], code)
    assert error.text.startswith("why")


def test_an_error_without_a_known_code_goes_by_its_status() -> None:
    assert failure(400, {"status": 500, "message": "m"}).kind is Kind.INTERNAL
    assert failure(404, {}).kind is Kind.NOT_FOUND
    assert (failure(404, {}).text, failure(404, {}).code) == ("HTTP 404", 404)
    assert failure(413, {"error": "big", "status": True}).kind is Kind.BAD_REQUEST
    assert failure(413, {"error": "big"}).text == "big"
    assert failure(400, {"code": "invalid_param", "message": "m"}).code == "invalid_param"


def test_hints() -> None:
    assert failure(400, {"code": "not_chat_app", "message": "m"}).text == (
        "m: the key is of a completion or workflow app; only chat, agent and chatflow apps answer"
    )
    text = failure(400, {"code": "provider_not_initialize", "message": "m"}).text
    assert text == "m: the app's own model has no valid key inside Dify"


def test_the_inner_models_text_counts() -> None:
    def kind(text: str) -> Kind:
        return failure(400, {"code": "completion_request_error", "message": text}).kind

    assert kind("This model's maximum context length is 4096 tokens") is Kind.CONTEXT
    assert kind("Rate limit reached") is Kind.RATE
    assert kind("something") is Kind.BAD_REQUEST
    assert failure(400, {"code": "other", "message": "rate limit"}).kind is Kind.BAD_REQUEST


def test_an_error_page_of_any_form() -> None:
    assert http_failure(502, b"<html>").kind is Kind.GARBAGE
    assert (http_failure(502, b"<html>").text, http_failure(502, b"<html>").code) == ("HTTP 502", 502)
    assert http_failure(401, b'{"code": "unauthorized", "message": "m"}').text == "m"


def test_the_blocking_form() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    piece = blocking(dify_event("message", answer="a", metadata={"usage": usage}))
    extra = {"conversation_id": "c-1", "message_id": "m-1"}
    assert piece == Piece("a", finish="stop", tokens=Tokens(1, 2, 3), id="m-1", extra=extra)
    assert blocking({"answer": None}) == Piece(finish="stop")
    with pytest.raises(VendorError, match=r"^m$") as raised:
        blocking({"code": "unauthorized", "message": "m"})
    assert raised.value.kind is Kind.AUTHENTICATION
    with pytest.raises(VendorError, match=r"^the service sent an answer without text$") as raised:
        blocking({})
    assert raised.value.kind is Kind.GARBAGE


def test_tokens() -> None:
    def of(**usage: Any) -> Tokens | None:
        return tokens({"metadata": {"usage": usage}})

    assert of(prompt_tokens=1, completion_tokens=2) == Tokens(1, 2, 3)
    assert of(prompt_tokens=1, completion_tokens="2", total_tokens=9) == Tokens(1, 0, 9)
    assert of(prompt_tokens=0, completion_tokens=0, total_tokens=0) is None
    assert of() is tokens({}) is tokens({"metadata": None}) is None


EXTRA = {"conversation_id": "c-1", "message_id": "m-1"}


def test_messages_of_a_chat_and_of_an_agent() -> None:
    for name in ("message", "agent_message"):
        reader = Reader(stream=True)
        assert reader.read(dify_event(name, answer="a")) == Piece("a", id="m-1", extra=EXTRA)
        assert (reader.task_id, reader.ended) == ("task-1", False)
        assert reader.read({"event": name}) == Piece()
        assert reader.task_id == "task-1"


def test_the_end() -> None:
    reader = Reader(stream=True)
    assert reader.read(dify_event("message_end")) == Piece(finish="stop", id="m-1", extra=EXTRA)
    assert reader.ended
    assert Reader(stream=True).read({"event": "message_end", "id": "x"}).id == "x"


def test_a_replaced_answer() -> None:
    for stream, given in ((True, True), (True, False), (False, True), (False, False)):
        reader = Reader(stream)
        if given:
            reader.read(dify_event("message", answer="bad"))
        piece = reader.read(dify_event("message_replace", answer="no"))
        seen = stream and given
        assert piece == (Piece() if seen else Piece("no", replaces=True, extra=EXTRA))
        assert reader.read(dify_event("message", answer="more")).text == ""
        assert reader.read(dify_event("message_end")).finish == "content_filter"
    reader = Reader(stream=True)
    reader.read(dify_event("message_replace"))
    assert reader.close().finish == "content_filter"


def test_errors_among_the_events() -> None:
    reader = Reader(stream=True)
    with pytest.raises(VendorError) as raised:
        reader.read(dify_event("error", status=429, code="x", message="m"))
    assert (raised.value.kind, raised.value.text, reader.ended) == (Kind.RATE, "m", True)
    with pytest.raises(VendorError) as raised:
        reader.read(dify_event("error"))
    assert (raised.value.kind, raised.value.text) == (Kind.INTERNAL, "HTTP 500")


@pytest.mark.parametrize("name", ["workflow_paused", "human_input_required", "human_input_form_filled"])
def test_an_app_that_waits_for_a_person(name: str) -> None:
    with pytest.raises(VendorError, match=rf"^the app waits for a person \({name}\)$") as raised:
        Reader(stream=True).read(dify_event(name))
    assert raised.value.kind is Kind.BAD_REQUEST


def test_a_workflow() -> None:
    failed = dify_event("workflow_finished", data={"status": "failed", "error": "node 3"})
    reader = Reader(stream=True)
    with pytest.raises(VendorError, match=r"^the workflow failed: node 3$") as raised:
        reader.read(failed)
    assert (raised.value.kind, reader.ended) == (Kind.INTERNAL, True)
    reader = Reader(stream=True)
    reader.read(dify_event("message", answer="a"))
    assert reader.read(failed) == Piece()
    assert Reader(stream=True).read(dify_event("workflow_finished", data={"status": "succeeded"})) == Piece()
    assert Reader(stream=True).read(dify_event("workflow_finished")) == Piece()


@pytest.mark.parametrize(
    "name", ["agent_thought", "message_file", "tts_message", "node_started", "new_in_2027", None]
)
def test_events_that_say_nothing_to_a_client(name: str | None) -> None:
    assert Reader(stream=True).read({"event": name, "answer": "not text"}) == Piece()


def test_a_stream_that_just_ends(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(VendorError, match=r"^the stream ended without an answer$") as raised:
        Reader(stream=True).close()
    assert raised.value.kind is Kind.CONNECTION
    reader = Reader(stream=True)
    reader.read(dify_event("message", answer="a"))
    with caplog.at_level(logging.WARNING):
        assert reader.close() == Piece(finish="stop")
    assert reader.ended
    assert caplog.messages == ["a Dify stream ended without message_end: no usage for task task-1"]
