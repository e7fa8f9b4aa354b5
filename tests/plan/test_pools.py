"""The keys of a pool: who answers how often, whose turns a key takes, and what comes next when it fails."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest
from configurations import Config, openai, plan, service, shares
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.dialect import V0_10, V0_12, Dialect, hashed
from one_adapter.plan.pools import after, pools_of
from one_adapter.plan.types import Route, Target


def keys(*words: str, **limits: dict[str, Any]) -> list[Config]:
    """Keys of these ids; `off` is one that is switched off, and a limit by the id is its own."""
    made = []
    for number, word in enumerate(words):
        key: Config = {"api_key": f"sk-{number}"}
        key |= {"enabled": False} if word == "off" else {"id": word}
        made.append(key | ({"limit": limits[word]} if word in limits else {}))
    return made


def pool(*words: str, order: str = "rr", **limits: dict[str, Any]) -> Config:
    return openai(service("m", credential_list=keys(*words, **limits)), load_balancing=order)


def route(config: Config, name: str = "m", **options: Any) -> Route:
    found = plan(config, **options).route(name)
    assert found is not None
    return found


def by_key(targets: Iterable[Target]) -> dict[str, Fraction]:
    return {each.key: each.share for each in targets}


HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


@pytest.mark.parametrize(
    ("words", "order", "expected"),
    [
        ("A B", "first", {"A": 1, "B": 0}),
        ("A B", "random", {"A": HALF, "B": HALF}),
        ("A B", "rand", {"A": HALF, "B": HALF}),
        ("A B", "rr", {"A": HALF, "B": HALF}),
        ("A B", "round_robin", {"A": HALF, "B": HALF}),
        ("A B", "hash", {"A": 0, "B": 1}),
        ("A B C", "first", {"A": 1, "B": 0, "C": 0}),
        ("A B C", "random", {"A": THIRD, "B": THIRD, "C": THIRD}),
        ("A B C", "hash", {"A": 0, "B": 1, "C": 0}),
        ("A off C", "first", {"A": 1, "C": 0}),
        ("off B C", "first", {"B": 1, "C": 0}),
        ("A off C", "random", {"A": THIRD, "C": 2 * THIRD}),
        ("A off C", "rr", {"A": THIRD, "C": 2 * THIRD}),
        ("A off C", "hash", {"A": 0, "C": 1}),
        ("A B off", "rr", {"A": 2 * THIRD, "B": THIRD}),
        ("off off C", "rr", {"C": 1}),
        ("A off", "hash", {"A": 1}),
    ],
)
def test_shares_in_the_long_run(words: str, order: str, expected: dict[str, Fraction]) -> None:
    assert by_key(route(pool(*words.split(), order=order)).targets) == expected


@pytest.mark.parametrize("order", ["first", "random", "rr", "hash"])
def test_keys_with_tokens_a_minute_share_by_them_whatever_the_order(order: str) -> None:
    equal = pool("A", "B", order=order, A={"tpm": 9}, B={"tpm": 9})
    assert by_key(route(equal).targets) == {"A": HALF, "B": HALF}
    assert route(equal).notes == ()
    larger = pool("A", "B", order=order, A={"tpm": 30}, B={"tpm": 10})
    assert by_key(route(larger).targets) == {"A": Fraction(3, 4), "B": Fraction(1, 4)}
    assert "a busy minute" in route(larger).notes[0]
    one = pool("A", "B", order=order, B={"tpm": 10})
    assert by_key(route(one).targets) == {"A": 0, "B": 1}
    assert "used up their minute" in route(one).notes[0]


@pytest.mark.parametrize("kind", ["qps", "qpm", "rpm", "concurrency"])
def test_no_other_limit_changes_the_order(kind: str) -> None:
    found = route(pool("A", "B", order="first", B={kind: 1}))
    assert by_key(found.targets) == {"A": 1, "B": 0}
    assert found.notes == ()


def test_tokens_of_a_model_count_by_the_name_the_client_sends() -> None:
    listed = keys("A", "B", A={"tpm": 10}, B={"tpm": 10})
    listed[0]["model_limits"] = {"m": {"tpm": 30}, "other": {"tpm": 90}}
    config = openai(
        service("m", credential_list=listed, model_redirect={"nick": "m"}),
        model_redirect={"far": "m", "other": "m"},
    )
    assert by_key(route(config).targets) == {"A": Fraction(3, 4), "B": Fraction(1, 4)}
    assert by_key(route(config, "nick").targets) == {"A": HALF, "B": HALF}
    assert by_key(route(config, "far").targets) == {"A": HALF, "B": HALF}
    assert by_key(route(config, "other").targets) == {"A": Fraction(9, 10), "B": Fraction(1, 10)}


def test_embeddings_know_no_order_by_tokens() -> None:
    found = route(pool("A", "B", order="first", A={"tpm": 9}, B={"tpm": 9}))
    assert found.embedding_targets is not None
    assert by_key(found.embedding_targets) == {"A": 1, "B": 0}


def test_the_turns_of_a_key_that_is_off_go_to_the_next_round_the_list() -> None:
    found = route(pool("off", "B", "off", "off", "E", "off"))
    assert {each.key: each.places for each in found.targets} == {"B": (0, 1, 5), "E": (2, 3, 4)}
    assert [each.credential for each in found.targets] == [1, 4]
    assert [each.places for each in route(pool("A")).targets] == [()]


def test_a_key_is_followed_by_the_others_round_the_list() -> None:
    found = route(pool("A", "off", "C", "D", order="first")).targets
    following = {each.key: [one.key for one in after(each, pools_of(found))] for each in found}
    assert following == {"A": ["C", "D"], "C": ["D", "A"], "D": ["A", "C"]}


def test_nothing_follows_in_another_service_or_in_0_10() -> None:
    config = openai(service("m", credential_list=keys("A", "B")), service("m"))
    for dialect, first in ((V0_12, ["B"]), (V0_10, [])):
        found = route(config, gateway=dialect).targets
        then = [[one.key for one in after(each, pools_of(found))] for each in found]
        assert then[0] == first
        assert then[-1] == []


def test_random_keeps_the_model_it_drew_when_a_key_fails() -> None:
    config = openai(service("m", "n", credential_list=keys("A", "B")))
    found = route(config, "random").targets
    follow = {
        (each.key, each.upstream.model): [
            (one.key, one.upstream.model) for one in after(each, pools_of(found))
        ]
        for each in found
    }
    assert follow[("A", "m")] == [("B", "m")]
    assert follow[("B", "n")] == [("A", "n")]


@pytest.mark.parametrize("name", ["m", "a", "gpt-4o"])
def test_hash_gives_a_name_to_one_service_and_keeps_the_others_for_an_open_breaker(name: str) -> None:
    config = openai(*[service(name) for _ in range(3)], load_balancing="hash")
    chosen = hashed(name, 3)
    assert [each.share for each in route(config, name).targets] == [
        int(place == chosen) for place in range(3)
    ]
    off = {**config, "circuit_breaker": {"enabled": False}}
    assert [each.service for each in route(off, name).targets] == [f"openai-{chosen + 1}"]


def test_hash_counts_a_service_as_often_as_it_has_entered_itself() -> None:
    config = openai(
        service("u", "x", "y", model_redirect={"nick": "u"}), service("nick"), load_balancing="hash"
    )
    chosen = "openai-1/0" if hashed("nick", 4) < 3 else "openai-2/0"
    assert shares(config, "nick") == {chosen: 1.0}
    assert [each.turns for each in route(config, "nick").targets] == [3, 1]


def test_a_global_redirect_is_hashed_under_the_name_it_leads_to() -> None:
    names = [f"alias-{number}" for number in range(9)]
    config = openai(
        *[service("m") for _ in range(3)], load_balancing="hash", model_redirect=dict.fromkeys(names, "m")
    )
    assert all(shares(config, name) == shares(config, "m") for name in names)


def test_a_service_whose_keys_are_all_off_is_left_out_and_said_to_be() -> None:
    config = openai(
        service("m", credential_list=keys("off", "off"), credentials={"api_key": "k"}), service("m")
    )
    assert shares(config, "m") == {"openai-2/0": 1.0}
    assert [task.code for task in plan(config).tasks if task.code == "keys-off"] == ["keys-off"]
    alone = openai(service("m", credential_list=keys("off")))
    assert route(alone).targets == ()
    assert route(alone).listed
    row = next(row for row in plan(alone).ledger if row.pointer.endswith("/models/0"))
    assert (row.verdict, "switched off" in row.note) == ("dropped", True)
    assert shares(config, "m", gateway=V0_10) == {"openai-1/0": 0.25, "openai-1/1": 0.25, "openai-2/0": 0.5}


@pytest.mark.parametrize("version", [V0_10, V0_12])
def test_a_key_with_which_there_is_nothing_to_ask_leaves_the_others_to_answer(version: Dialect) -> None:
    listed = [{"api_key": "a"}, {"api_key": "b", "domain": "own"}, {"api_key": "c", "domain": "own"}]
    entry = service("m", server_url="wss://spark.example/chat", credential_list=listed)
    config = {"load_balancing": "rr", "services": {"xinghuo": [entry]}}
    found = route(config, gateway=version).targets
    assert [each.credential for each in found] == [1, 2]
    assert sum(each.share for each in found) == 1
    assert not [task for task in plan(config, gateway=version).tasks if task.code == "no-address"]
    row = next(row for row in plan(config, gateway=version).ledger if row.pointer.endswith("/models/0"))
    assert row.verdict == "mapped"


@pytest.mark.parametrize("off", [0, 1, 2, 3])
@pytest.mark.parametrize("name", ["m", "n", "o", "p"])
def test_hash_counts_a_service_whose_keys_are_all_off(name: str, off: int) -> None:
    every = [
        service(name, credential_list=keys("off" if number == off else "on"), id=f"s{number}")
        for number in range(4)
    ]
    found = route(openai(*every, load_balancing="hash"), name).targets
    meant = hashed(name, 4)
    chosen = [each.service for each in found if each.share == 1]
    assert chosen == [f"s{meant}"] if meant != off else chosen
    places = [each.service for each in found for _ in range(each.turns)]
    assert len(places) == 4
    assert [places[hashed(name, 4)]] == chosen


def test_names_tell_that_their_keys_are_all_off() -> None:
    lone = service("m", "n", credential_list=keys("off"), model_redirect={"short": "m"})
    found = plan(openai(lone, service("n"), load_balancing="first", model_redirect={"alias": "m"}))
    off = {each.name: each.off for each in found.routes if each.off}
    assert off == {"m": "openai-1", "short": "openai-1", "alias": "openai-1", "random": "openai-1"}
    assert not any(each.off for each in plan(openai(lone), gateway=V0_10).routes)


@given(st.lists(st.booleans(), min_size=2, max_size=7), st.sampled_from(["first", "random", "rr", "hash"]))
def test_every_place_of_a_pool_belongs_to_one_key_that_is_on(on: list[bool], order: str) -> None:
    found = route(pool(*[f"k{n}" if each else "off" for n, each in enumerate(on)], order=order)).targets
    assert [each.credential for each in found] == [n for n, each in enumerate(on) if each]
    if found:
        assert sorted(place for each in found for place in each.places) == list(range(len(on)))
        assert all(each.credential in each.places for each in found)
        assert sum(each.share for each in found) == 1
