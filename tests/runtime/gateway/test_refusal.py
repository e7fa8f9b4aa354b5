from __future__ import annotations

import json

import pytest

from one_adapter.runtime.gateway.refusal import Refusal, error_body, error_event, model_not_found


@pytest.mark.parametrize(
    ("status", "openai", "anthropic"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (403, "permission_error", "permission_error"),
        (404, "invalid_request_error", "not_found_error"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_error"),
        (503, "server_error", "overloaded_error"),
        (504, "timeout_error", "timeout_error"),
        (502, "server_error", "api_error"),
    ],
)
def test_each_status_has_its_type_in_both_protocols(status: int, openai: str, anthropic: str) -> None:
    assert error_body(Refusal(status, "words"))["error"]["type"] == openai
    body = error_body(Refusal(status, "words"), anthropic=True)
    assert body == {"type": "error", "error": {"type": anthropic, "message": "words"}}


def test_the_upstreams_own_error_keeps_its_fields_and_gets_those_it_lacks() -> None:
    refusal = Refusal(429, "slow down", error={"message": None, "code": 1302, "limit": 5, "param": None})
    assert error_body(refusal)["error"] == {
        "message": "slow down",
        "type": "rate_limit_error",
        "param": None,
        "code": 1302,
        "limit": 5,
    }


def test_the_upstreams_own_type_is_kept_in_anthropics_form() -> None:
    refusal = Refusal(529, "busy", error={"type": "overloaded_error", "message": "busy"})
    assert error_body(refusal, anthropic=True)["error"]["type"] == "overloaded_error"


def test_without_a_code_the_status_is_the_code() -> None:
    assert error_body(Refusal(502, "no"))["error"]["code"] == "502"
    assert error_body(model_not_found("通"))["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("kind", ["chat", "messages", "responses"])
def test_the_last_event_of_a_stream_speaks_the_routes_language(kind: str) -> None:
    event = error_event(Refusal(504, "late", "timeout"), kind).decode()
    assert event.endswith("\n\n")
    *head, data = event.strip().split("\n")
    assert head == ([] if kind == "chat" else ["event: error"])
    said = json.loads(data.removeprefix("data: "))
    assert (said.get("message") or said["error"]["message"]) == "late"
    assert said.get("type") == (None if kind == "chat" else "error")
