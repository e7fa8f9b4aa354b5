from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from one_adapter.dialect import hashed
from one_adapter.runtime.gateway.pools import pools_of
from one_adapter.runtime.gateway.rotation import Rotation
from one_adapter.runtime.gateway.settings import Policy


def policy(service: str, credential: int = 0, order: str = "rr", **more: float) -> Policy:
    known = {"turns": int(more.get("turns", 1)), "weight": more.get("weight", 1.0)}
    return Policy(id=f"{service}.{credential}", service=service, credential=credential, order=order, **known)


def names(rotation: Rotation, policies: list[Policy], count: int, group: str = "m") -> list[str]:
    return [first(rotation, policies, group).id for _ in range(count)]


def first(rotation: Rotation, policies: list[Policy], group: str = "m") -> Policy:
    """What is tried first."""
    return rotation.order(rotation.draw(group, pools_of(policies)))[0]


def test_in_turn_services_alternate_beginning_with_the_first() -> None:
    policies = [policy("a"), policy("b"), policy("c")]
    assert names(Rotation(random.random), policies, 7) == ["a.0", "b.0", "c.0"] * 2 + ["a.0"]


def test_the_turn_at_which_a_rotation_begins_is_the_gateways() -> None:
    rotation, pools = Rotation(random.random), pools_of([policy("a"), policy("b", 0), policy("b", 1)])
    drawn = [rotation.order(rotation.draw("m", pools, 1), 1)[0].id for _ in range(4)]
    assert drawn == ["b.1", "a.0", "b.0", "a.0"]


def test_a_service_has_as_many_turns_in_a_row_as_it_is_listed() -> None:
    policies = [policy("a", turns=2), policy("b")]
    assert names(Rotation(random.random), policies, 6) == ["a.0", "a.0", "b.0"] * 2


def test_credentials_rotate_within_their_service() -> None:
    policies = [policy("a", 0), policy("a", 1), policy("b", 0), policy("b", 1)]
    assert names(Rotation(random.random), policies, 5) == ["a.0", "b.0", "a.1", "b.1", "a.0"]


def test_the_rotation_of_credentials_is_shared_by_the_models_of_a_service() -> None:
    rotation, policies = Rotation(random.random), [policy("a", 0), policy("a", 1)]
    assert names(rotation, policies, 1, "m1") == ["a.0"]
    assert names(rotation, policies, 1, "m2") == ["a.1"]


def test_each_model_has_its_own_rotation_of_services() -> None:
    rotation, policies = Rotation(random.random), [policy("a"), policy("b")]
    assert names(rotation, policies, 1, "m1") == names(rotation, policies, 1, "m2") == ["a.0"]


def test_first_is_always_the_first() -> None:
    policies = [policy("a", order="first"), policy("b", order="first", weight=0)]
    assert set(names(Rotation(random.random), policies, 5)) == {"a.0"}


def test_a_spare_answers_when_only_spares_are_left() -> None:
    spare = policy("b", order="first", weight=0)
    assert names(Rotation(random.random), [spare, policy("c", order="first", weight=0)], 2) == ["b.0", "b.0"]


def test_by_chance_the_weights_are_the_shares() -> None:
    policies = [policy("a", order="random", weight=3), policy("b", order="random", weight=1)]
    counts = Counter(names(Rotation(random.Random(1).random), policies, 4000))
    assert 0.72 < counts["a.0"] / 4000 < 0.78


def test_chance_without_weights_is_even_and_its_edge_is_the_last() -> None:
    policies = [policy("a", order="random", weight=0), policy("b", order="random", weight=0)]
    assert names(Rotation(lambda: 0.6), policies, 1) == ["b.0"]
    assert names(Rotation(lambda: 1.0), policies, 1) == ["b.0"]


def test_a_spare_has_no_turn_while_another_can_answer() -> None:
    policies = [policy("a"), policy("spare", weight=0), policy("b")]
    assert names(Rotation(random.random), policies, 4) == ["a.0", "b.0", "a.0", "b.0"]


def test_spares_take_turns_among_themselves_when_only_they_are_left() -> None:
    spares = [policy("b", weight=0), policy("c", weight=0)]
    assert names(Rotation(random.random), spares, 3) == ["b.0", "c.0", "b.0"]


def test_the_last_one_left_answers_and_costs_nobody_a_turn() -> None:
    rotation, policies = Rotation(random.random), [policy("a"), policy("b")]
    assert names(rotation, policies[:1], 3) == ["a.0"] * 3
    assert names(rotation, policies, 1) == ["a.0"]


def test_chance_draws_each_deployment_where_its_share_lies() -> None:
    policies = [policy("a", order="random", weight=1), policy("b", order="random", weight=3)]
    drawn = [first(Rotation(lambda point=point: point), policies).service for point in (0, 0.24, 0.26, 0.99)]
    assert drawn == ["a", "a", "b", "b"]


def test_a_hash_gives_one_service_all_requests_for_a_name() -> None:
    policies = [policy(name, order="hash", weight=0) for name in ("a", "b", "c")]
    drawn = {group: set(names(Rotation(random.random), policies, 5, group)) for group in ("m", "n", "o")}
    expected = {group: {f"{'abc'[hashed(group, 3)]}.0"} for group in drawn}
    assert drawn == expected
    assert len(set(map(str, drawn.values()))) > 1, "names fall on different services"


def test_a_hash_falls_on_the_services_that_are_left_and_counts_their_turns() -> None:
    policies = [policy("a", order="hash", turns=3), policy("b", order="hash")]
    by_turns = ["a.0", "a.0", "a.0", "b.0"]
    groups = [f"name-{number}" for number in range(20)]
    found = [names(Rotation(random.random), policies, 1, group)[0] for group in groups]
    assert found == [by_turns[hashed(group, 4)] for group in groups]
    assert {names(Rotation(random.random), policies[1:], 1, group)[0] for group in groups} == {"b.0"}


def test_a_global_redirect_takes_the_turns_of_the_name_it_leads_to() -> None:
    def group(order: str, alias_of: str = "") -> list[Policy]:
        return [replace(policy(name, order=order), alias_of=alias_of) for name in "abc"]

    for number in range(9):
        rotation, alias = Rotation(random.random), f"alias-{number}"
        assert names(rotation, group("hash", "m"), 1, alias) == names(rotation, group("hash"), 1, "m")
    rotation = Rotation(random.random)
    assert names(rotation, group("rr"), 1, "m") == ["a.0"]
    assert names(rotation, group("rr", "m"), 1, "far") == ["b.0"]
    assert names(rotation, group("rr"), 1, "m") == ["c.0"]


def test_in_0_10_the_first_credential_answers_where_the_first_is_asked_for() -> None:
    policies = [policy("a", 0, order="first"), policy("a", 1, order="first")]
    assert names(Rotation(random.random), policies, 3) == ["a.0"] * 3


def test_a_ring_with_a_gap_gives_its_turn_to_the_next_and_one_without_places_is_as_long_as_its_keys() -> None:
    def ring(*places: tuple[int, ...]) -> list[str]:
        keys = [
            Policy(id=str(index), key=f"k{index}", order="rr", places=each)
            for index, each in enumerate(places)
        ]
        rotation = Rotation(random.random)
        return ["".join(one.id for one in rotation.order(pools_of(keys)[0])) for _ in range(4)]

    assert ring((0,), (3,)) == ["01", "10", "10", "10"]
    assert ring((0, 2), (1,)) == ["01", "10", "01", "01"]
    assert ring((), ()) == ["01", "10", "01", "10"]


def test_keys_take_turns_where_their_services_are_drawn_by_chance() -> None:
    keys = [
        replace(policy("a", place, "random"), key=f"key-{place}", places=(place,), key_order="rr")
        for place in range(2)
    ]
    assert names(Rotation(random.random), keys, 4, "random") == ["a.0", "a.1"] * 2


def test_keys_with_upstream_names_of_their_own_stand_in_for_each_other() -> None:
    def key(place: int, model: str) -> Policy:
        return replace(policy("a", place), key=f"key-{place}", places=(place,), upstream_model=model)

    (one,) = pools_of([key(0, "x"), key(1, "y"), key(2, "x")])
    assert [each.credential for each in one.keys] == [0, 1, 2]
    two = pools_of([key(0, "x"), key(1, "x"), key(0, "y"), key(1, "y")])
    assert [[each.upstream_model for each in pool.keys] for pool in two] == [["x", "x"], ["y", "y"]]
    lone = pools_of([replace(policy("a"), upstream_model=model) for model in "xy"])
    assert len(lone) == 2
