"""Spark's OpenAI-shaped HTTP API, the way for functions."""

from __future__ import annotations

from typing import Any

import pytest
from asking import HELLO, ask, deployment
from mock_vendors import Vendors

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.piece import Piece, Tokens
from one_adapter.providers.xinghuo.openapi import Reader, refusal

CALL = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}


async def test_what_is_asked_passes_as_it_is(vendors: Vendors) -> None:
    given = deployment(vendors, "xinghuo", "") | {
        "api_base": vendors.url("spark-http", "tool") + "/chat/completions"
    }
    outcome = await ask(
        False, **given, temperature=1.5, tools=[{"type": "function", "function": {"name": "f"}}]
    )
    assert (outcome.tools, outcome.finish) == ([{"name": "f", "arguments": "{}"}], "tool_calls")
    assert vendors.calls[-1]["body"] == {
        "model": "generalv3.5",
        "messages": HELLO,
        "stream": False,
        "temperature": 1.5,
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }


async def test_an_api_password_is_used_where_there_is_one(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_API_PASSWORD", "canary-password")
    given = deployment(vendors, "xinghuo", "") | {"api_base": vendors.url("spark-http", "tool")}
    outcome = await ask(False, **given)
    assert outcome.status == 401
    assert "canary-password" not in outcome.message


def delta(**said: Any) -> dict[str, Any]:
    return {"sid": "s", "choices": [{"delta": said}]}


def test_calls_in_parts_are_put_together() -> None:
    reader = Reader()
    assert reader.read(delta(content="a", reasoning_content="r")) == [Piece("a", "r", id="s")]
    reader.read(delta(tool_calls=[CALL, {"index": 1, "function": {"name": "g"}}]))
    reader.read(delta(tool_calls={"index": 0, "function": {"arguments": ":1}"}}))
    first, second, last = reader.end()
    assert first.tool is not None
    assert second.tool is not None
    assert (first.tool.id, first.tool.name, first.tool.arguments) == ("c1", "f", '{"a":1}')
    assert (second.tool.name, second.tool.arguments) == ("g", "")
    assert second.tool.id.startswith("call_")
    assert len(second.tool.id) == 29
    assert last == Piece(finish="tool_calls")


def test_calls_without_numbers_are_numbered() -> None:
    reader = Reader()
    reader.read(delta(tool_calls=[{"function": {"name": "f"}}, {"function": {"name": "g"}}, {}]))
    assert [piece.tool and piece.tool.name for piece in reader.end()] == ["f", "g", "", None]


def test_the_end_of_an_answer() -> None:
    reader = Reader()
    assert reader.end() == [Piece(finish="stop")]
    reader.read({"id": "i", "choices": [{"message": {"content": "a"}, "finish_reason": "length"}]})
    reader.read({"usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    assert reader.end() == [Piece(finish="length", tokens=Tokens(1, 2, 3))]
    assert reader.read({"id": "i", "choices": [{}]}) == [Piece(id="i")]


ODD = [
    {"choices": [1]},
    {"choices": 1},
    {"usage": {"total_tokens": 1}},
    {"usage": {"prompt_tokens": "x", "completion_tokens": 1}},
]


@pytest.mark.parametrize("data", ODD)
def test_an_odd_answer_is_an_error(data: dict[str, Any]) -> None:
    with pytest.raises(VendorError, match=r"^the service sent an answer of an odd form$") as raised:
        Reader().read(data)
    assert raised.value.kind is Kind.GARBAGE


ERRORS = [
    ({"code": 11200, "message": "m"}, Kind.PERMISSION, 11200),
    ({"code": "11202", "message": "m"}, Kind.RATE, "11202"),
    ({"error": {"code": "10907", "message": "m"}}, Kind.CONTEXT, "10907"),
    ({"error": {"code": None, "message": "m"}}, Kind.INTERNAL, None),
    ({"error": {"message": "m", "code": "odd"}}, Kind.INTERNAL, "odd"),
]


@pytest.mark.parametrize(("data", "kind", "code"), ERRORS)
def test_an_error_in_an_answer(data: dict[str, Any], kind: Kind, code: Any) -> None:
    with pytest.raises(VendorError, match=r"^m$") as raised:
        Reader().read(data)
    assert (raised.value.kind, raised.value.code) == (kind, code)


def test_a_refused_call() -> None:
    error = refusal(401, b"<html>")
    assert (error.kind, error.text, error.code) == (Kind.AUTHENTICATION, "HTTP 401", 401)
    error = refusal(400, b'{"error": {"message": "m", "code": "10013"}}')
    assert (error.kind, error.text, error.code) == (Kind.POLICY, "m", "10013")
    error = refusal(500, b'{"message": "m", "code": 11202}')
    assert (error.kind, error.text, error.code) == (Kind.RATE, "m", 11202)
    error = refusal(429, b'{"error": {"message": "m"}}')
    assert (error.kind, error.code) == (Kind.RATE, 429)
