"""A service that is asked by the responses API, and one by Anthropic's, for all three kinds of clients."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from proxy import CLIENT, Proxy
from vendor import Call, Vendor

pytestmark = pytest.mark.proxy

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
HI = [{"role": "user", "content": "hi"}]
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": HI},
    MESSAGES: {"messages": HI, "max_tokens": 9},
    RESPONSES: {"input": "hi"},
}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


class Caller:
    """A client of the proxy; `call` is the one call that its last request made upstream."""

    def __init__(self, proxy: Proxy, vendor: Vendor) -> None:
        self.proxy, self.vendor = proxy, vendor
        self.call: Call

    def __call__(self, model: str, path: str = CHAT, way: str = "litellm", **more: Any) -> httpx.Response:
        self.vendor.take()
        answer = httpx.post(
            self.proxy.base + path,
            json={"model": model, **ASKED[path], **more},
            headers={"authorization": f"Bearer {CLIENT}"},
            timeout=20,
        )
        (self.call,) = self.vendor.take()
        assert answer.headers["x-one-adapter-way"] == way
        return answer

    def events(self, model: str, path: str = CHAT, way: str = "litellm", **more: Any) -> list[Any]:
        answer = self(model, path, way, stream=True, **more)
        lines = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.fixture
def ask(proxy: Proxy, vendor: Vendor) -> Caller:
    return Caller(proxy, vendor)


class TestAChat:
    def test_becomes_a_request_of_the_responses_api(self, ask: Caller) -> None:
        said = [{"role": "system", "content": "be"}, *HI, {"role": "assistant", "content": "yes"}, *HI]
        answer = ask("asked", messages=said, max_tokens=5, temperature=0, reasoning_effort="max", stop="x")
        body = ask.call.body
        assert ask.call.path == "/a/v1/responses"
        # From 1.108 on LiteLLM gives the system's words as instructions.
        instructions = body.pop("instructions", None)
        assert instructions in (None, "be")
        assert [(one["role"], one["content"][0]["type"]) for one in body.pop("input")] == [
            *([("system", "input_text")] if instructions is None else []),
            ("user", "input_text"),
            ("assistant", "output_text"),
            ("user", "input_text"),
        ]
        assert body == {
            "model": "up-asked",
            "stream": False,
            "max_output_tokens": 5,
            "temperature": 0,
            "reasoning": {"effort": "high"},
        }
        (choice,) = answer.json()["choices"]
        assert (answer.json()["model"], choice["finish_reason"]) == ("asked", "stop")
        assert choice["message"]["content"].startswith("POST /a/v1/responses model=up-asked")

    def test_is_told_what_the_answer_used_of_the_cache_and_for_reasoning(self, ask: Caller) -> None:
        *_, last = ask.events("asked", stream_options={"include_usage": True})
        for usage in (ask("asked").json()["usage"], last["usage"]):
            assert usage["prompt_tokens_details"]["cached_tokens"] == 3
            assert usage["completion_tokens_details"]["reasoning_tokens"] == 2

    def test_gets_its_tool_calls_whole_and_streamed(self, ask: Caller) -> None:
        (choice,) = ask("asked-tool", tools=[TOOL]).json()["choices"]
        (call,) = choice["message"]["tool_calls"]
        assert (choice["finish_reason"], call["id"]) == ("tool_calls", "call_abc")
        assert call["function"] == {"name": "weather", "arguments": '{"city": "Oslo"}'}
        assert ask.call.body["tools"][0].items() >= {"type": "function", "name": "weather"}.items()
        chunks = ask.events("asked-tool", tools=[TOOL])
        deltas = [one["choices"][0]["delta"].get("tool_calls") for one in chunks]
        assert "".join(one[0]["function"]["arguments"] for one in deltas if one) == '{"city": "Oslo"}'
        assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"

    def test_is_streamed(self, ask: Caller) -> None:
        chunks = ask.events("asked")
        text = "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks)
        assert text.startswith("POST /a/v1/responses model=up-asked")

    def test_without_a_key_and_with_a_query_and_a_name_that_is_not_ascii(self, ask: Caller) -> None:
        assert ask("asked-keyless").status_code == 200
        assert "authorization" not in ask.call.headers
        assert (ask.call.query, ask.call.model) == ("tenant=7", "通")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_a_failure_has_the_upstreams_status_and_words(ask: Caller, path: str, stream: bool) -> None:
    way = "relay" if path == RESPONSES else "litellm"
    answer = ask("asked-400", path, way, stream=stream)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "vendor says 400"


def test_a_message_becomes_a_request_of_the_responses_api(ask: Caller) -> None:
    answer = ask("asked", MESSAGES, system="be", top_k=3)
    assert ask.call.body["max_output_tokens"] == 9
    roles = [one["role"] for one in ask.call.body["input"]]
    assert roles == ["system", "user"] or (roles, ask.call.body["instructions"]) == (["user"], "be")
    assert answer.json()["content"][0]["text"].startswith("POST /a/v1/responses")
    assert answer.json()["usage"] == {"input_tokens": 4, "output_tokens": 5, "cache_read_input_tokens": 3}
    events = ask.events("asked-tool", MESSAGES, tools=[{"name": "weather", "input_schema": {}}])
    assert events[1]["content_block"]["name"] == "weather"
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_request_of_the_responses_api_goes_as_it_came(ask: Caller) -> None:
    answer = ask("asked", RESPONSES, "relay", previous_response_id="resp_0", tools=[{"type": "mcp"}])
    assert ask.call.body == {
        "model": "up-asked",
        "input": "hi",
        "previous_response_id": "resp_0",
        "tools": [{"type": "mcp"}],
    }
    assert (answer.json()["id"], answer.json()["model"]) == ("resp_1", "asked")
    assert ask.events("asked", RESPONSES, "relay")[-1]["type"] == "response.completed"


def test_where_litellm_has_something_to_do_it_asks_in_the_same_protocol(proxy: Proxy, vendor: Vendor) -> None:
    headers = {"authorization": f"Bearer {CLIENT}", "x-litellm-tags": "mine"}
    asked = {"model": "asked", "input": "hi", "max_output_tokens": 3, "reasoning": {"effort": "low"}}
    vendor.take()
    answer = httpx.post(proxy.base + RESPONSES, json=asked, headers=headers, timeout=20)
    (call,) = vendor.take()
    assert (answer.status_code, call.path, call.body) == (
        200,
        "/a/v1/responses",
        {**asked, "model": "up-asked"},
    )
    more = {**asked, "previous_response_id": "resp_0"}
    refused = httpx.post(proxy.base + RESPONSES, json=more, headers=headers, timeout=20)
    assert (refused.status_code, vendor.take()) == (400, [])


@pytest.mark.parametrize("path", ASKED)
def test_an_address_of_anthropics_protocol_is_asked_exactly_as_it_stands(ask: Caller, path: str) -> None:
    answer = ask("exactly", path, "relay" if path == MESSAGES else "litellm")
    assert (answer.status_code, ask.call.path) == (200, "/own/path")
    assert answer.json()["model"] == "exactly"
