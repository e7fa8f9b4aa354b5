"""Known fields: how keys match, and which values the gateway's parser takes."""

from __future__ import annotations

import json

import pytest

from one_adapter.config import fields
from one_adapter.config.document import parse
from one_adapter.config.fields import (
    GATEWAY,
    LIMIT,
    SERVICE,
    TRANSLATION,
    Struct,
    flag_of,
    integer_of,
    known_name,
    members_by_field,
    mismatches,
    number_of,
    text_of,
)
from one_adapter.config.node import Node


def node(text: str, format: str) -> Node:
    root = parse(text.encode(), f"c.{format}").root
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("struct", "key", "format", "expected"),
    [
        (GATEWAY, "api_key", "json", "api_key"),
        (GATEWAY, "API_Key", "json", "api_key"),
        (GATEWAY, "ſervices", "json", "services"),
        (GATEWAY, "api_Key", "json", "api_key"),
        (GATEWAY, "apikey", "json", None),
        (GATEWAY, "API_KEY", "yaml", None),
        (GATEWAY, "api_key", "yaml", "api_key"),
        (TRANSLATION, "prompttemplate", "json", "promptTemplate"),
        (TRANSLATION, "prompt_template", "json", None),
        (TRANSLATION, "prompt_template", "yaml", "promptTemplate"),
        (TRANSLATION, "promptTemplate", "yaml", None),
        (SERVICE, "模型", "json", None),
    ],
)
def test_json_keys_match_in_any_case_and_yaml_keys_exactly(
    struct: Struct, key: str, format: str, expected: str | None
) -> None:
    assert known_name(struct, key, format) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"qps": 1, "QPS": 2}', 2),
        ('{"QPS": 1, "qps": 2}', 2),
        ('{"qps": 1, "QPS": null}', 1),
        ('{"qps": null, "QPS": null}', None),
        ('{"qps": 1, "qps": 2, "Qps": 3}', 3),
    ],
)
def test_of_several_spellings_the_last_that_is_not_null_counts(text: str, expected: int | None) -> None:
    assert members_by_field(LIMIT, node(text, "json"), "json")["qps"].node.value == expected


def refused(config: object, format: str = "json") -> list[str]:
    return [each.pointer for each in mismatches(node(json.dumps(config), format), GATEWAY, format)]


SAMPLE = {
    "server_port": 9090,
    "debug": "yes",
    "api_key": True,
    "log_level": None,
    "proxy": "http://p",
    "circuit_breaker": {"enabled": 1, "failure_threshold": 1.5, "recovery_timeout_seconds": "5"},
    "multi_content_models": ["a", 1, None, []],
    "model_redirect": {"a": 1, "b": None, "c": {}},
    "params_range": {"m": {"temperatureRange": {"min": "0"}, "maxTokens": 1e30}},
    "services": {
        "openai": [None, 5, {"models": "a", "credentials": {"api_key": 5}, "LIMIT": {"qps": "1"}}],
        "zhipu": {},
    },
    "translation": [],
    "api_keys": [{"api_key": 1, "supported_models": {"s": "m", "t": [1]}}],
    "unknown": {"debug": 5},
}


def test_json_takes_the_named_type_or_null() -> None:
    assert refused(SAMPLE) == [
        "/server_port",
        "/debug",
        "/api_key",
        "/proxy",
        "/circuit_breaker/enabled",
        "/circuit_breaker/failure_threshold",
        "/circuit_breaker/recovery_timeout_seconds",
        "/multi_content_models/1",
        "/multi_content_models/3",
        "/model_redirect/a",
        "/model_redirect/c",
        "/params_range/m/temperatureRange/min",
        "/params_range/m/maxTokens",
        "/services/openai/1",
        "/services/openai/2/models",
        "/services/openai/2/LIMIT/qps",
        "/services/zhipu",
        "/translation",
        "/api_keys/0/api_key",
        "/api_keys/0/supported_models/s",
        "/api_keys/0/supported_models/t/0",
    ]


def test_yaml_turns_scalars_into_text_and_words_into_booleans() -> None:
    assert refused(SAMPLE, "yaml") == [
        "/proxy",
        "/circuit_breaker/enabled",
        "/circuit_breaker/recovery_timeout_seconds",
        "/multi_content_models/3",
        "/model_redirect/c",
        "/params_range/m/temperatureRange/min",
        "/params_range/m/maxTokens",
        "/services/openai/1",
        "/services/openai/2/models",
        "/services/zhipu",
        "/translation",
        "/api_keys/0/supported_models/s",
    ]


@pytest.mark.parametrize(
    ("text", "format", "field", "fits"),
    [
        ("9223372036854775807", "json", "timeout", True),
        ("9223372036854775808", "json", "timeout", False),
        ("-9223372036854775808", "json", "timeout", True),
        ("1.0", "json", "timeout", False),
        ("1e1", "json", "timeout", False),
        ("1.9", "yaml", "timeout", True),
        ("1e30", "yaml", "timeout", False),
        (".inf", "yaml", "timeout", False),
        (".inf", "yaml", "qps", True),
        ("1e999", "json", "qps", False),
        ("1.5", "json", "qps", True),
    ],
)
def test_numbers_must_fit_what_the_gateway_keeps_them_in(
    text: str, format: str, field: str, fits: bool
) -> None:
    found = list(mismatches(node(f'{{"{field}": {text}}}', format), LIMIT, format))
    assert (not found) == fits


def test_a_mismatch_says_what_was_expected() -> None:
    (found,) = mismatches(node('{"debug": 1}', "json"), GATEWAY, "json")
    assert (found.pointer, found.expected, found.node.value) == ("/debug", "bool", 1)


@pytest.mark.parametrize(
    ("text", "format", "as_text", "as_flag", "as_number", "as_integer"),
    [
        ('"x"', "json", "x", None, 0, 0),
        ("null", "json", "", None, 0, 0),
        ("[]", "json", "", None, 0, 0),
        ("true", "json", "", True, 0, 0),
        ("1.9", "json", "", None, 1.9, 1),
        ("0x10", "yaml", "0x10", None, 16, 16),
        ("True", "yaml", "True", True, 0, 0),
        ("yes", "yaml", "yes", True, 0, 0),
        ("Off", "yaml", "Off", False, 0, 0),
        (".inf", "yaml", ".inf", None, float("inf"), 0),
        ("-1.5", "yaml", "-1.5", None, -1.5, -1),
    ],
)
def test_a_value_is_taken_as_what_is_wanted_or_as_absent(
    text: str, format: str, as_text: str, as_flag: bool | None, as_number: float, as_integer: int
) -> None:
    value = node(text, format)
    assert (text_of(value), flag_of(value)) == (as_text, as_flag)
    assert (number_of(value), integer_of(value)) == (as_number, as_integer)


def test_no_value_is_absent() -> None:
    assert (text_of(None), flag_of(None), number_of(None), integer_of(None)) == ("", None, 0, 0)


def test_not_a_number_is_no_integer() -> None:
    assert integer_of(node(".nan", "yaml")) == 0


def test_every_known_name_is_found_in_its_own_spelling() -> None:
    for struct in (value for value in vars(fields).values() if isinstance(value, Struct)):
        for name in struct.fields:
            assert known_name(struct, name, "json") == name
            assert known_name(struct, struct.written(name, "yaml"), "yaml") == name
