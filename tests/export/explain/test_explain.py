"""The plan for people and programs."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import openai, plan, service

from one_adapter.config.document import Span
from one_adapter.dialect import V0_10
from one_adapter.export.explain.as_text import explain_json, explain_mermaid, explain_text
from one_adapter.export.table import table
from one_adapter.finding import Finding
from one_adapter.language import width


def text(config: dict[str, Any], model: str | None = None) -> list[list[str]]:
    """The table's cells, without its head and what is said below it."""
    shown = explain_text(plan(config), model).split("\n\n")[0]
    return [line.split() for line in shown.splitlines()[1:]]


def test_a_name_has_a_line_for_each_upstream() -> None:
    config = openai(service("m", model_redirect={"nick": "m"}), service("nick", credential_list=[{}, {}]))
    assert text(config, "nick") == [
        ["nick", "50%", "openai-1", "https://vendor-1.example/v1", "m"],
        ["25%", "openai-2", "key-1", "https://vendor-2.example/v1", "nick"],
        ["25%", "openai-2", "key-2", "https://vendor-2.example/v1", "nick"],
    ]


def test_shares_are_told_to_a_tenth_where_they_need_it() -> None:
    config = openai(service("m"), service("m"), service("m"))
    assert [row[-4] for row in text(config, "m")] == ["33.3%"] * 3


def test_a_spare_is_called_one() -> None:
    assert [row[-4] for row in text(openai(service("m"), service("m"), load_balancing="first"), "m")] == [
        "100%",
        "spare",
    ]


def test_a_name_with_many_upstreams_is_told_in_one_line_unless_asked_for() -> None:
    config = openai(*[service("m") for _ in range(7)])
    assert text(config)[0] == ["m", "100%", "7", "services", "7", "upstreams", "(see", "--model)"]
    assert len(text(config, "m")) == 7


def test_a_name_that_leads_nowhere_says_so() -> None:
    assert text({"services": {"openai": [service("made-up")]}}, "made-up")[0][:2] == ["made-up", "100%"]
    assert text({"services": {"azure": [service("a")]}}, "a") == [["a", "-", "-", "(no", "upstream)", "-"]]


def test_a_name_nobody_has_is_told() -> None:
    assert explain_text(plan({}), "gone") == "no name 'gone' is served"


def test_all_stands_first_and_answers_for_any_model() -> None:
    config = openai(service("m"), model_redirect={"all": "m"})
    assert explain_text(plan(config)).splitlines()[1].startswith("(any name)")
    assert explain_text(plan(config), "whatever").splitlines()[1].startswith("(any name)")


def test_a_password_in_an_address_is_not_shown() -> None:
    decided = plan(openai(service("m", server_url="http://me:pw@h.example/v1")))
    shown = explain_text(decided) + explain_mermaid(decided) + str(explain_json(decided, []))
    assert "http://h.example/v1" in shown
    assert "pw@" not in shown


def test_control_characters_are_shown_and_not_acted_upon() -> None:
    shown = explain_text(plan(openai(service("a\x1b[31m")))) + explain_mermaid(
        plan(openai(service("a\x1b[31m")))
    )
    assert "\x1b" not in shown
    assert "a\\x1b[31m" in shown


def test_the_graph_has_names_services_and_upstreams_once_each() -> None:
    drawn = explain_mermaid(
        plan(openai(service("m", 'say "<hi>"', model_redirect={"nick": "m"})))
    ).splitlines()
    assert drawn[0] == "flowchart LR"
    assert sum('(["' in line for line in drawn) == 4
    assert sum('[["' in line for line in drawn) == 2
    assert '  s0["openai-1"]' in drawn
    assert any("say #quot;#lt;hi#gt;#quot;" in line for line in drawn)
    assert "  n0 -->|100%| s0" in drawn
    assert len(drawn) == len(set(drawn))


FOUND = Finding("SOA301", "redirects-reversed", "warning", "/services", Span(1, 2), 1, 2, "so it is")


def test_json_tells_every_kind_of_limit() -> None:
    keys = [{"api_key": "a", "limit": {"qps": 2}}, {"api_key": "b"}]
    proxy = {"strategy": "force_all", "type": "http", "http_proxy": "http://p", "https_proxy": "http://q"}
    config = openai(
        service("m", limit={"rpm": 5}, timeout=7),
        service("n", credential_list=keys, embedding_limit={"concurrency": 3}),
        proxy=proxy,
    )
    assert explain_json(plan(config), [])["services"] == {
        "openai-1": {
            "limit": {"qpm": 5, "wait_seconds": 120},
            "timeout": 7,
            "proxy": ["http", "https"],
        },
        "openai-2": {
            "limit": None,
            "timeout": 30,
            "proxy": ["http", "https"],
            "embedding_limit": {"concurrency": 3, "wait_seconds": 30},
            "keys": [
                {"key": "key-1", "name": "Key 1", "enabled": True, "limit": {"qps": 2}, "model_limits": {}},
                {"key": "key-2", "name": "Key 2", "enabled": True, "limit": None, "model_limits": {}},
            ],
        },
    }


def test_json_tells_what_answers_every_name_and_where_embeddings_go() -> None:
    config = openai(service("m", model_map={"m": "mapped"}), model_redirect={"all": "m"})
    found = explain_json(plan(config), [FOUND])
    assert [each["model"] for each in found["any"]["targets"]] == ["mapped"]
    assert [each["model"] for each in found["models"]["m"]["embedding_targets"]] == ["m"]
    assert found["findings"] == [FOUND.to_json()]
    assert explain_json(plan(openai(service("m"))), [])["any"] is None


@pytest.mark.parametrize(
    ("shown", "columns"), [("abc", 3), ("通义", 4), ("e\u0301", 1), ("a\u200bb", 2), ("ＡＢ", 4)]
)
def test_chinese_takes_two_columns(shown: str, columns: int) -> None:
    assert width(shown) == columns


def test_columns_line_up_whatever_is_in_them() -> None:
    lines = table(["N", "S"], [["通义", "5%"], ["b", "100%"]], right=frozenset([1])).splitlines()
    assert {width(line) for line in lines} == {10}


# Pools of keys.

POOL = openai(
    service("m", credential_list=[{"id": "main"}, {"id": "old", "enabled": False}, {}]),
    service("m"),
    load_balancing="rr",
)


def test_below_the_table_stand_the_order_and_what_follows_a_key_that_fails() -> None:
    shown = explain_text(plan(POOL), "m")
    assert "Order rr: services take turns" in shown
    words = " ".join(shown.split())
    assert (
        "openai-1: a key that fails is followed by the next of main, key-3, then main again; old is off."
        in words
    )
    assert "openai-2:" not in words
    below = shown.split("\n\n")[1]
    assert max(map(len, below.splitlines())) <= 80


def test_nothing_stands_below_where_there_is_nothing_to_choose_or_the_gateway_has_no_pools() -> None:
    assert "Order" not in explain_text(plan(openai(service("m"))))
    assert "Order" not in explain_text(plan(POOL, gateway=V0_10))


def test_what_shares_depend_on_is_said_in_text_and_json() -> None:
    keys = [{"limit": {"tpm": 9}}, {}]
    decided = plan(openai(service("m", credential_list=keys)))
    note = "openai-1: keys with tpm answer first; the others when those have used up their minute"
    assert f"{note}." in " ".join(explain_text(decided, "m").split())
    assert explain_json(decided, [])["models"]["m"]["notes"] == [note]
    assert "notes" not in explain_json(plan(POOL), [])["models"]["m"]


def test_json_tells_the_order_the_key_and_what_is_tried_next() -> None:
    found = explain_json(plan(POOL), [])
    assert (found["gateway"], found["models"]["m"]["order"]) == ("0.12", "rr")
    targets = found["models"]["m"]["targets"]
    assert [(each["key"], each["credential"]) for each in targets[:2]] == [("main", 0), ("key-3", 2)]
    assert [each["then"] for each in targets] == [
        [{"service": "openai-1", "credential": 2, "key": "key-3"}],
        [{"service": "openai-1", "credential": 0, "key": "main"}],
        [],
    ]
    old = explain_json(plan(POOL, gateway=V0_10), [])
    assert old["gateway"] == "0.10"
    assert all(each["then"] == [] and "key" not in each for each in old["models"]["m"]["targets"])


def test_the_graph_leads_from_a_key_to_the_one_that_follows() -> None:
    drawn = explain_mermaid(plan(POOL), "m").splitlines()
    assert '  s0["openai-1 main"]' in drawn
    assert "  s0 -.->|when it fails| s1" in drawn
    assert "  s1 -.->|when it fails| s0" in drawn
    assert "fails" not in explain_mermaid(plan(POOL, gateway=V0_10), "m")


def test_an_alias_of_any_name_is_told_as_the_name_it_leads_to_is() -> None:
    config = openai(service("m", credential_list=[{}, {}]), model_redirect={"all": "m"})
    found = explain_json(plan(config), [])
    assert [each["then"] for each in found["any"]["targets"]] == [
        [{"service": "openai-1", "credential": 1, "key": "key-2"}],
        [{"service": "openai-1", "credential": 0, "key": "key-1"}],
    ]
