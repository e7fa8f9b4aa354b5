"""Redirects that stand the other way round, as the guide's NVIDIA sample has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from configurations import plan, service, target

from one_adapter.config.document import parse
from one_adapter.plan.build import decide

NVIDIA = "https://integrate.api.nvidia.com/v1"


def nvidia(**more: Any) -> dict[str, Any]:
    fields = {
        "server_url": f"{NVIDIA}/chat/completions",
        "model_redirect": {"01-ai/yi-large": "yi-large"},
        **more,
    }
    return {"services": {"openai": [service(*fields.pop("models", ["01-ai/yi-large"]), **fields)]}}


@pytest.mark.parametrize("name", ["yi-large", "01-ai/yi-large"])
def test_both_names_of_a_turned_pair_answer_with_the_listed_id_upstream(name: str) -> None:
    found = target(nvidia(), name)
    assert (found.upstream.url, found.upstream.model, found.share) == (NVIDIA, "01-ai/yi-large", 1)


def test_both_names_of_a_turned_pair_are_shown() -> None:
    assert [route.name for route in plan(nvidia()).routes if route.listed] == [
        "01-ai/yi-large",
        "yi-large",
    ]


def test_a_turned_pair_is_told() -> None:
    decided = plan(nvidia())
    assert [task.code for task in decided.tasks if task.level == "warning"][:1] == ["redirects-turned"]
    row = next(row for row in decided.ledger if row.pointer.endswith("/01-ai~1yi-large"))
    assert row.verdict == "approximated"
    assert "the other way round" in row.note


def test_taken_literally_the_bare_name_goes_upstream_and_is_no_name() -> None:
    decided = plan(nvidia(), redirects="literal")
    assert decided.route("yi-large") is None
    assert target(nvidia(), "01-ai/yi-large", redirects="literal").upstream.model == "yi-large"
    assert "redirects-turned" not in [task.code for task in decided.tasks]


@pytest.mark.parametrize(
    "more",
    [
        {"server_url": "https://api.deepseek.com/v1"},
        {"server_url": "https://gateway.example/v1"},
        {"models": ["01-ai/yi-large", "b"], "model_redirect": {"01-ai/yi-large": "yi-large", "b": "b"}},
        {"models": ["01-ai/yi-large"], "model_redirect": {"01-ai/yi-large": "yi-large", "x/y": "y"}},
        {"model_redirect": {"01-ai/yi-large": "other"}},
        {"models": ["yi-large"], "model_redirect": {"nick": "yi-large"}},
        {"models": ["01-ai/yi-large"], "model_redirect": {"yi-large": "01-ai/yi-large"}},
    ],
    ids=[
        "host-without-slash-ids",
        "unknown-host",
        "a-pair-is-itself",
        "a-key-is-not-listed",
        "not-the-bare-name",
        "an-ordinary-alias",
        "the-right-way-round",
    ],
)
def test_without_all_three_signs_a_redirect_is_taken_literally(more: dict[str, Any]) -> None:
    config = nvidia(**more)
    assert plan(config).routes == plan(config, redirects="literal").routes


@pytest.mark.parametrize(
    "url",
    ["https://api.siliconflow.cn/v1", "https://openrouter.ai/api/v1", "https://INTEGRATE.api.nvidia.com/v1"],
)
def test_hosts_that_use_vendor_slash_ids_are_known_in_any_case(url: str) -> None:
    assert target(nvidia(server_url=url), "yi-large").upstream.model == "01-ai/yi-large"


def test_a_turned_redirect_takes_no_share_of_a_name_another_service_has() -> None:
    nvidia = {
        "models": ["01-ai/yi-large", "google/gemma-7b"],
        "model_redirect": {"01-ai/yi-large": "yi-large", "google/gemma-7b": "gemma-7b"},
        "server_url": "https://integrate.api.nvidia.com/v1",
        "enabled": True,
    }
    lingyi = {"models": ["yi-large"], "server_url": "https://api.lingyiwanwu.com/v1", "enabled": True}
    text = json.dumps({"services": {"openai": [nvidia, lingyi]}}).encode()
    decided = decide(parse(text, "config.json"))
    found = decided.route("yi-large")
    assert found is not None
    assert [(target.service, target.upstream.model) for target in found.targets] == [("openai-2", "yi-large")]
    bare = decided.route("gemma-7b")
    assert bare is not None
    assert bare.targets[0].upstream.model == "google/gemma-7b"
    notes = [row.note for row in decided.ledger if row.pointer.endswith("model_redirect/01-ai~1yi-large")]
    assert "another service's name" in notes[0]
