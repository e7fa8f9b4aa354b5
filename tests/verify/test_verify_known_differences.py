"""Differences on purpose, between two servers and beside the old program: each by its name, one way only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from one_adapter.verify.known_differences import (
    BESIDE_OLD_PROGRAM,
    BETWEEN_SERVERS,
    GATEWAYS_ERROR,
    Difference,
    Known,
    is_gateways,
    known_difference,
)
from one_adapter.verify.playing.answer_facts import STREAM_IS_WHOLE
from one_adapter.verify.servers.judge import ASPECTS

ROOT = Path(__file__).parent.parent.parent
OPENAIS_ERROR = {"form": ["code", "message"], "type": "invalid_request_error", "code": "model_not_found"}
FORBIDDEN = {"error": {"form": ["message"], "code": "model_forbidden"}}
BY_LITELLM = {"way": "litellm"}
#: name of the difference -> (probe, aspect, old, new, facts of the new side)
SHOWN: dict[str, list[tuple[str, str, Any, Any, dict[str, Any]]]] = {
    "status-kept": [("unknown model", "error", GATEWAYS_ERROR, OPENAIS_ERROR, {})],
    "forbidden-model-is-403": [("whole", "status", 401, 403, FORBIDDEN)],
    "keys-guard-every-route": [("list without key", "status", 200, 401, {})],
    "unknown-embedding-refused": [("embeddings", "status", 200, 400, {})],
    "finish-reason-told": [
        ("stream", "finish reason", [], ["an end"], {}),
        ("whole", "finish reason", ["STOP"], ["an end"], {}),
    ],
    "answers-whole": [
        ("tools", "tool calls", [], ["get_time(city)"], {}),
        ("whole", "reasoning", [], ["reasoning_content"], {}),
        ("stream", "fields", ["choices[].content_filter_results.hate.filtered boolean"], [], {}),
        ("whole", "fields", [], ["service_tier string"], {"gateway": True}),
        ("tools", "fields", ["HttpHeader.Date[] string"], ["service_tier string"], {"gateway": True}),
    ],
    "streams-end-properly": [
        ("stream", "stream", "in order no [DONE]", "in order [DONE]", {}),
        ("tool stream", "fields", [], ["object string"], {}),
    ],
    "raw-responses-keep-the-name": [("responses", "model", "upstream", "as asked", {"model": "as asked"})],
    "messages-kept": [("whole", "upstream roles", "user", "system,user", {})],
    "litellm-writes-answers": [
        ("whole", "fields", ["choices[].logprobs object"], ["system_fingerprint string"], BY_LITELLM),
    ],
}
ROWS = [(name, *row) for name, rows in SHOWN.items() for row in rows]


#: name of the difference -> (aspect, old, new, protocol, type of the service), beside the old program
PLAYED: dict[str, list[tuple[str, Any, Any, str, str]]] = {
    "answers-whole": [
        ("tool call", "", "look_up(city)", "chat", "openai"),
        ("tool call", "look_up(city) without an id", "look_up(city)", "chat", "openai"),
        ("usage", False, True, "chat", "openai"),
    ],
    "finish-reason-told": [
        ("finish_reason", "STOP", "stop", "chat", "gemini"),
        ("stream", "role content DONE", STREAM_IS_WHOLE, "chat", "openai"),
    ],
    "responses-upstream-gets-more": [("finish_reason", "stop", "tool_calls", "chat", "openai")],
    "streams-end-properly": [("stream", "role content finish", STREAM_IS_WHOLE, "chat", "openai")],
    "dify-answers": [("status", 200, 400, "chat", "dify"), ("calls", 1, 2, "chat", "dify")],
    "status-kept": [("error", "text", "object", "chat", "openai"), ("status", 500, 429, "chat", "openai")],
    "url-query-kept": [("address", "http://a/v1", "http://a/v1?x=1", "chat", "openai")],
    "url-suffix-once": [
        (
            "address",
            "http://a/chat/completions/chat/completions",
            "http://a/chat/completions",
            "chat",
            "openai",
        ),
    ],
    "minimax-new-endpoint": [
        ("address", "a", "b", "chat", "minimax"),
        ("fields", ["a"], ["b"], "chat", "minimax"),
    ],
    "claude-messages-path": [("address", "a", "b", "chat", "claude")],
    "gemini-models-path": [("address", "a", "b", "chat", "gemini")],
    "spark-max32k-domain": [("upstream model", "a", "b", "chat", "xinghuo")],
    "raw-responses-keep-the-name": [("model", "a", "b", "responses", "openai")],
    "huoshan-parameters-kept": [
        ("tools", False, True, "chat", "huoshan"),
        ("fields", ["a"], ["a", "b"], "chat", "huoshan"),
    ],
    "native-request-shape": [
        ("system message", False, True, "chat", "claude"),
        ("fields", ["a"], ["b"], "chat", "ollama"),
    ],
    "groq-parameters": [("fields", ["a"], ["b"], "chat", "groq")],
    "messages-route-keeps-fields": [("fields", ["a"], ["b"], "messages", "openai")],
    "responses-route-takes-more": [("fields", ["a"], ["b"], "responses", "openai")],
    "request-numbers-exact": [("fields", ["a", "b"], ["a"], "chat", "openai")],
    "keys-guard-every-route": [("no key", 200, 401, "chat", "openai"), ("a wrong key", 200, 401, "chat", "")],
}


def between_servers(probe: str, aspect: str, old: Any, new: Any, answer: dict[str, Any]) -> str:
    return known_difference(Difference(aspect, old, new, probe=probe, answer=answer), BETWEEN_SERVERS)


@pytest.mark.parametrize(("name", "probe", "aspect", "old", "new", "facts"), ROWS)
def test_a_difference_on_purpose_has_its_name_and_the_reverse_has_none(
    name: str, probe: str, aspect: str, old: Any, new: Any, facts: dict[str, Any]
) -> None:
    assert between_servers(probe, aspect, old, new, facts) == name
    reverse = {"error": OPENAIS_ERROR, "model": "upstream"}
    assert between_servers(probe, aspect, new, old, reverse) == ""


@pytest.mark.parametrize("name", PLAYED)
def test_what_the_old_program_does_otherwise_has_the_name_of_its_paragraph(name: str) -> None:
    for aspect, old, new, protocol, type_ in PLAYED[name]:
        it = Difference(aspect, old, new, protocol=protocol, type=type_)
        assert known_difference(it, BESIDE_OLD_PROGRAM) == name


@pytest.mark.parametrize(
    "it",
    [
        Difference("status", 200, 500, protocol="chat", type="openai"),
        Difference("status", 500, 200, protocol="chat", type="openai"),
        Difference("tool call", "look_up(city)", "", protocol="chat", type="openai"),
        Difference("stream", STREAM_IS_WHOLE, "role content", protocol="chat", type="openai"),
        Difference("tools", True, False, protocol="chat", type="claude"),
        Difference("fields", ["a"], ["b"], protocol="chat", type="openai"),
        Difference("no key", 401, 200, protocol="chat"),
    ],
    ids=lambda it: f"{it.aspect} {it.old}",
)
def test_what_the_new_side_lacks_beside_the_old_program_is_never_on_purpose(it: Difference) -> None:
    assert known_difference(it, BESIDE_OLD_PROGRAM) == ""


@pytest.mark.parametrize(
    ("table", "shown"), [(BETWEEN_SERVERS, SHOWN), (BESIDE_OLD_PROGRAM, PLAYED)], ids=["1", "2"]
)
def test_every_row_is_shown_and_names_a_paragraph(table: tuple[Known, ...], shown: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    names = {row.name for row in table}
    assert names == set(shown)
    assert names <= set(re.findall(r"^### (\S+)$", page, re.MULTILINE))


def test_every_row_between_servers_is_about_aspects_that_are_judged() -> None:
    assert {aspect for row in BETWEEN_SERVERS for aspect in row.aspects} <= set(ASPECTS)


def test_a_difference_that_is_on_purpose_for_one_question_is_none_for_another() -> None:
    assert between_servers("list without key", "status", 200, 401, {}) == "keys-guard-every-route"
    assert between_servers("whole", "status", 200, 401, {}) == ""


def test_a_wrong_key_that_gets_another_status_is_no_forbidden_model() -> None:
    other = {"error": {"form": ["message"], "code": "invalid_api_key"}}
    assert between_servers("wrong key", "status", 401, 403, other) == ""


def test_a_new_field_is_on_purpose_only_where_the_old_side_is_the_gateway() -> None:
    assert between_servers("whole", "fields", [], ["service_tier string"], {}) == ""
    assert is_gateways([{"status": 400, "error": GATEWAYS_ERROR}])
    assert not is_gateways([{"status": 400, "error": OPENAIS_ERROR}, {"status": 200}])


def test_fields_that_litellm_does_not_write_are_never_its_doing() -> None:
    assert between_servers("whole", "fields", ["choices[].message.content string"], [], BY_LITELLM) == ""
    assert between_servers("whole", "fields", ["choices[].logprobs object"], [], {"way": "relay"}) == ""


def test_the_page_tells_every_aspect() -> None:
    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([a-z, ]+) \| ", page, re.MULTILINE)
    named = {aspect for line in told for aspect in line.split(", ")}
    quiet = {aspect for aspect in ASPECTS if aspect.startswith("upstream")} | {"words"}
    assert set(ASPECTS) - quiet <= named
