"""Several workers on one Redis: what one holds the others see, and nothing is lost with one that ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from redis_server import Server
from several import QUIET, Worker, layer, until, workers

from one_adapter.runtime.gateway.limits import Full, Release

PLACE = layer(concurrency=1)


async def test_a_place_is_one_for_all_and_passed_on_in_the_order_of_arrival(
    server: Server, name: str
) -> None:
    order: list[int] = []
    async with workers(server.url, name, 3) as every:
        first = await every[0].takes(PLACE)

        async def wait(number: int) -> None:
            release = await every[number % 3].takes(PLACE)
            order.append(number)
            await asyncio.sleep(0.005)
            release()

        waiting = []
        for number in range(9):
            waiting.append(asyncio.create_task(wait(number)))
            await until(lambda: sum(one.waiting() for one in every) == len(waiting))
        first()
        await asyncio.gather(*waiting)
    assert order == list(range(9))


async def test_who_leaves_gives_up_its_turn_and_its_place(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        first = await one.takes(PLACE)
        tasks: list[asyncio.Task[Release]] = []
        for worker in (two, one, two):
            tasks.append(asyncio.create_task(worker.takes(PLACE)))
            await until(lambda: one.waiting() + two.waiting() == len(tasks))
        tasks[0].cancel()
        first()
        release = await tasks[1]
        tasks[2].cancel()
        release()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [await one.is_full(PLACE), await two.is_full(PLACE)] == [False, False]
        assert (one.limits.held(), two.limits.held()) == ({}, {})


async def test_who_leaves_before_redis_has_answered_has_used_nothing(server: Server, name: str) -> None:
    minute = layer("minute", qpm=1)
    async with workers(server.url, name, 1) as (worker,):
        assert worker.membership.link is not None
        await worker.membership.link.ask("PING")
        task = asyncio.create_task(worker.takes(PLACE, minute))
        await asyncio.sleep(0)
        assert worker.membership.link.pending == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not await worker.is_full(PLACE, minute)


async def test_who_waits_too_long_is_refused_and_told_when_to_come_again(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        await one.takes(layer(qpm=1))
        with pytest.raises(Full) as refused:
            await two.takes(layer(qpm=1), most=0.1)
        assert 20 < refused.value.retry_after <= 60.25
        assert two.waiting() == 0


async def test_a_turn_that_is_told_to_nobody_is_found_all_the_same(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        release = await one.takes(PLACE)
        task = asyncio.create_task(two.takes(PLACE))
        await until(two.waiting)
        two.membership.letters.clear()  # what is told is heard no more
        release()
        (await task)()


async def test_scripts_that_redis_has_forgotten_are_sent_again(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        server.client().script_flush()
        release = await one.takes(PLACE)
        task = asyncio.create_task(two.takes(PLACE))
        await until(two.waiting)
        server.client().script_flush()
        release()
        (await task)()


async def test_the_places_and_turns_of_a_dead_worker_come_back(server: Server, name: str) -> None:
    async with workers(server.url, name) as (dead, alive):
        await dead.takes(PLACE)
        waits = asyncio.create_task(dead.takes(PLACE))
        await until(dead.waiting)
        task = asyncio.create_task(alive.takes(PLACE))
        await until(alive.waiting)
        await dead.die()
        end_lease(server, dead)
        (await task)()
        assert server.client().hlen(f"{dead.membership.key}:x:{dead.membership.worker}") == 0
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)


def end_lease(server: Server, worker: Worker) -> None:
    """Have a worker's last heartbeat be too long ago, and the last look for such, too."""
    server.client().zadd(f"{worker.membership.key}:w", {worker.membership.worker: 1})
    server.client().delete(f"{worker.membership.key}:r")


async def test_a_worker_that_was_thought_dead_holds_and_waits_for_what_it_did(
    server: Server, name: str
) -> None:
    other = layer("other", concurrency=1)
    async with workers(server.url, name, times=replace(QUIET, tick=30)) as (stalled, alive):
        held = await stalled.takes(PLACE)
        blocking = await stalled.takes(other)
        waits = asyncio.create_task(stalled.takes(other))
        await until(stalled.waiting)
        end_lease(server, stalled)
        (await alive.takes(PLACE))()  # it was given away
        assert stalled.membership.link is not None
        stalled.membership.beaten(*await stalled.membership.beat(stalled.membership.link))
        records = f"{stalled.membership.key}:x:{stalled.membership.worker}"
        await until(lambda: server.client().hlen(records) == 3)
        assert await alive.is_full(PLACE)
        assert await alive.is_full(other)
        blocking()
        (await waits)()
        held()
        assert not await alive.is_full(PLACE)


async def test_a_changed_number_holds_for_those_who_wait(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        await one.takes(PLACE)
        task = asyncio.create_task(two.takes(PLACE))
        await until(two.waiting)
        two.limits.renew([layer(concurrency=2)])
        await task


async def test_workers_with_other_numbers_each_go_by_their_own(server: Server, name: str) -> None:
    async with workers(server.url, name) as (old, new):
        await old.takes(layer(concurrency=1))
        assert await old.is_full(layer(concurrency=1))
        await new.takes(layer(concurrency=2))
        assert await new.is_full(layer(concurrency=2))


async def test_a_heartbeat_keeps_a_worker_alive_while_its_loop_is_busy(server: Server, name: str) -> None:
    async with workers(server.url, name, 1, times=replace(QUIET, lease=3, beat=0.1)) as (worker,):
        await worker.takes(PLACE)
        server.client().zadd(f"{worker.membership.key}:w", {worker.membership.worker: 0})
        time.sleep(1)  # noqa: ASYNC251 - this is a loop that is busy
        ends = server.client().zscore(f"{worker.membership.key}:w", worker.membership.worker)
        assert ends is not None
        assert ends > time.time() * 1e6


async def test_a_turn_that_redis_has_forgotten_is_told_it_again(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        first = await one.takes(PLACE)
        task = asyncio.create_task(two.takes(PLACE))
        await until(two.waiting)
        client = server.client()
        client.delete(f"{two.membership.key}:x:{two.membership.worker}", f"{two.membership.key}:l:s:q")
        await until(lambda: client.zcard(f"{two.membership.key}:l:s:q"))
        first()
        (await task)()


async def test_who_is_moved_to_another_limit_untold_waits_there(server: Server, name: str) -> None:
    late, place = layer("late", concurrency=1), layer("place", concurrency=1)
    async with workers(server.url, name) as (one, two):
        first = await one.takes(late)
        second = await one.takes(place)
        second()
        task = asyncio.create_task(two.takes(place, late))
        await until(two.waiting)
        assert two.limits.held() == {"late": (0, 1)}
        second = await one.takes(place)
        two.membership.letters.clear()
        first()
        await until(lambda: two.limits.held() == {"place": (0, 1)})
        second()
        (await task)()


async def test_numbers_that_did_not_change_are_told_to_nobody(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        first = await one.takes(PLACE)
        task = asyncio.create_task(two.takes(PLACE))
        await until(two.waiting)
        assert two.membership.link is not None
        await two.membership.link.ask("PING")
        two.limits.renew([PLACE, layer("other", qpm=1)])
        assert two.membership.link.pending == 0
        first()
        (await task)()


async def test_a_request_that_can_never_pass_is_refused_before_redis_is_asked(
    server: Server, name: str
) -> None:
    async with workers(server.url, name, 1) as (worker,):
        assert worker.membership.link is not None
        await worker.membership.link.ask("PING")
        with pytest.raises(Full) as refused:
            await worker.takes(layer(tpm=10), tokens=11)
        assert refused.value.never
        assert worker.membership.link.pending == 0


async def test_a_number_that_becomes_too_small_for_one_who_waits_refuses_it(
    server: Server, name: str
) -> None:
    async with workers(server.url, name, 1) as (worker,):
        await worker.takes(layer(tpm=10), tokens=8)
        task = asyncio.create_task(worker.takes(layer(tpm=10), tokens=8))
        await until(worker.waiting)
        worker.limits.renew([layer(tpm=5)])
        with pytest.raises(Full) as refused:
            await task
        assert refused.value.never
