"""The frame that is sent to Spark, and what the frames that come back mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mock_vendors import VECTORS, spark_frame

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.piece import Tokens
from one_adapter.providers.xinghuo.frames import (
    CODES,
    failure,
    read_frame,
    refusal,
    request_frame,
    token_limit,
)
from one_adapter.providers.xinghuo.models import ENGINES, Engine, engine

REQUESTS = json.loads((VECTORS / "xinghuo.json").read_text())["requests"]
HELLO = [{"role": "user", "content": "hello"}]
MAX = engine("generalv3.5")


def frame(asked: dict[str, Any], fixed: dict[str, Any] | None = None, target: Engine = MAX) -> dict[str, Any]:
    return request_frame("app", target, HELLO, asked, fixed or {})


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector["name"])
def test_the_frame_of_the_vendors_sdk(vector: dict[str, Any]) -> None:
    usual = {"temperature": 0.5, "top_k": 4, "max_tokens": 2048} | vector["options"]
    tools = {"tools": [{"type": "function", "function": one} for one in vector["functions"]]}
    sent = request_frame("abcd1234", engine(vector["domain"]), vector["messages"], usual | tools, {})
    assert sent == vector["frame"]


def test_a_frame_says_no_more_than_was_asked() -> None:
    assert frame({"top_p": 0.5, "stop": ["x"], "seed": 1, "temperature": None, "top_k": None}) == {
        "header": {"app_id": "app"},
        "parameter": {"chat": {"domain": "generalv3.5"}},
        "payload": {"message": {"text": HELLO}},
    }


@pytest.mark.parametrize(
    ("asked", "sent"), [(0, 0.01), (0.01, 0.01), (0.3, 0.3), (1, 1.0), (1.7, 1.0), ("0.5", 0.5)]
)
def test_the_temperature_stays_in_range(asked: Any, sent: float) -> None:
    assert frame({"temperature": asked})["parameter"]["chat"]["temperature"] == sent


def test_vendor_parameters_pass() -> None:
    asked = {"top_k": 2, "auditing": "strict", "chat_id": "c", "question_type": "q", "search_disable": True}
    chat = frame(asked | {"show_ref_label": False})["parameter"]["chat"]
    assert chat == {"domain": "generalv3.5", **asked, "show_ref_label": False}


def test_who_asks_is_told_only_as_a_digest() -> None:
    header = frame({"user": "somebody@example.com"})["header"]
    assert len(header["uid"]) == 32
    assert set(header["uid"]) <= set("0123456789abcdef")
    assert header["uid"] == frame({"user": "somebody@example.com"})["header"]["uid"]
    assert header["uid"] != frame({"user": "another"})["header"]["uid"]
    assert frame({"user": "u"}, {"uid": "12345"})["header"]["uid"] == "12345"
    assert frame({}, {"uid": "x" * 40})["header"]["uid"] == "x" * 32
    assert frame({}, {"patch_id": ["p"]})["header"] == {"app_id": "app", "patch_id": ["p"]}


def test_a_limit_for_the_answer() -> None:
    assert token_limit({"max_tokens": 5, "max_completion_tokens": 7}) == 7
    assert token_limit({"max_tokens": "5"}) == 5
    assert token_limit({"max_tokens": 0}) is None
    assert token_limit({}) is None
    assert frame({"max_tokens": 5})["parameter"]["chat"]["max_tokens"] == 5


def test_functions() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    bare = {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}}}
    assert frame({"tools": [tool]})["payload"]["functions"] == {"text": [bare]}
    assert frame({"functions": [{"name": "f"}]})["payload"]["functions"] == {"text": [bare]}
    assert frame({"tools": [{"type": "function"}]})["payload"]["functions"]["text"][0]["name"] == ""
    assert "functions" not in frame({"tools": [tool], "tool_choice": "none"})["payload"]
    assert frame({"tools": [tool], "tool_choice": "auto"})["payload"]["functions"]


def test_a_piece_of_an_answer() -> None:
    read = read_frame(json.dumps(spark_frame("好", 1, 3, reasoning_content="r")))
    assert (read.code, read.message, read.last, read.tokens, read.id) == (0, "Success", False, None, "sid-1")
    (piece,) = read.pieces
    assert (piece.text, piece.reasoning, piece.tool, piece.id) == ("好", "r", None, "sid-1")


def test_the_last_piece_has_the_usage() -> None:
    read = read_frame(json.dumps(spark_frame("", 2, 3)))
    assert read.last
    assert read.tokens == Tokens(7, 5, 12)
    bare = spark_frame("", 2, 3)
    bare["payload"]["usage"]["text"] = {"prompt_tokens": 2, "completion_tokens": 3}
    assert read_frame(json.dumps(bare)).tokens == Tokens(2, 3, 5)


def test_a_call_gets_an_id() -> None:
    read = read_frame(json.dumps(spark_frame("", 2, 0, function_call={"name": "f", "arguments": "{}"})))
    tool = read.pieces[0].tool
    assert tool is not None
    assert (tool.name, tool.arguments) == ("f", "{}")
    assert len(tool.id) == len("call_") + 24
    assert tool.id.startswith("call_")
    bare = read_frame(json.dumps(spark_frame("", 2, 0, function_call={"name": "f"})))
    assert bare.pieces[0].tool is not None
    assert bare.pieces[0].tool.arguments == "{}"


def test_a_frame_without_an_answer() -> None:
    read = read_frame('{"header": {"code": "10013"}}')
    assert (read.code, read.message, read.last, read.pieces, read.tokens, read.id) == (
        10013,
        "",
        False,
        (),
        None,
        "",
    )
    assert read_frame('{"header": {"code": 0}, "payload": {"choices": {"status": 2}}}').last
    assert not read_frame('{"header": {"code": 0, "status": 2}, "payload": {"choices": {"status": 1}}}').last


GARBAGE = ["", "{", "[]", "1", "{}", '{"header": null}', '{"header": {"code": "x"}}', b"\xff\xfe"]


@pytest.mark.parametrize("text", [*GARBAGE, '{"header":{"code":0},"payload":{"choices":{"text":[1]}}}'])
def test_garbage_is_an_error(text: Any) -> None:
    with pytest.raises(VendorError, match=r"^the service sent a frame that cannot be read$") as raised:
        read_frame(text)
    assert raised.value.kind is Kind.GARBAGE


@pytest.mark.parametrize("code", [*CODES, 10000, 99999])
def test_a_code_has_its_kind(code: int) -> None:
    error = failure(read_frame(json.dumps({"header": {"code": code, "message": "why"}})))
    assert (error.kind, error.text, error.code) == (CODES.get(code, Kind.INTERNAL), "why", code)


def test_a_refused_handshake() -> None:
    error = refusal(401, '{"message":"Unauthorized"}')
    assert (error.kind, error.code) == (Kind.AUTHENTICATION, 401)
    assert error.text == "the service refused the connection: Unauthorized"
    clock = refusal(403, '{"message":"HMAC signature does not match"}')
    assert clock.kind is Kind.AUTHENTICATION
    assert clock.text == (
        "the service refused the connection: HMAC signature does not match. "
        "Check the API key and secret, and this machine's clock: it must be right within 300 s"
    )
    assert refusal(403, "no").kind is Kind.AUTHENTICATION
    assert refusal(429, "slow").text == "the service refused the connection: slow"
    assert refusal(429, "slow").kind is Kind.RATE
    assert refusal(500, " ").text == "the service refused the connection: no reason given"
    assert refusal(500, "[]").text == "the service refused the connection: []"
    assert refusal(500, "{}").kind is Kind.INTERNAL


ADDRESSES = {
    "spark-lite": ("/v1.1/chat", "lite"),
    "general": ("/v1.1/chat", "lite"),
    "spark-v2.0": ("/v2.1/chat", "generalv2"),
    "generalv2": ("/v2.1/chat", "generalv2"),
    "spark-pro": ("/v3.1/chat", "generalv3"),
    "generalv3": ("/v3.1/chat", "generalv3"),
    "spark-pro-128k": ("/chat/pro-128k", "pro-128k"),
    "pro-128k": ("/chat/pro-128k", "pro-128k"),
    "spark3.5-max": ("/v3.5/chat", "generalv3.5"),
    "spark-max": ("/v3.5/chat", "generalv3.5"),
    "generalv3.5": ("/v3.5/chat", "generalv3.5"),
    "spark-max32k": ("/chat/max-32k", "max-32k"),
    "max-32k": ("/chat/max-32k", "max-32k"),
    "4.0Ultra": ("/v4.0/chat", "4.0Ultra"),
}


@pytest.mark.parametrize("model", ADDRESSES)
def test_a_model_has_its_address_and_domain(model: str) -> None:
    path, domain = ADDRESSES[model]
    for name in (model, model.upper()):
        found = engine(name)
        assert (found.url, found.domain) == (f"wss://spark-api.xf-yun.com{path}", domain)
        able = domain in ("generalv3.5", "max-32k", "4.0Ultra")
        assert (found.system, found.functions) == (able, able)


def test_every_name_is_lower_case() -> None:
    assert all(name == name.lower() for name in ENGINES)


def test_an_address_or_a_domain_of_ones_own() -> None:
    assert engine("spark-max", url="ws://h/c") == Engine("ws://h/c", "generalv3.5", True, True)
    assert engine("spark-max", domain="lite") == Engine(
        "wss://spark-api.xf-yun.com/v3.5/chat", "lite", False, False
    )
    assert engine("spark-max", domain="own") == Engine(
        "wss://spark-api.xf-yun.com/v3.5/chat", "own", True, True
    )
    assert engine("own", url="ws://h/c", domain="own") == Engine("ws://h/c", "own", True, True)
    assert engine("own", url="ws://h/c", domain="lite") == Engine("ws://h/c", "lite", False, False)
    assert engine("spark-lite", url="ws://h/c", domain="own") == Engine("ws://h/c", "own", False, False)


@pytest.mark.parametrize("given", [{}, {"url": "ws://h/c"}, {"domain": "lite"}, {"domain": "own"}])
def test_an_unknown_model_needs_both(given: dict[str, str]) -> None:
    with pytest.raises(VendorError, match=r"^Spark has no model 'own': set api_base") as raised:
        engine("own", **given)
    assert raised.value.kind is Kind.NOT_FOUND
