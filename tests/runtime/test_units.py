from __future__ import annotations

import json
from typing import Any

import pytest

from one_adapter.runtime.entry import body, translate
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway import refusal as answers
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.settings import (
    Policy,
    ProxyRule,
)
from one_adapter.runtime.host import clients as proxies
from one_adapter.runtime.upstream import guards, shaping

WEATHER = {"type": "function", "function": {"name": "weather"}}


def request(kind: str, fields: dict[str, Any]) -> Request:
    return Request(kind, Client("c", frozenset({"*"})), {"model": "m", **fields}, 0.0, "m", "m")


def shaped(kind: str, fields: dict[str, Any], policy: Policy, **kwargs: Any) -> dict[str, Any]:
    arguments = {"model": f"{policy.provider}/x", "api_key": "k", **kwargs}
    shaping.shape(request(kind, fields), policy, arguments, frozenset({"inputs", "workflow_id"}))
    return arguments


class TestShaping:
    def test_an_openai_shaped_upstream_gets_every_field_as_it_was_sent(self) -> None:
        fields = {
            "messages": [],
            "n": "2",
            "zero": None,
            "temperature": 0,
            "metadata": {"a": 1},
            "api_base": "x",
        }
        arguments = shaped("chat", fields, Policy(upstream_model="up"), messages=[], temperature=0)
        assert arguments == {
            "model": "openai/up",
            "api_key": "k",
            "messages": [],
            "extra_body": {"n": "2", "zero": None, "temperature": 0, "metadata": {"a": 1}, "api_base": "x"},
        }

    def test_messages_that_are_missing_stay_missing(self) -> None:
        assert shaped("chat", {}, Policy(upstream_model="up"), messages=[])["extra_body"] == {
            "messages": None
        }

    def test_embeddings_may_have_a_model_of_their_own(self) -> None:
        policy = Policy(upstream_model="chat", embedding_model="emb")
        arguments = shaped("embeddings", {"input": "x", "dimensions": 2}, policy, dimensions=2)
        assert (arguments["model"], arguments["extra_body"]) == ("openai/emb", {"dimensions": 2})

    def test_a_bridged_call_keeps_what_the_bridge_made_of_it(self) -> None:
        effort = {"effort": "low"}
        arguments = shaped(
            "messages",
            {},
            Policy(upstream_model="up"),
            reasoning_effort=effort,
            tools=[WEATHER],
            extra_body={"a": 1},
        )
        assert arguments["extra_body"] == {"a": 1, "reasoning_effort": "low", "tools": [WEATHER]}

    def test_a_responses_limit_of_tokens_has_the_gateways_name_for_it(self) -> None:
        arguments = shaped("responses", {}, Policy(upstream_model="up"), max_tokens=9)
        assert arguments["extra_body"] == {"max_completion_tokens": 9}

    def test_an_empty_key_is_never_replaced_by_one_of_the_environment(self) -> None:
        assert shaped("chat", {}, Policy(upstream_model="up"), api_key="")["api_key"] == "none"

    def test_a_model_name_without_a_prefix_stays_without_one(self) -> None:
        assert shaped("chat", {}, Policy(upstream_model="通义"), model="x")["model"] == "通义"

    def test_a_provider_of_our_own_gets_the_fields_it_reads_and_no_others(self) -> None:
        fields = {
            "inputs": {"a": 1},
            "credential_env": "OTHER",
            "deployment_id": "../admin",
            "mock_response": "z",
            "whatever": 1,
        }
        arguments = shaped("chat", fields, Policy(provider="dify", upstream_model="app"))
        assert arguments == {"model": "dify/app", "api_key": "k", "inputs": {"a": 1}}

    def test_what_the_deployment_says_itself_no_client_changes(self) -> None:
        policy = Policy(provider="dify", upstream_model="app")
        arguments = shaped("chat", {"workflow_id": "mine"}, policy, workflow_id="the owner's")
        assert arguments["workflow_id"] == "the owner's"

    @pytest.mark.parametrize("provider", ["gemini", "vertex_ai"])
    def test_marks_that_would_have_litellm_store_a_prompt_are_left_out(self, provider: str) -> None:
        marked = [
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "x"}}]}
        ]
        arguments = shaped("chat", {}, Policy(provider=provider, upstream_model="g"), messages=marked)
        assert arguments["messages"] == [{"role": "user", "content": [{"type": "text", "text": "a"}]}]

    def test_other_providers_are_clamped_and_otherwise_left_alone(self) -> None:
        policy = Policy(provider="groq", upstream_model="l", guards=("groq",))
        arguments = shaped("chat", {"unknown": 1}, policy, temperature=9, n=3, logprobs=True)
        assert arguments == {"model": "groq/l", "api_key": "k", "temperature": 2, "n": 1}

    def test_a_responses_upstream_is_not_touched(self) -> None:
        arguments = shaped(
            "chat", {"a": 1}, Policy(upstream_model="responses/app"), model="openai/responses/app"
        )
        assert "extra_body" not in arguments

    def test_parts_become_text_for_a_model_that_takes_text_only(self) -> None:
        parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
        policy = Policy(upstream_model="up", flatten_parts=True, guards=("glm",))
        assert shaped("chat", {"messages": parts}, policy, messages=parts)["messages"][0]["content"] == "ab"


class TestGuards:
    def test_glm_values_stay_below_one_and_zero_stays_zero(self) -> None:
        fields: dict[str, Any] = {"temperature": 1, "top_p": 0, "max_tokens": 5000, "n": True}
        guards.clamp_glm(fields, "glm-4v")
        assert fields == {"temperature": 0.99, "top_p": 0, "max_tokens": 1024, "n": True}

    def test_groq_loses_what_it_refuses(self) -> None:
        fields: dict[str, Any] = {
            "logprobs": True,
            "top_logprobs": 2,
            "logit_bias": {},
            "n": 4,
            "temperature": 0,
        }
        guards.clamp_groq(fields, "llama3")
        assert fields == {"n": 1, "temperature": 0.1}

    @pytest.mark.parametrize(
        ("part", "text"),
        [
            ({"type": "image_url", "image_url": "https://x/a.png"}, "look\nhttps://x/a.png"),
            ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}, "image left out"),
            ({"type": "input_audio", "input_audio": {}}, "input_audio left out"),
            ("tail", "looktail"),
            (7, "int left out"),
        ],
    )
    def test_no_part_is_lost_in_silence(self, part: Any, text: str) -> None:
        messages = [{"role": "user", "content": [{"type": "text", "text": "look"}, part]}, "odd"]
        assert text in guards.flatten(messages)[0]["content"]


class TestAnswers:
    def test_reasoning_gets_both_names_whichever_came(self) -> None:
        one, two, three = {"reasoning_content": "a"}, {"reasoning": "b"}, {"content": "c"}
        for message in (one, two, three, None):
            answers.both_names(message)
        assert one == {"reasoning_content": "a", "reasoning": "a"}
        assert two == {"reasoning": "b", "reasoning_content": "b"}
        assert three == {"content": "c"}

    def test_a_streamed_chunk_gets_both_names_too(self) -> None:
        event = b'data: {"choices": [{"delta": {"reasoning_content": "so"}}]}\n\n'
        chunk = json.loads(answers.with_reasoning(event)[6:])
        assert chunk["choices"][0]["delta"] == {"reasoning_content": "so", "reasoning": "so"}

    def test_an_event_that_is_no_json_passes_as_it_is(self) -> None:
        for event in (b"data: {reasoning\n\n", b": ping\n\n"):
            assert answers.with_reasoning(event) == event
            assert answers.named_event(event, "m") == event
        broken = b'data: {"type":"a","response":\n\n'
        assert answers.named_event(broken, "m") == broken

    def test_the_event_that_says_nothing_new_is_left_out(self) -> None:
        assert answers.named_event(b'data: {"type":"response.in_progress","response":{}}\n\n', "m") == b""

    def test_an_event_without_a_response_keeps_its_bytes_and_gets_its_name(self) -> None:
        for event in (b'data: {"type":"a.b","response":"text"}\n\n', b'data: {"type": "a.b"}\n\n'):
            assert answers.named_event(event, "m").startswith(b"event: a.b\ndata: ")

    def test_an_error_event_speaks_the_routes_language(self) -> None:
        refusal = answers.Refusal(504, "late", "timeout")
        assert answers.error_event(refusal, "chat").startswith(b'data: {"error"')
        assert b'"type": "timeout_error"' in answers.error_event(refusal, "messages")
        assert json.loads(answers.error_event(refusal, "responses").split(b"data: ")[1])["type"] == "error"


class TestBody:
    def test_what_litellm_sees_has_no_orders_for_litellm(self) -> None:
        orders = dict.fromkeys(("api_base", "api_key", "mock_response", "fallbacks", "metadata", "tags"), "x")
        seen = body.visible({"model": "m", "messages": [], **orders, "stream_options": 5}, "chat")
        assert seen == {"model": "m", "messages": []}

    def test_a_missing_input_is_an_empty_one(self) -> None:
        assert body.visible({"model": "m"}, "responses") == {"model": "m", "input": " "}


class TestProxies:
    @pytest.mark.parametrize(
        ("rule", "ways"),
        [
            (None, {}),
            (ProxyRule(), {}),
            (ProxyRule(http_env="H"), {"all://": "http://h"}),
            (ProxyRule(http_env="H", https_env="S"), {"http://": "http://h", "https://": "http://s"}),
            (ProxyRule(socks5_env="K"), {"all://": "socks5://k"}),
            (ProxyRule(socks5_env="HOST"), {"all://": "socks5://127.0.0.1:1080"}),
        ],
    )
    def test_each_kind_of_rule_has_its_ways(self, rule: ProxyRule | None, ways: dict[str, str]) -> None:
        environment = {"HOST": "127.0.0.1:1080", "H": "http://h", "S": "http://s", "K": "socks5://k"}
        assert proxies.mounts(rule, environment) == ways

    def test_a_client_is_made_once_and_only_where_one_is_needed(self) -> None:
        clients = proxies.Clients({"H": "http://127.0.0.1:9"})
        call = {"api_key": "k", "api_base": "http://x/v1"}
        assert clients.client(Policy(), call) is None
        proxied = Policy(id="a", proxy=ProxyRule(http_env="H"))
        assert clients.client(proxied, call) is clients.client(proxied, call)
        other = Policy(id="b", provider="anthropic", query={"a": "b"})
        assert type(clients.client(other, call)).__name__ == "AsyncHTTPHandler"


class TestPrompts:
    @pytest.mark.parametrize(
        ("template", "filled"),
        [("To %s: %s", "To DE: Hi"), ("Into %s", "Into DE\nHi"), ("Translate", "Translate\nHi")],
    )
    def test_a_template_takes_the_language_and_then_the_text(self, template: str, filled: str) -> None:
        assert translate.prompt(template, "DE", "Hi") == filled

    def test_without_a_template_there_is_one(self) -> None:
        assert translate.prompt("", "DE", "Hi").endswith("\nHi")
