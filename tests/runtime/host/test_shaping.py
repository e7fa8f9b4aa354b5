"""A call of LiteLLM's as it leaves for the upstream."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from one_adapter.contract import NO_KEY
from one_adapter.runtime.entry.request import Attempt, Request
from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.settings import Policy, ProxyRule
from one_adapter.runtime.host.clients import Clients
from one_adapter.runtime.host.shaping import shape, shape_response
from one_adapter.runtime.json_object import JsonObject

WEATHER = {"type": "function", "function": {"name": "weather"}}


def request(kind: str, fields: dict[str, Any], policy: Policy) -> Request:
    body = JsonObject.read(json.dumps({"model": "m", **fields}).encode())
    config = read_config([], None, None, {})
    return Request(
        kind, Client("c", frozenset({"*"})), body, config, 0.0, "m", "m", attempt=Attempt(Choice(policy))
    )


def shaped(kind: str, fields: dict[str, Any], policy: Policy, **kwargs: Any) -> dict[str, Any]:
    arguments = {"model": f"{policy.provider}/x", "api_key": "k", **kwargs}
    shape(request(kind, fields, policy), policy, arguments, frozenset({"inputs", "workflow_id"}))
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

    @pytest.mark.parametrize("provider", ["openai", "volcengine", "ollama_chat", "cohere_chat", "xinghuo"])
    def test_blocks_of_a_system_that_another_protocol_has_are_one_text_with_blank_lines(
        self, provider: str
    ) -> None:
        blocks = [{"type": "text", "text": "a", "cache_control": {}}, {"type": "text", "text": "b"}]
        policy = Policy(provider=provider, upstream_model="up")
        arguments = shaped("messages", {}, policy, messages=[{"role": "system", "content": blocks}])
        assert arguments["messages"] == [{"role": "system", "content": "a\n\nb"}]

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

    def test_a_chat_for_the_responses_api_gets_its_names_of_fields_and_nobodys_opinion_of_them(self) -> None:
        given = {"max_tokens": 5, "temperature": 0, "top_p": 0.5, "reasoning_effort": "max", "stop": ["x"]}
        arguments = shaped("chat", {}, Policy(by_responses=True, upstream_model="通义"), **given)
        body = {"max_output_tokens": 5, "temperature": 0, "top_p": 0.5, "reasoning": {"effort": "high"}}
        assert arguments["model"] == "openai/responses/通义"
        assert arguments["extra_body"] == body
        assert arguments["stop"] == ["x"]
        assert not given.keys() - {"stop"} & arguments.keys()

    def test_of_two_limits_of_tokens_the_newer_name_counts(self) -> None:
        given = {"max_tokens": 5, "max_completion_tokens": 6}
        arguments = shaped("chat", {}, Policy(by_responses=True), **given)
        assert arguments["extra_body"] == {"max_output_tokens": 6}

    def test_reasoning_that_another_protocol_describes_goes_on_whole(self) -> None:
        effort = {"effort": "low", "summary": "auto"}
        arguments = shaped("messages", {}, Policy(by_responses=True), reasoning_effort=effort)
        assert arguments["extra_body"] == {"reasoning": effort}

    def test_what_a_client_of_the_responses_api_gives_is_not_judged(self) -> None:
        asked = {"max_output_tokens": 1, "reasoning": {"effort": "low"}}
        arguments = {"model": "openai/responses/%E9", "api_key": "", **asked}
        shape_response(Policy(by_responses=True, upstream_model="通"), arguments)
        assert arguments == {"model": "openai/通", "api_key": NO_KEY, "extra_body": asked}

    def test_another_vendors_form_of_the_responses_api_keeps_its_own_proof(self) -> None:
        policy = Policy(provider="azure", by_responses=True, upstream_model="d")
        arguments: dict[str, Any] = {"model": "azure/responses/d"}
        shape_response(policy, arguments)
        assert arguments == {"model": "azure/d", "extra_body": {}}

    def test_parts_become_text_for_a_model_that_takes_text_only(self) -> None:
        parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
        policy = Policy(upstream_model="up", flatten_parts=True, guards=("glm",))
        assert shaped("chat", {"messages": parts}, policy, messages=parts)["messages"][0]["content"] == "ab"


class TestClients:
    CALL: ClassVar[dict[str, str]] = {"api_key": "k", "api_base": "http://x/v1"}

    def test_a_client_is_made_once_for_a_deployment_and_a_key(self) -> None:
        clients = Clients({"H": "http://127.0.0.1:9"})
        proxied = Policy(id="a", proxy=ProxyRule(http_env="H"))
        assert clients.client(proxied, self.CALL) is clients.client(proxied, self.CALL)
        assert clients.client(proxied, {**self.CALL, "api_key": "other"}) is not clients.client(
            proxied, self.CALL
        )
        other = Policy(id="b", provider="anthropic", query={"a": "b"})
        assert type(clients.client(other, self.CALL)).__name__ == "AsyncHTTPHandler"

    def test_our_own_providers_have_clients_of_their_own(self) -> None:
        assert Clients({}).client(Policy(provider="dify"), self.CALL) is None
