from __future__ import annotations

import random

import pytest

from one_adapter.runtime.gateway.capacity import MOST_STATES, Capacity, tpm_of
from one_adapter.runtime.gateway.settings import Limit, LimitRules, Policy


def key(name: str, tpm: float = 0.0, **models: float) -> Policy:
    rules = LimitRules(
        credential=Limit(tpm=tpm) if tpm else None,
        credential_models={model: Limit(tpm=each) for model, each in models.items()},
    )
    return Policy(service="s", key=name, limits=None if rules == LimitRules() else rules)


def order(capacity: Capacity, *pool: Policy, model: str = "m", tokens: int = 10, now: float = 0.0) -> str:
    return "".join(one.key for one in capacity.order(pool, model, tokens, now))


class TestOrder:
    def test_without_limits_the_order_stays(self) -> None:
        assert order(Capacity(), key("b"), key("a"), key("c")) == "bac"

    @pytest.mark.parametrize("pool", [[], [key("a", 5)]])
    def test_there_is_nothing_to_sort_where_there_is_no_choice(self, pool: list[Policy]) -> None:
        assert Capacity().order(pool, "m", 10, 0.0) == pool

    def test_of_able_keys_the_one_with_the_most_tokens_left_comes_first_and_one_without_a_limit_last(
        self,
    ) -> None:
        assert order(Capacity(), key("a"), key("b", 100), key("c", 200), key("d")) == "cbad"

    def test_what_is_reserved_counts_for_a_minute(self) -> None:
        capacity, a, b = Capacity(), key("a", 100), key("b", 80)
        capacity.reserve(a, "m", 30, now=0.0)
        assert [order(capacity, a, b, now=now) for now in (0.0, 59.9, 60.0)] == ["ba", "ba", "ab"]

    def test_two_equal_keys_share_by_tokens_whatever_the_base_order(self) -> None:
        capacity, pool, taken = Capacity(), [key("a", 1000), key("b", 1000)], []
        for second in range(20):
            first = capacity.order(pool, "m", 10, float(second))[0]
            capacity.reserve(first, "m", 10, float(second))
            taken.append(first.key)
        assert "".join(taken) == "ab" * 10

    def test_a_key_with_a_limit_is_used_until_its_minute_is_full_and_then_the_one_without(self) -> None:
        capacity, pool, taken = Capacity(), [key("b"), key("a", 30)], []
        for _ in range(5):
            first = capacity.order(pool, "m", 10, 0.0)[0]
            capacity.reserve(first, "m", 10, 0.0)
            taken.append(first.key)
        assert "".join(taken) == "aaabb"

    def test_of_unable_keys_the_first_to_recover_comes_first(self) -> None:
        """`d` is too small for the request ever to fit: it has no recovery to wait for, and stands first."""
        capacity = Capacity()
        a, b, c, d = key("a", 20), key("b", 20), key("c", 20), key("d", 9)
        for one, at in ((a, 3.0), (b, 1.0), (c, 2.0)):
            capacity.reserve(one, "m", 20, at)
        assert order(capacity, a, b, c, d, now=5.0) == "dbca"

    def test_a_large_request_waits_for_as_many_reservations_as_it_needs(self) -> None:
        capacity, a, b = Capacity(), key("a", 30), key("b", 30)
        for at in (0.0, 10.0, 20.0):
            capacity.reserve(a, "m", 10, at)
        capacity.reserve(b, "m", 30, 5.0)
        assert order(capacity, a, b, tokens=10, now=30.0) == "ab"
        assert order(capacity, a, b, tokens=20, now=30.0) == "ba"

    def test_each_client_model_has_reservations_of_its_own(self) -> None:
        capacity, a, b = Capacity(), key("a", 100), key("b", 90)
        capacity.reserve(a, "m", 50, 0.0)
        assert [order(capacity, a, b, model=model) for model in ("m", "n")] == ["ba", "ab"]

    def test_a_key_without_a_limit_has_nothing_to_reserve(self) -> None:
        capacity, a = Capacity(), key("a")
        capacity.reserve(a, "m", 50, 0.0)
        assert order(capacity, a, key("b")) == "ab"


class TestCooldown:
    def test_a_key_cools_for_half_a_minute_for_that_model_alone(self) -> None:
        capacity, a, b = Capacity(), key("a"), key("b")
        capacity.cool(a, "m", 0.0)
        assert [order(capacity, a, b, now=now) for now in (0.0, 29.9, 30.0)] == ["ba", "ba", "ab"]
        assert order(capacity, a, b, model="n") == "ab"

    def test_of_keys_that_all_cool_the_first_to_end_comes_first_and_another_429_begins_anew(self) -> None:
        capacity, a, b = Capacity(), key("a"), key("b")
        capacity.cool(b, "m", 0.0)
        capacity.cool(a, "m", 1.0)
        assert order(capacity, a, b, now=2.0) == "ba"
        capacity.cool(b, "m", 2.0)
        assert order(capacity, a, b, now=3.0) == "ab"

    def test_who_cools_and_is_full_recovers_when_both_are_over(self) -> None:
        capacity, a, b = Capacity(), key("a", 10), key("b", 10)
        capacity.reserve(a, "m", 10, 0.0)
        capacity.cool(a, "m", 10.0)  # until 40, and full until 60
        capacity.reserve(b, "m", 10, -5.0)
        capacity.cool(b, "m", 26.0)  # full until 55, and cooling until 56
        assert order(capacity, a, b, now=27.0) == "ba"

    def test_who_cools_and_has_room_recovers_when_the_cooldown_is_over(self) -> None:
        capacity, a, b = Capacity(), key("a", 100), key("b")
        capacity.reserve(a, "m", 10, 9.0)
        capacity.cool(a, "m", 10.0)
        capacity.cool(b, "m", 11.0)
        assert order(capacity, b, a, now=12.0) == "ab"

    def test_a_key_too_small_that_cools_recovers_from_that_at_least(self) -> None:
        capacity, a, b = Capacity(), key("a", 9), key("b")
        capacity.cool(a, "m", 2.0)
        capacity.cool(b, "m", 1.0)
        assert order(capacity, a, b, now=3.0) == "ba"


class TestWhichLimit:
    @pytest.mark.parametrize(
        ("one", "tpm"),
        [
            (key("a"), 0),
            (key("a", 5), 5),
            (key("a", 5, m=7), 7),
            (key("a", 5, n=7), 5),
            (key("a", 0, n=7), 0),
            (key("a", 5, m=0), 5),
        ],
    )
    def test_the_clients_name_has_its_own_or_the_keys(self, one: Policy, tpm: float) -> None:
        assert tpm_of(one, "m") == tpm

    def test_keys_without_an_id_are_told_apart_by_their_place(self) -> None:
        capacity = Capacity()
        pool = [Policy(service="s", credential=place) for place in (0, 1)]
        capacity.cool(pool[0], "m", 0.0)
        assert [one.credential for one in capacity.order(pool, "m", 1, 1.0)] == [1, 0]


def test_what_says_nothing_any_more_is_dropped_however_many_names_clients_think_of() -> None:
    capacity, one = Capacity(), key("a", 10)
    for number in range(20 * MOST_STATES):
        capacity.reserve(one, f"m{number}", 1, now=number / 10)
        assert len(capacity._states) <= 2 * MOST_STATES
    assert order(capacity, one, key("b"), model=f"m{20 * MOST_STATES - 1}", now=2 * MOST_STATES) == "ba"


def test_reservations_follow_the_sum_of_the_last_minute() -> None:
    chance = random.Random(7)
    capacity, one, other = Capacity(), key("a", 1000), key("b", 500)
    made: list[tuple[float, int]] = []
    now = 0.0
    for _ in range(500):
        now += chance.uniform(0, 3)
        tokens = chance.randint(1, 60)
        capacity.reserve(one, "m", tokens, now)
        made.append((now, tokens))
        left = 1000 - sum(each for at, each in made if now - at < 60)
        if left >= 10:
            assert order(capacity, other, one, now=now) == ("ab" if left > 500 else "ba")
