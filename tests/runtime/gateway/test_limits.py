from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from virtual import run

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full, Limits, LimitStore
from one_adapter.runtime.gateway.settings import Limit


def layer(name: str = "s", least: int = 1, **numbers: float) -> Layer:
    return Layer(name, Limit(**numbers), least=least)


async def starts(
    limits: LimitStore, layers: Sequence[Layer], count: int, most: float = 1000, tokens: int = 1
) -> list[float | None]:
    """When each of `count` requests made at once began; None for one refused."""
    loop = asyncio.get_running_loop()

    async def one() -> float | None:
        try:
            await limits.acquire(layers, tokens, most)
        except Full:
            return None
        return round(loop.time(), 4)

    return list(await asyncio.gather(*(one() for _ in range(count))))


def alone(count: int, most: float = 1000, tokens: int = 1, least: int = 1, **numbers: float) -> list[Any]:
    """When each of `count` requests made at once began at a limit of its own."""
    return run(starts(Limits(), [layer(least=least, wait_seconds=1000, **numbers)], count, most, tokens))


async def refusal(limits: Limits, layers: Sequence[Layer], most: float = 1000, tokens: int = 1) -> Full:
    with pytest.raises(Full) as refused:
        await limits.acquire(layers, tokens, most)
    return refused.value


class TestQps:
    def test_a_burst_of_the_whole_rate_goes_at_once_and_the_rest_at_the_rate(self) -> None:
        assert alone(5, qps=2) == [0, 0, 0.5, 1.0, 1.5]

    def test_a_rate_with_a_fraction_saves_up_whole_tokens_only(self) -> None:
        assert alone(3, qps=1.5) == [0, 0.6667, 1.3333]

    def test_below_one_lets_a_burst_of_one_where_that_is_the_least(self) -> None:
        assert alone(3, qps=0.5) == [0, 2, 4]

    def test_below_one_everything_is_refused_at_once_where_nothing_is_the_least(self) -> None:
        assert alone(2, least=0, qps=0.5) == [None, None]

    def test_a_wait_that_cannot_fit_is_refused_at_once(self) -> None:
        async def scenario() -> tuple[float, float]:
            limits = Limits()
            await limits.acquire([layer(qps=1)], 1, 0)
            full = await refusal(limits, [layer(qps=1)], most=0.5)
            return asyncio.get_running_loop().time(), full.retry_after

        assert run(scenario()) == (0.0, pytest.approx(1.0))

    def test_who_is_ahead_counts_in_what_the_wait_would_be(self) -> None:
        assert alone(4, qps=1, most=2.5) == [0, 1, 2, None]

    def test_unused_tokens_are_saved_up_to_the_rate_and_no_more(self) -> None:
        async def scenario() -> list[float | None]:
            limits, one = Limits(), [layer(qps=2)]
            await starts(limits, one, 2)
            await asyncio.sleep(60)
            return await starts(limits, one, 3)

        assert run(scenario()) == [60.0, 60.0, 60.5]


class TestMinute:
    def test_the_next_start_waits_until_the_oldest_is_a_minute_old(self) -> None:
        assert alone(5, qpm=2) == [0, 0, 60, 60, 120]

    def test_below_one_counts_as_the_least(self) -> None:
        assert alone(2, qpm=0.5) == [0, 60]
        assert alone(2, least=0, qpm=0.5) == [None, None]

    def test_a_wait_too_long_takes_its_whole_time_before_it_is_refused(self) -> None:
        async def scenario() -> tuple[float, float]:
            limits = Limits()
            await limits.acquire([layer(qpm=1)], 1, 0)
            full = await refusal(limits, [layer(qpm=1)], most=20)
            return asyncio.get_running_loop().time(), full.retry_after

        assert run(scenario()) == (20.0, 40.0)

    def test_a_request_whose_time_is_up_as_its_turn_comes_goes(self) -> None:
        assert alone(2, most=60, qpm=1) == [0, 60]


class TestTokens:
    def test_requests_wait_until_a_minutes_tokens_have_room_for_all_of_theirs(self) -> None:
        assert alone(5, tokens=12, tpm=30) == [0, 0, 60, 60, 120]

    def test_a_large_request_waits_for_several_small_ones_to_be_forgotten(self) -> None:
        async def scenario() -> list[float]:
            limits, one, seen = Limits(), [layer(tpm=100)], []
            for tokens in (30, 30, 30, 90, 10):
                await limits.acquire(one, tokens, 1000)
                seen.append(asyncio.get_running_loop().time())
                await asyncio.sleep(5)
            return seen

        assert run(scenario()) == [0, 5, 10, 70, 75]

    def test_a_request_larger_than_a_minute_is_refused_at_once_and_takes_nothing_anywhere(self) -> None:
        async def scenario() -> tuple[str, bool, float, list[float | None]]:
            limits = Limits()
            key, service = layer("k", qpm=1), layer("s", tpm=30.9)
            await limits.acquire([key], 1, 0)
            full = await refusal(limits, [key, service], tokens=31)
            now = asyncio.get_running_loop().time()
            return full.layer.name, full.never, now, await starts(limits, [service], 1, tokens=30)

        assert run(scenario()) == ("s", True, 0.0, [0.0])

    def test_below_one_counts_as_one(self) -> None:
        assert alone(2, tokens=1, tpm=0.5) == [0, 60]
        assert alone(1, tokens=2, tpm=0.5) == [None]


class TestAtOnce:
    def test_a_place_is_taken_until_it_is_given_back(self) -> None:
        async def scenario() -> tuple[dict[str, tuple[int, int]], float]:
            limits, one = Limits(), [layer(concurrency=1)]
            release = await limits.acquire(one, 1, 0)
            waiting = asyncio.create_task(limits.acquire(one, 1, 10))
            await asyncio.sleep(3)
            held = limits.held()
            release()
            await waiting
            return held, asyncio.get_running_loop().time()

        assert run(scenario()) == ({"s": (1, 1)}, 3.0)

    def test_giving_back_twice_frees_one_place(self) -> None:
        async def scenario() -> dict[str, tuple[int, int]]:
            limits, one = Limits(), [layer(concurrency=2)]
            release = await limits.acquire(one, 1, 0)
            await limits.acquire(one, 1, 0)
            release()
            release()
            return limits.held()

        assert run(scenario()) == {"s": (1, 0)}

    def test_below_one_counts_as_the_least(self) -> None:
        assert alone(2, most=5, concurrency=0.5) == [0, None]
        assert alone(1, most=5, least=0, concurrency=0.5) == [None]

    def test_too_long_a_wait_is_refused_with_a_time_to_try_again(self) -> None:
        async def scenario() -> float:
            limits, one = Limits(), [layer(concurrency=1)]
            await limits.acquire(one, 1, 0)
            return (await refusal(limits, one, most=2)).retry_after

        assert run(scenario()) == 60.0


class TestAllKinds:
    def test_all_numbers_of_a_limit_hold_at_once(self) -> None:
        assert alone(5, qps=1, qpm=3) == [0, 1, 2, 60, 61]
        assert alone(4, qpm=3, tpm=20, tokens=10) == [0, 0, 60, 60]
        assert alone(3, qps=50, concurrency=2, most=5) == [0, 0, None]

    def test_a_limit_without_numbers_lets_everything_pass(self) -> None:
        assert alone(9) == [0] * 9


class TestLayers:
    def test_all_layers_are_taken_in_the_same_instant_or_none_is(self) -> None:
        """The key has room while the service has none: whoever waits there holds nothing of the key's."""

        async def scenario() -> tuple[dict[str, tuple[int, int]], list[float | None]]:
            limits = Limits()
            key, service = layer("k", concurrency=1, qpm=1), layer("s", concurrency=1)
            release = await limits.acquire([service], 1, 0)
            waiting = asyncio.create_task(limits.acquire([key, service], 1, 10))
            await asyncio.sleep(1)
            held = limits.held()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            release()
            return held, await starts(limits, [key], 1)

        assert run(scenario()) == ({"s": (1, 1)}, [1.0])

    def test_who_waits_for_a_key_does_not_hold_back_another_key_at_the_service(self) -> None:
        async def scenario() -> list[tuple[str, float]]:
            limits = Limits()
            service = layer("s", qpm=5)
            loop = asyncio.get_running_loop()
            seen: list[tuple[str, float]] = []

            async def one(key: str) -> None:
                await limits.acquire([layer(key, qpm=1), service], 1, 1000)
                seen.append((key, loop.time()))

            await asyncio.gather(*(one(key) for key in ("a", "a", "b", "a", "b")))
            return sorted(seen)

        assert run(scenario()) == [("a", 0), ("a", 60), ("a", 120), ("b", 0), ("b", 60)]

    def test_who_came_first_is_first_at_each_layer_he_waits_at(self) -> None:
        """The first waits for its key until second ten, then before those who came later for the service."""

        async def scenario() -> list[str]:
            limits = Limits()
            key, service = layer("k", concurrency=1), layer("s", concurrency=1)
            order: list[str] = []
            key_release = await limits.acquire([key], 1, 0)
            service_release = await limits.acquire([service], 1, 0)

            async def one(name: str, layers: list[Layer]) -> None:
                release = await limits.acquire(layers, 1, 1000)
                order.append(name)
                await asyncio.sleep(1)
                release()

            tasks = [asyncio.create_task(one("first", [key, service]))]
            for name in ("second", "third"):
                await asyncio.sleep(1)
                tasks.append(asyncio.create_task(one(name, [service])))
            await asyncio.sleep(8)
            key_release()
            await asyncio.sleep(1)
            service_release()
            await asyncio.gather(*tasks)
            return order

        assert run(scenario()) == ["first", "second", "third"]

    def test_each_layer_is_waited_for_as_long_as_it_says_from_when_the_wait_for_it_begins(self) -> None:
        async def scenario() -> tuple[str, float]:
            limits = Limits()
            key = layer("k", concurrency=1, wait_seconds=5)
            service = layer("s", concurrency=1, wait_seconds=4)
            key_release = await limits.acquire([key], 1, 0)
            await limits.acquire([service], 1, 0)
            asyncio.get_running_loop().call_later(3, key_release)
            full = await refusal(limits, [key, service])
            return full.layer.name, asyncio.get_running_loop().time()

        assert run(scenario()) == ("s", 7.0)

    def test_the_wait_for_all_layers_never_outlasts_the_request(self) -> None:
        async def scenario() -> tuple[str, float]:
            limits = Limits()
            key, service = layer("k", concurrency=1), layer("s", concurrency=1)
            key_release = await limits.acquire([key], 1, 0)
            await limits.acquire([service], 1, 0)
            asyncio.get_running_loop().call_later(3, key_release)
            full = await refusal(limits, [key, service], most=6)
            return full.layer.name, asyncio.get_running_loop().time()

        assert run(scenario()) == ("s", 6.0)

    @pytest.mark.parametrize(
        ("patience", "wait_seconds", "refused_at"), [(120, 0, 120), (30, 0, 30), (30, 50, 50)]
    )
    def test_a_limit_that_names_no_wait_is_waited_for_as_long_as_is_usual(
        self, patience: float, wait_seconds: float, refused_at: float
    ) -> None:
        async def scenario() -> float:
            limits = Limits()
            one = Layer("s", Limit(concurrency=1, wait_seconds=wait_seconds), patience=patience)
            await limits.acquire([one], 1, 0)
            await refusal(limits, [one])
            return asyncio.get_running_loop().time()

        assert run(scenario()) == refused_at

    def test_a_bucket_reached_late_refuses_at_once_what_cannot_fit_any_more(self) -> None:
        async def scenario() -> tuple[str, float]:
            limits = Limits()
            key, service = layer("k", concurrency=1), layer("s", qps=0.1)
            key_release = await limits.acquire([key], 1, 0)
            asyncio.get_running_loop().call_later(3, key_release)
            await asyncio.sleep(2)
            await limits.acquire([service], 1, 0)
            full = await refusal(limits, [key, service], most=8)
            return full.layer.name, asyncio.get_running_loop().time()

        assert run(scenario()) == ("s", 3.0)


class TestAnotherKey:
    """What a request does at a full key when another key is left."""

    @pytest.mark.parametrize(
        ("name", "wait_seconds", "refused_at"),
        [("k", 120, 0.0), ("k", 30, 0.0), ("k", 5, 5.0), ("s", 120, 30.0)],
    )
    def test_it_waits_no_longer_than_leaves_that_one_time(
        self, name: str, wait_seconds: float, refused_at: float
    ) -> None:
        async def scenario() -> float:
            one = Layer(name, Limit(qpm=1, wait_seconds=wait_seconds), of_key=name == "k")
            limits = Limits()
            await limits.acquire([one], 1, 0)
            with pytest.raises(Full):
                await limits.acquire([one], 1, 30, spare=True)
            return asyncio.get_running_loop().time()

        assert run(scenario()) == refused_at


class TestNewNumbers:
    """A limit whose numbers change while requests wait for it."""

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"qpm": 1}, {"qpm": 2}), ({"tpm": 1}, {"tpm": 2}), ({"concurrency": 1}, {"concurrency": 2})],
    )
    def test_a_larger_one_lets_those_go_who_wait(
        self, before: dict[str, float], after: dict[str, float]
    ) -> None:
        async def scenario() -> list[float | None]:
            limits = Limits()
            waiting = asyncio.create_task(starts(limits, [layer(**before)], 2))
            await asyncio.sleep(3)
            asyncio.get_running_loop().call_soon(lambda: limits.renew([layer(**after)]))
            return await waiting

        assert run(scenario()) == [0, 3]

    def test_those_of_an_older_configuration_do_not_come_back(self) -> None:
        async def scenario() -> list[float | None]:
            limits = Limits()
            limits.renew([layer(concurrency=1)._replace(generation=2)])
            return await starts(limits, [layer(concurrency=5)._replace(generation=1)], 2, most=10)

        assert run(scenario()) == [0, None]

    def test_those_of_a_newer_one_count_as_soon_as_a_request_brings_them(self) -> None:
        async def scenario() -> list[float | None]:
            limits = Limits()
            await limits.acquire([layer(concurrency=1)._replace(generation=1)], 1, 0)
            return await starts(limits, [layer(concurrency=2)._replace(generation=2)], 1)

        assert run(scenario()) == [0]

    def test_without_any_left_everybody_goes_who_waits(self) -> None:
        async def scenario() -> list[float | None]:
            limits = Limits()
            waiting = asyncio.create_task(starts(limits, [layer(concurrency=1)], 3))
            await asyncio.sleep(3)
            limits.renew([layer()])
            return await waiting

        assert run(scenario()) == [0, 3, 3]

    def test_a_limit_that_is_gone_is_forgotten_once_nothing_counts_any_more(self) -> None:
        async def scenario() -> list[list[float | None]]:
            limits = Limits()
            found = [await starts(limits, [layer("old", qpm=1)], 1, most=0)]
            limits.renew([layer("new", qpm=1)])
            found.append(await starts(limits, [layer("old", qpm=1)], 1, most=0))
            await asyncio.sleep(61)
            limits.renew([layer("new", qpm=1)])
            found.append(await starts(limits, [layer("old", qpm=9)], 1, most=0))
            return found

        assert run(scenario()) == [[0], [None], [61]]

    def test_a_smaller_one_holds_from_then_on(self) -> None:
        async def scenario() -> list[float | None]:
            limits = Limits()
            await starts(limits, [layer(qpm=3)], 3)
            await asyncio.sleep(30)
            return await starts(limits, [layer(qpm=1)], 2)

        assert run(scenario()) == [60, 120]

    def test_who_waits_and_has_become_too_large_is_refused_and_holds_nobody_up(self) -> None:
        async def scenario() -> tuple[bool, float, list[float | None]]:
            limits = Limits()
            await limits.acquire([layer(tpm=100)], 90, 0)
            large = asyncio.create_task(refusal(limits, [layer(tpm=100)], tokens=50))
            small = asyncio.create_task(starts(limits, [layer(tpm=100)], 1, tokens=10))
            await asyncio.sleep(2)
            limits.renew([layer(tpm=40)])
            full = await large
            return full.never, asyncio.get_running_loop().time(), await small

        assert run(scenario()) == (True, 2.0, [60])


class TestWhoLeaves:
    def test_those_behind_a_large_request_that_leaves_go_at_once(self) -> None:
        async def scenario() -> list[float | None]:
            limits, one = Limits(), [layer(tpm=100)]
            await limits.acquire(one, 50, 0)
            large = asyncio.create_task(limits.acquire(one, 90, 1000))
            small = asyncio.create_task(starts(limits, one, 2, tokens=20))
            await asyncio.sleep(7)
            large.cancel()
            await asyncio.gather(large, return_exceptions=True)
            return await small

        assert run(scenario()) == [7, 7]

    def test_those_behind_a_large_request_that_is_refused_go_at_once(self) -> None:
        async def scenario() -> tuple[list[float | None], float]:
            limits, one = Limits(), [layer(tpm=100)]
            await limits.acquire(one, 50, 0)
            large = asyncio.create_task(refusal(limits, one, most=9, tokens=90))
            small = asyncio.create_task(starts(limits, one, 2, tokens=20))
            return await small, (await large).retry_after

        assert run(scenario()) == ([9, 9], 51.0)

    def test_only_the_start_of_the_one_that_left_is_taken_back(self) -> None:
        """Granted at second 60 and gone in that moment: the start of second 30 counts until second 90."""

        async def scenario() -> list[float | None]:
            limits, one = Limits(), [layer(tpm=30)]
            await limits.acquire(one, 10, 0)
            await asyncio.sleep(30)
            await limits.acquire(one, 20, 0)
            gone = asyncio.create_task(limits.acquire(one, 10, 1000))
            await asyncio.sleep(0)
            timer = limits._made["s"].timer
            assert timer is not None
            asyncio.get_running_loop().call_at(timer.when(), gone.cancel)
            await asyncio.gather(gone, return_exceptions=True)
            assert gone.cancelled()
            return await starts(limits, one, 2, tokens=15)

        assert run(scenario()) == [90, 90]


class TestAMomentTheSame:
    """What happens when two things happen in one turn of the loop."""

    @pytest.mark.parametrize(("numbers", "at"), [({"qps": 1}, 1.0), ({"qpm": 1}, 60.0), ({"tpm": 1}, 60.0)])
    def test_a_start_granted_to_a_request_that_leaves_is_anothers(
        self, numbers: dict[str, float], at: float
    ) -> None:
        async def scenario() -> float | None:
            limits, one = Limits(), [layer(wait_seconds=200, **numbers)]
            await limits.acquire(one, 1, 0)
            gone = asyncio.create_task(limits.acquire(one, 1, 100))
            await asyncio.sleep(0)
            timer = limits._made["s"].timer
            assert timer is not None
            # After the timer that grants the turn, and before the request runs again.
            asyncio.get_running_loop().call_at(timer.when(), gone.cancel)
            await asyncio.gather(gone, return_exceptions=True)
            assert gone.cancelled()
            return (await starts(limits, one, 1))[0]

        assert run(scenario()) == pytest.approx(at, abs=1e-3)

    def test_a_place_granted_to_a_request_that_leaves_is_not_lost(self) -> None:
        async def scenario() -> tuple[dict[str, tuple[int, int]], list[float | None]]:
            limits, one = Limits(), [layer("k", qpm=2), layer("s", concurrency=1)]
            release = await limits.acquire(one, 1, 0)
            gone = asyncio.create_task(limits.acquire(one, 1, 10))
            await asyncio.sleep(0)
            release()
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            return limits.held(), await starts(limits, one, 1)

        assert run(scenario()) == ({}, [0.0])

    def test_a_place_is_passed_over_a_request_that_has_just_left(self) -> None:
        async def scenario() -> dict[str, tuple[int, int]]:
            limits, one = Limits(), [layer(concurrency=1)]
            release = await limits.acquire(one, 1, 0)
            gone, next_one = (asyncio.create_task(limits.acquire(one, 1, 10)) for _ in range(2))
            await asyncio.sleep(0)
            gone.cancel()
            release()
            await asyncio.gather(gone, next_one, return_exceptions=True)
            assert not next_one.cancelled()
            return limits.held()

        assert run(scenario()) == {"s": (1, 0)}

    def test_a_request_that_leaves_as_its_time_is_up_behind_another_leaves_nothing_behind(self) -> None:
        async def scenario() -> dict[str, tuple[int, int]]:
            limits, one = Limits(), [layer(concurrency=1)]
            release = await limits.acquire(one, 1, 0)
            first = asyncio.create_task(limits.acquire(one, 1, 9))
            gone = asyncio.create_task(limits.acquire(one, 1, 5))
            loop = asyncio.get_running_loop()
            loop.call_at(5, gone.cancel)
            await asyncio.gather(gone, return_exceptions=True)
            release()
            (await first)()
            return limits.held()

        assert run(scenario()) == {}

    def test_a_request_that_leaves_as_it_is_refused_leaves_nothing_behind(self) -> None:
        async def scenario() -> dict[str, tuple[int, int]]:
            limits, one = Limits(), [layer(concurrency=1)]
            release = await limits.acquire(one, 1, 0)
            gone = asyncio.create_task(limits.acquire(one, 1, 5))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_at(5, gone.cancel)
            await asyncio.gather(gone, return_exceptions=True)
            release()
            return limits.held()

        assert run(scenario()) == {}


def test_a_request_that_started_elsewhere_counts_whether_or_not_there_was_room() -> None:
    async def scenario() -> tuple[list[float | None], list[float | None]]:
        limits, both, one = Limits(), [layer("m", qpm=2)], [layer("c", concurrency=1)]
        await asyncio.sleep(50)
        for at in (10.0, 20.0, 30.0):
            limits.start(both, 1, at)
        ends = [limits.start(one, 1) for _ in range(2)]
        asyncio.get_running_loop().call_later(5, ends[0])
        asyncio.get_running_loop().call_later(7, ends[1])
        return await starts(limits, one, 1), await starts(limits, both, 2)

    assert run(scenario()) == ([57.0], [80.0, 90.0])
