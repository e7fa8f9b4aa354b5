from __future__ import annotations

from one_adapter.runtime.gateway.breaker import Breakers
from one_adapter.runtime.gateway.settings import BreakerRule

RULE = BreakerRule(failures=3, recovery_seconds=30, probes=1)
KEY = ("openai-1", "m")


def fail(breakers: Breakers, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        breakers.failure(KEY, RULE, breakers.begin(KEY), now)


def test_it_opens_after_the_failures_in_a_row_and_not_before() -> None:
    breakers = Breakers()
    fail(breakers, 2)
    assert breakers.allows(KEY, RULE, 0)
    fail(breakers, 1)
    assert not breakers.allows(KEY, RULE, 29.9)


def test_a_success_in_between_starts_the_count_anew() -> None:
    breakers = Breakers()
    fail(breakers, 2)
    breakers.success(KEY, breakers.begin(KEY))
    fail(breakers, 2)
    assert breakers.allows(KEY, RULE, 0)


def test_after_the_recovery_time_one_probe_may_try() -> None:
    breakers = Breakers()
    fail(breakers, 3)
    assert breakers.allows(KEY, RULE, 30)
    assert breakers.begin(KEY)
    assert not breakers.allows(KEY, RULE, 31)


def test_a_probe_that_succeeds_closes_it() -> None:
    breakers = Breakers()
    fail(breakers, 3)
    breakers.success(KEY, breakers.begin(KEY))
    fail(breakers, 2, 40)
    assert breakers.allows(KEY, RULE, 41)


def test_a_probe_that_fails_opens_it_for_the_whole_time_again() -> None:
    breakers = Breakers()
    fail(breakers, 3)
    fail(breakers, 1, now=31)
    assert not breakers.allows(KEY, RULE, 60)
    assert breakers.allows(KEY, RULE, 61)


def test_a_probe_whose_client_left_makes_room_for_another() -> None:
    breakers = Breakers()
    fail(breakers, 3)
    breakers.abandon(KEY, breakers.begin(KEY))
    assert breakers.allows(KEY, RULE, 30)
    breakers.abandon(("other", "m"), True)


def test_a_call_begun_before_it_opened_does_not_close_it() -> None:
    breakers = Breakers()
    early = breakers.begin(KEY)
    fail(breakers, 3)
    breakers.success(KEY, early)
    breakers.failure(KEY, RULE, early, 20)
    assert not breakers.allows(KEY, RULE, 29)
    assert breakers.allows(KEY, RULE, 30)


def test_each_service_and_model_has_its_own() -> None:
    breakers = Breakers()
    fail(breakers, 3)
    assert breakers.allows(("openai-1", "other"), RULE, 0)
    assert breakers.allows(("openai-2", "m"), RULE, 0)
