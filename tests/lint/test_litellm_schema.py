"""The schema of LiteLLM's configuration: fresh, a schema, and of one mind with what export writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_runner import runner
from jsonschema import Draft7Validator
from litellm_schema import PLACE, written

from one_adapter.commands.lint import schema_command
from one_adapter.lint.litellm.schema import schema_text

ROOT = Path(__file__).resolve().parents[2]
PERMISSIVE = Draft7Validator(json.loads(schema_text()))
STRICT = Draft7Validator(json.loads(schema_text(strict=True)))
LITELLM_FILES = [
    path
    for path in sorted((ROOT / "tests" / "golden").rglob("*.yaml"))
    if "model_list:" in path.read_text("utf-8")
]
DEPLOYMENT: dict[str, Any] = {"model_name": "a", "litellm_params": {"model": "openai/gpt-4o"}}


def faults(validator: Draft7Validator, value: Any) -> list[str]:
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]


def test_the_schema_is_fresh() -> None:
    assert PLACE.read_text(encoding="utf-8") == written(), "run python docs/litellm_schema.py"


def test_it_is_a_schema_of_draft_7() -> None:
    for validator in (PERMISSIVE, STRICT):
        Draft7Validator.check_schema(validator.schema)
        assert validator.schema["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("path", LITELLM_FILES, ids=lambda path: path.name)
def test_what_export_writes_is_valid_strictly(path: Path) -> None:
    assert faults(STRICT, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "value",
    [
        {"model_list": [DEPLOYMENT]},
        {
            "model_list": [
                {**DEPLOYMENT, "litellm_params": {"model": "openai/x", "anything": {"at": ["all"]}}}
            ]
        },
        {"model_list": None, "litellm_settings": None},
        {"model_list": [{**DEPLOYMENT, "litellm_params": {"model": "openai/x", "organization": ["a", "b"]}}]},
        {
            "model_list": [
                {"model_name": "a", "litellm_params": {"model": "x", "rpm": "100", "timeout": "os.environ/T"}}
            ]
        },
        {"litellm_settings": {"drop_params": "os.environ/DROP", "callbacks": ["langfuse", "custom.handler"]}},
        {"router_settings": {"routing_strategy": "simple-shuffle", "fallbacks": [{"a": ["b"]}]}},
        {"general_settings": {"master_key": "os.environ/KEY", "disable_spend_logs": True}},
        {
            "guardrails": [
                {"guardrail_name": "g", "litellm_params": {"guardrail": "presidio", "mode": "pre_call"}}
            ]
        },
        {"mcp_servers": {"deep": {"url": "https://mcp.example/mcp", "transport": "http"}}},
        {"x-defaults": {"a": 1}, "model_list": []},
    ],
    ids=str,
)
def test_what_litellm_takes_is_valid(value: Any) -> None:
    assert faults(STRICT, value) == []
    assert faults(PERMISSIVE, value) == []


@pytest.mark.parametrize(
    "value",
    [
        {"model_list": {}},
        {"model_list": [{"model_name": "a"}]},
        {"model_list": [{"model_name": "a", "litellm_params": {"model": 5}}]},
        {"model_list": [{"model_name": "a", "litellm_params": {"model": "x", "rpm": "many"}}]},
        {"litellm_settings": []},
        {"router_settings": {"routing_strategy": "simple_shuffle"}},
        {"mcp_servers": []},
    ],
    ids=str,
)
def test_what_is_never_right_is_refused(value: Any) -> None:
    assert faults(PERMISSIVE, value)


@pytest.mark.parametrize(
    "value",
    [
        {"general_setting": {}},
        {"fallbacks": []},
        {"general_settings": {"num_retries": 3}},
        {"litellm_settings": {"num_retires": 3}},
        {"router_settings": {"num_retires": 3}},
        {"model_list": [{**DEPLOYMENT, "rpm": 5}]},
        {"router_settings": {"retry_policy": {"TimeoutRetries": 3}}},
    ],
    ids=str,
)
def test_only_the_strict_one_refuses_what_litellm_passes_over(value: Any) -> None:
    assert faults(STRICT, value)
    assert faults(PERMISSIVE, value) == []


def test_the_command_prints_both() -> None:
    assert runner().invoke(schema_command, ["--litellm"]).stdout == schema_text()
    assert runner().invoke(schema_command, ["--litellm", "--strict"]).stdout == schema_text(strict=True)
    assert runner().invoke(schema_command, ["--strict"]).exit_code == 2
