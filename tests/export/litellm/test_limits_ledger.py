"""What the ledger says of limits is what the exported file does about them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from configurations import Config, configurations, document, openai, service
from hypothesis import given, settings

from one_adapter.config.node import segments
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import DIALECTS, Dialect
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options

LIMITS = {"limit", "embedding_limit", "model_limits"}
NUMBERS = {"qps", "qpm", "rpm", "tpm", "concurrency", "timeout"}


def exported(config: Config, gateway: Dialect) -> tuple[Plan, str]:
    source = document(config)
    plan = decide(source, Options(gateway=gateway))
    return plan, proxy_config(plan, secrets_of(read_gateway(source, gateway), plan))


def without(config: Config, path: list[str]) -> Config:
    """The same configuration with null at a place."""
    made: Config = json.loads(json.dumps(config))
    inner: Any = made
    for step in path[:-1]:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[path[-1]] = None
    return made


def differs(config: Config, gateway: Dialect) -> dict[tuple[str, ...], tuple[bool, bool]]:
    """Of each number of a limit whether the ledger says that it does something, and whether it does."""
    plan, whole = exported(config, gateway)
    found = {}
    for row in plan.ledger:
        path = list(segments(row.pointer))
        if path and path[-1].lower() in NUMBERS and LIMITS & {step.lower() for step in path[3:-1]}:
            _, other = exported(without(config, path), gateway)
            found[tuple(path)] = (row.verdict != "inert", other != whole)
    return found


@settings(max_examples=15, deadline=None)
@given(configurations())
def test_without_a_limit_that_is_said_to_be_inert_the_exported_file_is_the_same(config: Config) -> None:
    for gateway in DIALECTS.values():
        for path, (said, done) in differs(config, gateway).items():
            assert said or not done, (gateway.version, path)


@pytest.mark.parametrize("version", DIALECTS)
def test_every_other_one_changes_it(version: str) -> None:
    numbers = {"qps": 1, "qpm": 5, "rpm": 4, "concurrency": 3, "tpm": 9, "timeout": 2}
    key = {"api_key": "a", "limit": numbers, "model_limits": {"m": numbers, "nick": numbers, "gone": numbers}}
    config = openai(
        service(
            "m",
            embedding_models=["e"],
            model_redirect={"nick": "m"},
            credential_list=[key, {"api_key": "b"}],
            limit=numbers,
            embedding_limit=numbers,
            model_limits={"m": numbers, "gone": numbers},
        )
    )
    told = differs(config, DIALECTS[version])
    assert len(told) == 48
    assert all(said is done for said, done in told.values())
    assert sum(said for said, _ in told.values()) == {"0.10": 4, "0.12": 30}[version]
