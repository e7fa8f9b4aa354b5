"""Which named differences of pools and breakers concern a file."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import document, openai, service

from one_adapter.dialect import DIALECTS
from one_adapter.export.report.differences import differences_of
from one_adapter.plan.build import decide
from one_adapter.plan.vendors import Options

TWO = [{"api_key": "sk-one"}, {"api_key": "sk-two"}]
OFF = [{"api_key": "sk-one"}, {"api_key": "sk-two", "enabled": False}]
POOL = service("m", credential_list=TWO)
LONE = service("m")


def limited(**limit: Any) -> dict[str, Any]:
    return service("m", credential_list=[{"api_key": "sk-one", "limit": limit}, {"api_key": "sk-two"}])


def names(config: Any, version: str = "0.12") -> set[str]:
    gateway = DIALECTS[version]
    return {one.name for one in differences_of(decide(document(config), Options(gateway=gateway)))}


CASES = {
    "breaker-bounds-trials": ([openai(LONE)], []),
    "breaker-says-unavailable": ([openai(LONE)], [openai(POOL)]),
    "open-service-passed-over": ([openai(POOL, LONE)], [openai(POOL), openai(LONE, LONE)]),
    "one-draw-a-request": ([openai(LONE, LONE)], [openai(POOL)]),
    "full-key-leaves-time": (
        [openai(limited(qpm=5))],
        [openai(limited(qpm=5, timeout=3)), openai(POOL), openai(service("m", limit={"qpm": 5}))],
    ),
    "pools-of-every-type": (
        [{"services": {"groq": [service("m", server_url="https://g.example/v1", credential_list=TWO)]}}],
        [
            openai(POOL),
            {"services": {"groq": [service("m", server_url="https://g.example/v1", credential_list=OFF)]}},
        ],
    ),
    "keys-off-left-out": (
        [openai(service("m", credential_list=[{"api_key": "sk-one", "enabled": False}]))],
        [openai(POOL), openai(service("m", credential_list=OFF))],
    ),
    "limits-given-back": (
        [
            openai(service("m", limit={"qps": 1}, model_limits={"m": {"tpm": 9}})),
            openai(service("m", limit={"qps": 1}, credentials={"api_key": "k", "limit": {"qps": 1}})),
        ],
        [openai(service("m", limit={"qps": 1, "tpm": 9})), openai(limited(qpm=5))],
    ),
    "limits-renewed": ([openai(service("m", limit={"qps": 1}))], [openai(LONE)]),
    **dict.fromkeys(
        (
            "raw-responses-keep-the-name",
            "raw-under-every-name",
            "raw-counts-as-chats-do",
            "responses-upstream-gets-more",
        ),
        (
            [openai(service("m", upstream_protocol="responses"))],
            [
                openai(service("m", upstream_protocol="auto")),
                openai(service("m", upstream_protocol="anthropic_messages")),
                openai(LONE),
            ],
        ),
    ),
    "models-list-at-once": ([openai(service(*[f"m{n}" for n in range(40)]))], [openai(LONE)]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_is_named_where_it_shows_and_not_elsewhere(name: str) -> None:
    concerned, others = CASES[name]
    assert [name in names(config) for config in concerned] == [True] * len(concerned)
    assert [name in names(config) for config in others] == [False] * len(others)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"breaker-says-unavailable"}))
def test_what_0_10_does_not_have_is_no_difference_from_it(name: str) -> None:
    assert not any(name in names(config, "0.10") for config in CASES[name][0])


@pytest.mark.parametrize("name", ["breaker-ignores-client-errors"])
def test_where_0_12_does_as_we_do_only_0_10_differs(name: str) -> None:
    config = openai(LONE, LONE, load_balancing="rr")
    assert [name in names(config, version) for version in ("0.10", "0.12")] == [True, False]


def test_a_service_with_a_protocol_of_its_own_has_that_protocols_differences_and_not_its_types() -> None:
    at = {"server_url": "https://v.example/v1/messages"}
    asked = names({"services": {"qianfan": [service("m", upstream_protocol="anthropic_messages", **at)]}})
    assert {"native-request-shape", "litellm-writes-answers"} <= asked
    assert not {"vendor-ended", "claude-messages-path"} & asked
    chats = names({"services": {"claude": [service("m", upstream_protocol="chat_completions", **at)]}})
    assert not {"native-request-shape", "claude-messages-path", "litellm-writes-answers"} & chats
