from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import run

from one_adapter.runtime.gateway.limits import Bucket, Full, Limits, Slots, Window, limiter
from one_adapter.runtime.gateway.settings import Limit


async def starts(limiter_, count: int, wait: float) -> list[float | None]:
    """When each of `count` calls made at once began; None for one refused."""
    loop = asyncio.get_running_loop()

    async def one() -> float | None:
        try:
            await limiter_.acquire(wait)
        except Full:
            return None
        return round(loop.time(), 4)

    return list(await asyncio.gather(*(one() for _ in range(count))))


class TestTokenBucket:
    def test_a_burst_of_the_whole_rate_goes_at_once_and_the_rest_at_the_rate(self) -> None:
        assert run(starts(Bucket(2), 5, 10)) == [0, 0, 0.5, 1.0, 1.5]

    def test_a_rate_with_a_fraction_saves_up_whole_tokens_only(self) -> None:
        assert run(starts(Bucket(1.5), 3, 10)) == [0, 0.6667, 1.3333]

    def test_a_wait_that_cannot_fit_is_refused_at_once(self) -> None:
        async def scenario() -> tuple[float, float]:
            bucket = Bucket(1)
            await bucket.acquire(0)
            with pytest.raises(Full) as refused:
                await bucket.acquire(0.5)
            return asyncio.get_running_loop().time(), refused.value.retry_after

        assert run(scenario()) == (0.0, pytest.approx(1.0))

    def test_below_one_a_second_everything_is_refused_at_once(self) -> None:
        assert run(starts(Bucket(0.5), 2, 100)) == [None, None]

    def test_unused_tokens_are_saved_up_to_the_rate_and_no_more(self) -> None:
        async def scenario() -> list[float | None]:
            bucket = Bucket(2)
            await starts(bucket, 2, 0)
            await asyncio.sleep(60)
            return await starts(bucket, 3, 5)

        assert run(scenario()) == [60.0, 60.0, 60.5]

    def test_a_waiting_call_that_leaves_lets_the_next_move_up(self) -> None:
        async def scenario() -> float | None:
            bucket = Bucket(1)
            await bucket.acquire(0)
            first = asyncio.create_task(bucket.acquire(10))
            second = asyncio.create_task(starts(bucket, 1, 10))
            await asyncio.sleep(0.1)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return (await second)[0]

        assert run(scenario()) == 1.0


class TestWindow:
    def test_the_next_start_waits_until_the_oldest_is_a_minute_old(self) -> None:
        assert run(starts(Window(2), 5, 200)) == [0, 0, 60, 60, 120]

    def test_a_wait_too_long_takes_its_whole_time_before_it_is_refused(self) -> None:
        async def scenario() -> tuple[float, float]:
            window = Window(1)
            await window.acquire(0)
            with pytest.raises(Full) as refused:
                await window.acquire(20)
            return asyncio.get_running_loop().time(), refused.value.retry_after

        assert run(scenario()) == (20.0, 40.0)

    def test_below_one_a_minute_everything_waits_in_vain(self) -> None:
        async def scenario() -> float:
            assert await starts(Window(0.5), 2, 7) == [None, None]
            return asyncio.get_running_loop().time()

        assert run(scenario()) == 7.0

    def test_who_comes_first_goes_first(self) -> None:
        async def scenario() -> list[int]:
            window, order = Window(1), []

            async def one(number: int) -> None:
                await window.acquire(1000)
                order.append(number)

            await asyncio.gather(*(one(number) for number in range(5)))
            return order

        assert run(scenario()) == [0, 1, 2, 3, 4]


class TestSlots:
    def test_a_place_is_taken_until_it_is_given_back(self) -> None:
        async def scenario() -> tuple[int, int, float]:
            slots = Slots(1)
            release = await slots.acquire(0)
            waiting = asyncio.create_task(slots.acquire(10))
            await asyncio.sleep(3)
            held = (slots.held, slots.waiting)
            release()
            await waiting
            return (*held, asyncio.get_running_loop().time())

        assert run(scenario()) == (1, 1, 3.0)

    def test_giving_back_twice_frees_one_place(self) -> None:
        async def scenario() -> int:
            slots = Slots(2)
            release = await slots.acquire(0)
            await slots.acquire(0)
            release()
            release()
            return slots.held

        assert run(scenario()) == 1

    def test_a_waiting_call_that_leaves_frees_its_place_in_the_queue(self) -> None:
        async def scenario() -> tuple[int, int]:
            slots = Slots(1)
            release = await slots.acquire(0)
            gone = asyncio.create_task(slots.acquire(10))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            queued = slots.waiting
            release()
            return slots.held, queued

        assert run(scenario()) == (0, 0)

    def test_a_place_granted_to_a_call_that_leaves_in_the_same_moment_is_not_lost(self) -> None:
        async def scenario() -> int:
            slots = Slots(1)
            release = await slots.acquire(0)
            gone = asyncio.create_task(slots.acquire(10))
            await asyncio.sleep(0)
            release()
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            return slots.held

        assert run(scenario()) == 0

    def test_too_long_a_wait_is_refused_with_a_time_to_try_again(self) -> None:
        async def scenario() -> float:
            slots = Slots(1)
            await slots.acquire(0)
            with pytest.raises(Full) as refused:
                await slots.acquire(2)
            return refused.value.retry_after

        assert run(scenario()) == 60.0


CALLS = st.lists(
    st.tuples(
        st.integers(0, 40),  # tenths of a second until it comes
        st.integers(0, 30),  # tenths it is willing to wait
        st.integers(0, 30),  # tenths it holds its place
        st.one_of(st.none(), st.integers(0, 60)),  # tenths after which its client leaves
    ),
    max_size=25,
)


@given(size=st.integers(1, 4), calls=CALLS)
@settings(max_examples=150, deadline=None)
def test_no_place_is_ever_lost_or_given_twice(
    size: int, calls: list[tuple[int, int, int, int | None]]
) -> None:
    async def scenario() -> None:
        slots = Slots(size)
        most = 0

        async def call(come: int, wait: int, hold: int) -> None:
            nonlocal most
            await asyncio.sleep(come / 10)
            release = await slots.acquire(wait / 10)
            most = max(most, slots.held)
            try:
                await asyncio.sleep(hold / 10)
            finally:
                release()

        async def client(come: int, wait: int, hold: int, leave: int | None) -> None:
            task = asyncio.create_task(call(come, wait, hold))
            if leave is not None:
                await asyncio.sleep(leave / 10)
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(client(*one) for one in calls))
        assert (slots.held, slots.waiting) == (0, 0)
        assert most <= size
        for _ in range(size):
            await slots.acquire(0)
        with pytest.raises(Full):
            await slots.acquire(0)

    run(scenario())


@given(seed=st.integers(0, 10_000), size=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_no_minute_ever_holds_more_starts_than_the_window_allows(seed: int, size: int) -> None:
    chance = random.Random(seed)

    async def scenario() -> None:
        window, seen = Window(size), []
        loop = asyncio.get_running_loop()

        async def call() -> None:
            await asyncio.sleep(chance.uniform(0, 200))
            task = asyncio.current_task()
            assert task is not None
            if chance.random() < 0.3:
                loop.call_later(chance.uniform(0, 100), task.cancel)
            await window.acquire(chance.uniform(0, 150))
            seen.append(loop.time())

        await asyncio.gather(*(asyncio.create_task(call()) for _ in range(20)), return_exceptions=True)
        seen.sort()
        for index in range(len(seen) - size):
            assert seen[index + size] - seen[index] >= 60 - 1e-6

    run(scenario())


def test_each_kind_of_limit_has_its_limiter() -> None:
    kinds = {kind: type(limiter(Limit(kind, 2, 1))) for kind in ("qps", "qpm", "concurrency")}
    assert kinds == {"qps": Bucket, "qpm": Window, "concurrency": Slots}


def test_a_named_limiter_is_made_once_and_tells_what_is_held() -> None:
    async def scenario() -> tuple[bool, dict[str, tuple[int, int]]]:
        limits = Limits()
        one = limits.named("a", Limit("concurrency", 2, 1))
        await one.acquire(0)
        return one is limits.named("a", Limit("concurrency", 9, 1)), limits.held()

    assert run(scenario()) == (True, {"a": (1, 0)})


class TestAMomentTheSame:
    """What happens when two things happen in one turn of the loop."""

    @pytest.mark.parametrize(("kind", "next_start"), [("qps", 1.0), ("qpm", 60.0)])
    def test_a_start_granted_to_a_call_that_leaves_is_anothers(self, kind: str, next_start: float) -> None:
        async def scenario() -> float | None:
            one = limiter(Limit(kind, 1, 100))
            assert one.held == 0
            await one.acquire(0)
            loop = asyncio.get_running_loop()
            gone = asyncio.create_task(one.acquire(100))
            await asyncio.sleep(0)
            assert one._timer is not None
            loop.call_at(one._timer.when(), gone.cancel)  # its turn has come, and it has not run yet
            await asyncio.gather(gone, return_exceptions=True)
            return (await starts(one, 1, 100))[0]

        assert run(scenario()) == next_start

    def test_a_call_whose_time_is_up_as_its_turn_comes_goes(self) -> None:
        async def scenario() -> list[float | None]:
            window = Window(1)
            await window.acquire(0)
            return await starts(window, 1, 60)

        assert run(scenario()) == [60]

    def test_a_place_is_passed_over_a_call_that_has_just_left(self) -> None:
        async def scenario() -> tuple[int, int]:
            slots = Slots(1)
            release = await slots.acquire(0)
            gone, next_one = (asyncio.create_task(slots.acquire(10)) for _ in range(2))
            await asyncio.sleep(0)
            gone.cancel()
            release()
            await asyncio.gather(gone, next_one, return_exceptions=True)
            assert not next_one.cancelled()
            return slots.held, slots.waiting

        assert run(scenario()) == (1, 0)
