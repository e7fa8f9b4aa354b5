"""What the ledger says where Spark is called at its OpenAI-shaped address."""

from __future__ import annotations

import json

from one_adapter.config.document import parse
from one_adapter.plan.build import decide
from one_adapter.plan.vendors import Options


def verdicts(service: dict[str, object]) -> dict[str, str]:
    text = json.dumps({"services": {"xinghuo": [{"models": ["spark-max"], "enabled": True, **service}]}})
    plan = decide(parse(text.encode(), "config.json"), Options(spark="http"))
    return {row.pointer.rpartition("/")[2]: row.verdict for row in plan.ledger}


def test_the_key_is_made_of_two_credentials_and_the_app_id_is_not_needed() -> None:
    credentials = {"appid": "a", "api_key": "k", "api_secret": "s", "domain": "generalv3.5"}
    found = verdicts({"credentials": credentials})
    assert (found["api_key"], found["api_secret"], found["domain"]) == ("mapped", "mapped", "mapped")
    assert found["appid"] == "dropped"


def test_openrouters_reasoning_is_not_asked_for() -> None:
    assert verdicts({"reasoning_models": {"a": "openrouterr1", "b": "r1"}})["a"] == "approximated"
    assert verdicts({"reasoning_models": {"a": "openrouterr1", "b": "r1"}})["b"] == "mapped"
