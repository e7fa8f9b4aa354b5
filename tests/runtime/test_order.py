from __future__ import annotations

import random
from collections import Counter

from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.gateway.rotation import Order


def policy(service: str, credential: int = 0, order: str = "rr", **more: float) -> Policy:
    known = {"turns": int(more.get("turns", 1)), "weight": more.get("weight", 1.0)}
    return Policy(id=f"{service}.{credential}", service=service, credential=credential, order=order, **known)


def names(order: Order, policies: list[Policy], count: int, group: str = "m") -> list[str]:
    return [order.choose(group, policies).id for _ in range(count)]


def test_in_turn_services_alternate_beginning_with_the_first() -> None:
    policies = [policy("a"), policy("b"), policy("c")]
    assert names(Order(random.random), policies, 7) == ["a.0", "b.0", "c.0"] * 2 + ["a.0"]


def test_a_service_has_as_many_turns_in_a_row_as_it_is_listed() -> None:
    policies = [policy("a", turns=2), policy("b")]
    assert names(Order(random.random), policies, 6) == ["a.0", "a.0", "b.0"] * 2


def test_credentials_rotate_within_their_service() -> None:
    policies = [policy("a", 0), policy("a", 1), policy("b", 0), policy("b", 1)]
    assert names(Order(random.random), policies, 5) == ["a.0", "b.0", "a.1", "b.1", "a.0"]


def test_the_rotation_of_credentials_is_shared_by_the_models_of_a_service() -> None:
    order, policies = Order(random.random), [policy("a", 0), policy("a", 1)]
    assert names(order, policies, 1, "m1") == ["a.0"]
    assert names(order, policies, 1, "m2") == ["a.1"]


def test_each_model_has_its_own_rotation_of_services() -> None:
    order, policies = Order(random.random), [policy("a"), policy("b")]
    assert names(order, policies, 1, "m1") == names(order, policies, 1, "m2") == ["a.0"]


def test_first_is_always_the_first() -> None:
    policies = [policy("a", order="first"), policy("b", order="first", weight=0)]
    assert set(names(Order(random.random), policies, 5)) == {"a.0"}


def test_a_spare_answers_when_only_spares_are_left() -> None:
    spare = policy("b", order="first", weight=0)
    assert names(Order(random.random), [spare, policy("c", order="first", weight=0)], 2) == ["b.0", "b.0"]


def test_by_chance_the_weights_are_the_shares() -> None:
    policies = [policy("a", order="random", weight=3), policy("b", order="random", weight=1)]
    counts = Counter(names(Order(random.Random(1).random), policies, 4000))
    assert 0.72 < counts["a.0"] / 4000 < 0.78


def test_chance_without_weights_is_even_and_its_edge_is_the_last() -> None:
    policies = [policy("a", order="random", weight=0), policy("b", order="random", weight=0)]
    assert names(Order(lambda: 0.6), policies, 1) == ["b.0"]
    assert names(Order(lambda: 1.0), policies, 1) == ["b.0"]
