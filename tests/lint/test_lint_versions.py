"""What the linter says where the versions of the gateway part, and of what only one of them has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from configurations import Config, openai, service

from one_adapter.config.document import load, parse
from one_adapter.dialect import DIALECTS
from one_adapter.finding import Finding
from one_adapter.lint import judge

ROOT = Path(__file__).resolve().parents[2]
LIST = "/services/openai/0/credential_list"


def found(config: Config, version: str, *codes: str) -> list[Finding]:
    findings = judge(parse(json.dumps(config).encode(), "config.json"), DIALECTS[version])
    return [one for one in findings if one.code in codes]


def codes(config: Config, version: str, *asked: str) -> set[str]:
    return {one.code for one in found(config, version, *asked)}


def keys(*fields: Config, **more: Any) -> Config:
    """A configuration with one service whose list has a key for each of `fields`."""
    entries = [{"api_key": f"sk-4f9a1c2b{number}", **one} for number, one in enumerate(fields)]
    return openai(service("gpt-4o", credentials=None, credential_list=entries, **more))


TWO_SERVICES = openai(service("gpt-4o"), service("gpt-4o"))


@pytest.mark.parametrize(
    ("word", "version", "said"),
    [
        ("round_robin", "0.10", {"SOA401", "SOA430"}),
        ("round_robin", "0.12", {"SOA430"}),
        ("hash", "0.10", {"SOA402", "SOA430"}),
        ("hash", "0.12", {"SOA407", "SOA430"}),
        *[(word, version, set()) for word in ("rr", "random", "rand", "first") for version in DIALECTS],
    ],
)
def test_a_word_of_load_balancing_is_told_by_what_it_does(word: str, version: str, said: set[str]) -> None:
    config = {**TWO_SERVICES, "load_balancing": word}
    assert codes(config, version, "SOA401", "SOA402", "SOA407", "SOA430") == said


def test_a_draw_among_one_is_no_draw() -> None:
    config = openai(service("gpt-4o"), service("other"), load_balancing="hash")
    assert codes(config, "0.12", "SOA407", "SOA430") == set()


@pytest.mark.parametrize(
    ("limit", "old", "new"),
    [
        ({"qps": 0.5}, "a qps below 1 lets no call through", None),
        ({"rpm": 0.5}, "a rpm below 1 lets no call through", "a rpm below 1 counts as 1"),
        ({"qps": 2, "concurrency": 0.5}, None, "a concurrency below 1 counts as 1"),
        ({"tpm": 0.5}, None, "a tpm below 1 counts as 1"),
        ({"rpm": 1.5}, None, None),
    ],
)
def test_a_limit_below_one_is_told_by_what_it_lets_through(
    limit: Config, old: str | None, new: str | None
) -> None:
    config = openai(service("gpt-4o", limit=limit))
    for version, said in (("0.10", old), ("0.12", new)):
        assert [one.message for one in found(config, version, "SOA410")] == ([said] if said else [])


def test_numbers_and_limits_that_add_up_are_none_too_many() -> None:
    config = keys({"limit": {"rpm": 5, "timeout": 1}}, {}, limit={"qps": 5, "concurrency": 2})
    assert codes(config, "0.10", "SOA411", "SOA412") == {"SOA411", "SOA412"}
    assert codes(config, "0.12", "SOA411", "SOA412") == set()


@pytest.mark.parametrize("version", DIALECTS)
def test_each_fact_that_parts_the_versions_is_told_once_in_a_file(version: str) -> None:
    pool = [
        {"api_key": "sk-4f9a1c2b", "limit": {"qps": 0.5, "rpm": 3, "timeout": 1}},
        {"api_key": "sk-9b2c6d8e"},
    ]
    one = service("gpt-4o", credentials=None, credential_list=pool)
    config = openai(one, one, one, load_balancing="round_robin")
    said = [one.message for one in found(config, version, "SOA430")]
    assert len(said) == 4
    assert len(set(said)) == 4


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.json")), ids=lambda path: path.name)
def test_the_versions_part_in_no_example(path: Path) -> None:
    document = load(str(path))
    ours = {
        version: {(one.code, one.pointer) for one in judge(document, DIALECTS[version])}
        for version in DIALECTS
    }
    assert ours["0.10"] == ours["0.12"]


def test_the_older_gateway_is_told_what_the_newer_refuses() -> None:
    config = keys({"id": "a/b"}, {"enabled": "no"}, limit={"tpm": -1}, upstream_protocol="xml")
    said = found(config, "0.10", "SOA431")
    assert {one.severity for one in said} == {"info"}
    assert [one.pointer.rpartition("/")[2] for one in said] == ["id", "enabled", "tpm", "upstream_protocol"]
    assert all(one.message.startswith("gateway 0.12 refuses this: ") for one in said)
    assert found({**config, "load_balancing": "weighted"}, "0.10", "SOA431") == said
    assert codes(config, "0.12", "SOA431") == set()


@pytest.mark.parametrize(
    ("limit", "timeout", "told"),
    [
        ({"rpm": 5}, None, True),
        ({"rpm": 5, "timeout": 30}, None, True),
        ({"rpm": 5, "timeout": 29}, None, False),
        ({"rpm": 5}, 121, False),
        ({"qps": 5}, None, False),
        ({"concurrency": 1}, None, True),
    ],
)
def test_a_full_key_that_leaves_no_time_for_the_next_is_told(
    limit: Config, timeout: int | None, told: bool
) -> None:
    config = keys({"limit": limit}, {}, timeout=timeout)
    assert bool(found(config, "0.12", "SOA415")) is told
    assert found(keys({"limit": limit}), "0.12", "SOA415") == []
    assert found(keys({"limit": limit}, {"enabled": False}), "0.12", "SOA415") == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gpt-4o", False),
        ("alias", False),
        ("upstream", False),
        ("everywhere", False),
        ("random", False),
        ("GPT-4o", True),
        ("gpt-4*", True),
        ("", True),
    ],
)
def test_a_limit_by_model_is_looked_up_under_four_names_exactly(name: str, told: bool) -> None:
    renames = {"model_redirect": {"alias": "gpt-4o"}, "model_map": {"gpt-4o": "upstream"}}
    config = openai(
        service("gpt-4o", model_limits={name: {"rpm": 5}}, **renames), model_redirect={"everywhere": "gpt-4o"}
    )
    assert bool(found(config, "0.12", "SOA417")) is told
    everything = {**config, "model_redirect": {"all": "gpt-4o"}}
    assert found(everything, "0.12", "SOA417") == []


def test_blanks_around_a_name_count_in_a_keys_limits_alone() -> None:
    limits = {" gpt-4o ": {"rpm": 5, "timeout": 1}}
    assert found(openai(service("gpt-4o", model_limits=limits)), "0.12", "SOA417") == []
    (one,) = found(keys({"model_limits": limits}), "0.12", "SOA417")
    assert one.help == "Remove the blanks around the name."


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"limit": {"qps": "2"}}, True),
        ({"limit": []}, True),
        ({"model_limits": {"gpt-4o": {"timeout": 1.5}}}, True),
        ({"limit": {"qps": 2, "timeout": 30.0}}, False),
        ({"limit": None, "model_limits": None}, False),
    ],
)
def test_limits_that_are_passed_over_in_a_single_credential_are_told(values: Config, told: bool) -> None:
    config = openai(service("gpt-4o", credentials={"api_key": "sk-4f9a1c2b", **values}))
    assert bool(found(config, "0.12", "SOA416")) is told


@pytest.mark.parametrize(
    ("first", "second", "word", "told"),
    [
        ({"limit": {"tpm": 5}}, {}, "random", True),
        ({"limit": {"tpm": 5}}, {"limit": {"tpm": 5}}, "random", False),
        ({"limit": {"tpm": 5}}, {"limit": {"tpm": 5}}, "first", True),
        ({"model_limits": {"gpt-4o": {"tpm": 5}}}, {}, "rr", True),
        ({"limit": {"tpm": 5}}, {"enabled": False}, "first", False),
        ({"limit": {"rpm": 5}}, {}, "first", False),
    ],
)
def test_tokens_come_before_load_balancing(first: Config, second: Config, word: str, told: bool) -> None:
    config = {**keys(first, second), "load_balancing": word}
    assert bool(found(config, "0.12", "SOA419")) is told


@pytest.mark.parametrize("version", DIALECTS)
def test_a_service_whose_keys_are_all_off_is_told_where_that_is_so(version: str) -> None:
    config = keys({"enabled": False}, {"enabled": False})
    assert codes(config, version, "SOA521") == ({"SOA521"} if version == "0.12" else set())


def test_what_a_key_lacks_that_is_off_is_not_told() -> None:
    config = keys({"api_key": "xxx", "enabled": False}, {"api_key": "", "enabled": False}, {})
    assert codes(config, "0.12", "SOA510", "SOA511") == set()
    assert codes(config, "0.10", "SOA510", "SOA511") == {"SOA510", "SOA511"}


def test_a_service_is_judged_by_the_protocol_it_chooses() -> None:
    def one(kind: str, **fields: Any) -> Config:
        return {"services": {kind: [service("m", credentials={"api_key": "sk-4f9a1c2b"}, **fields)]}}

    asked = ("SOA511", "SOA513", "SOA601", "SOA603", "SOA604", "SOA606", "SOA608", "SOA620", "SOA623")
    url = "https://vendor.example/v1/responses"
    for kind in ("qianfan", "xinghuo", "azure", "dashscope", "vertexai"):
        spoken = one(kind, server_url=url, upstream_protocol="responses")
        assert codes(spoken, "0.12", *asked) == set(), kind
        assert codes(spoken, "0.10", *asked), kind
    assert codes(one("openai", upstream_protocol="responses"), "0.12", *asked) == set()
    assert codes(one("openai", upstream_protocol="anthropic_messages"), "0.12", *asked) == set()
    assert codes(one("openai", upstream_protocol="chat_completions"), "0.12", *asked) == {"SOA606"}
