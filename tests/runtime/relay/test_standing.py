"""When the relay stands aside: one test a reason."""

from __future__ import annotations

from typing import Any

import pytest
from doorway import deployment, loaded_of

from one_adapter.runtime.gateway.circumstances import Circumstances
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.relay.standing import KNOWN_PARAMETERS, REASONS, Case, aside, orders, reason

NO_PROTOCOL = "the vendor does not speak the client's protocol"
PARAMETERS = dict.fromkeys(KNOWN_PARAMETERS, "x")


def case(**other: Any) -> Case:
    given = {
        "at": Circumstances(),
        "switched_on": True,
        "policy": Policy(upstream_model="up"),
        "kind": "chat",
    }
    return Case(**{**given, "parameters": PARAMETERS, **other})


#: Name of a reason -> what is otherwise, and words of the sentence.
OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "off": ({"switched_on": False}, "switched off"),
    "protocol": ({"policy": Policy(provider="gemini")}, "does not speak"),
    "parameters": ({"parameters": {"tags": ["a"], "rpm": 5, "model": "m"}}, "LiteLLM's business: rpm, tags"),
    "database": ({"at": Circumstances(database=True)}, "database"),
    "listeners": (
        {"at": Circumstances(listeners=["langfuse", "Mine"])},
        "listen to every answer: langfuse, Mine",
    ),
    "cache": ({"at": Circumstances(cache=True)}, "cache"),
    "budget": ({"at": Circumstances(budget=True)}, "budget"),
    "log": ({"at": Circumstances(logged=True)}, "log of every request"),
    "command line": ({"at": Circumstances(ordered=True)}, "command line"),
    "settings": ({"at": Circumstances(settings=("guardrails",))}, "LiteLLM's business: guardrails"),
    "headers": ({"orders": [b"x-litellm-tags"]}, "orders for LiteLLM: x-litellm-tags"),
}


def test_every_reason_has_its_test() -> None:
    assert set(OTHERWISE) == set(REASONS)


@pytest.mark.parametrize("name", REASONS)
def test_each_reason_alone_is_enough_and_is_said_in_words(name: str) -> None:
    other, words = OTHERWISE[name]
    assert words in reason(case(**other))


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("openai", "chat"),
        ("openai", "embeddings"),
        ("azure", "chat"),
        ("azure", "embeddings"),
        ("anthropic", "messages"),
    ],
)
def test_without_a_reason_it_answers_what_needs_no_translation(provider: str, kind: str) -> None:
    assert reason(case(policy=Policy(provider=provider), kind=kind)) == ""


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("openai", "messages"),
        ("openai", "responses"),
        ("anthropic", "chat"),
        ("azure", "messages"),
        ("dify", "chat"),
    ],
)
def test_what_needs_one_goes_litellms_way(provider: str, kind: str) -> None:
    assert reason(case(policy=Policy(provider=provider), kind=kind)) == NO_PROTOCOL


@pytest.mark.parametrize("value", [None, "", 0, False, [], {}])
def test_a_parameter_that_says_nothing_is_no_reason(value: object) -> None:
    assert reason(case(parameters={**PARAMETERS, "rpm": value})) == ""


@pytest.mark.parametrize(
    ("name", "is_order"),
    [
        *((name, True) for name in (b"x-litellm-timeout", b"x-litellm-", b"litellm-x", b"langfuse_trace_id")),
        *((name, False) for name in (b"x-litellm-api-key", b"authorization", b"x-stainless-lang", b"host")),
    ],
)
def test_only_what_litellm_would_obey_is_an_order(name: bytes, is_order: bool) -> None:
    assert orders([(b"accept", b"*/*"), (name, b"x")]) == ([name] if is_order else [])


def test_a_run_can_say_beforehand_which_groups_are_not_relayed_and_why() -> None:
    def by(name: str, provider: str, mode: str = "chat") -> dict[str, Any]:
        one = deployment(name, mode=mode)
        return {**one, "litellm_params": {**one["litellm_params"], "model": f"{provider}/up"}}

    models = [
        by("a", "openai"),
        by("b", "gemini"),
        by("c", "dify"),
        by("d", "azure", "embedding"),
        by("a", "gemini"),
    ]
    assert aside(loaded_of(*models, relay=True).config) == {NO_PROTOCOL: ["a", "b", "c"]}
    assert aside(loaded_of(by("a", "openai")).config) == {"the relay is switched off": ["a"]}


def test_a_deployment_of_the_responses_api_is_for_clients_of_that_alone() -> None:
    policy = Policy(by_responses=True, upstream_model="up")
    assert reason(case(policy=policy, kind="responses")) == ""
    assert "does not speak" in reason(case(policy=policy, kind="chat"))
    assert "does not speak" in reason(case(policy=policy, kind="messages"))
    assert "does not speak" in reason(case(kind="responses"))
