"""Breakers of several workers: one's failures open it for all, one's probe is everybody's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from doorway import CHAT, deployment, loaded_of, serve, whole
from redis_server import Server
from several import HASTY, QUIET, Worker, until, workers

from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.settings import BreakerRule, Policy

KEY = ("service", "model")
RULE = BreakerRule(failures=3, recovery_seconds=0.3, probes=1)
SLOW = replace(RULE, recovery_seconds=60)


def fails(worker: Worker, times: int = 1, rule: BreakerRule = SLOW, probe: bool = False) -> None:
    for _ in range(times):
        worker.memory.breakers.failure(KEY, rule, probe, asyncio.get_running_loop().time())


def allows(worker: Worker, rule: BreakerRule = SLOW) -> bool:
    return worker.memory.breakers.allows(KEY, rule, asyncio.get_running_loop().time())


def failures(worker: Worker) -> int:
    state = worker.memory.breakers._states.get(KEY)
    return state.failures if state is not None else 0


async def probes(worker: Worker, rule: BreakerRule = RULE, seconds: float = 1) -> bool:
    """Whether a probe of a worker goes on."""
    await until(lambda: allows(worker, rule))
    assert worker.memory.breakers.begin(KEY)
    return await worker.memory.breakers.leases(KEY, rule, seconds)


async def test_failures_of_different_workers_add_up_and_open_it_for_all(server: Server, name: str) -> None:
    async with workers(server.url, name, 3) as (one, two, three):
        fails(one, 2)
        await until(lambda: failures(three) == 2)
        assert allows(three)
        fails(two)
        await until(lambda: not any(map(allows, (one, two, three))))


async def test_one_workers_answer_ends_the_row_of_anothers_failures(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 2)
        await until(lambda: failures(two) == 2)
        two.memory.breakers.success(KEY, False)
        await until(lambda: one.memory.breakers.is_empty)
        fails(one, 2)
        await until(lambda: failures(two) == 2)
        assert allows(two)


async def test_an_answer_from_before_it_opened_does_not_close_it(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 3)
        await until(lambda: not allows(two))
        two.memory.breakers.success(KEY, False)
        assert server.client().hlen(f"{one.membership.key}:k") == 1
        assert not allows(two)


async def test_one_worker_tries_for_all_whether_it_may_close_again(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 3, RULE)
        await until(lambda: not allows(two, RULE) and not allows(one, RULE))
        assert await probes(one)
        assert not await probes(two)
        one.memory.breakers.success(KEY, True)
        await until(lambda: one.memory.breakers.is_empty and two.memory.breakers.is_empty)


async def test_a_probe_that_fails_keeps_it_shut_for_all(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 3, RULE)
        await until(lambda: not allows(two, RULE))
        assert await probes(two)
        fails(two, rule=RULE, probe=True)
        assert not await probes(one)
        assert await probes(one)


async def test_a_probe_without_a_verdict_lets_another_try(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 3, RULE)
        await until(lambda: not allows(one, RULE) and not allows(two, RULE))
        assert await probes(one)
        one.memory.breakers.abandon(KEY, True)
        assert await probes(two)


async def test_a_prober_that_dies_lets_another_try(server: Server, name: str) -> None:
    async with workers(server.url, name) as (dies, lives):
        fails(dies, 3, RULE)
        await until(lambda: not allows(dies, RULE) and not allows(lives, RULE))
        assert await probes(dies)
        server.client().zrem(f"{dies.membership.key}:w", dies.membership.worker)
        assert await probes(lives)


async def test_a_prober_that_leaves_while_it_asks_lets_another_try(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        fails(one, 3, RULE)
        await until(lambda: not allows(one, RULE) and not allows(two, RULE))
        await until(lambda: allows(one, RULE))
        assert one.memory.breakers.begin(KEY)
        task = asyncio.create_task(one.memory.breakers.leases(KEY, RULE, 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await probes(two)


async def test_a_worker_that_comes_later_knows_what_is_open(server: Server, name: str) -> None:
    async with workers(server.url, name, 1) as (one,):
        fails(one, 3)
        await until(lambda: not allows(one))
        async with workers(server.url, name, 1) as (later,):
            await until(lambda: not allows(later))


async def test_each_goes_by_its_own_while_redis_is_away_and_tells_what_opened(
    own_server: Server, name: str
) -> None:
    async with workers(own_server.url, name) as (one, two):
        own_server.stop()
        await until(lambda: not one.membership.link and not two.membership.link)
        fails(one, 3)
        assert [allows(one), allows(two)] == [False, True]
        assert await two.memory.breakers.leases(KEY, RULE, 0)
        own_server.start()
        await until(lambda: one.membership.link and two.membership.link and not allows(two))
        assert not allows(one)


async def test_a_failure_that_redis_does_not_hear_of_counts_here(own_server: Server, name: str) -> None:
    async with workers(own_server.url, name, 1, times=HASTY) as (one,):
        own_server.pause()
        fails(one, 3)
        await until(lambda: not allows(one))
        own_server.go_on()


async def test_a_key_that_an_upstream_has_throttled_is_left_alone_by_all(server: Server, name: str) -> None:
    async with workers(server.url, name) as (one, two):
        pool = [Policy(service="s", key=key) for key in ("a", "b")]
        one.memory.capacity.cool(pool[0], "m", asyncio.get_running_loop().time())
        await until(lambda: not two.memory.capacity.is_empty)
        for worker in (one, two):
            now = asyncio.get_running_loop().time()
            assert [each.key for each in worker.memory.capacity.order(pool, "m", 1, now)] == ["b", "a"]


async def test_who_is_alone_leaves_a_throttled_key_alone_by_itself(tmp_path: object, name: str) -> None:
    async with workers(f"unix://{tmp_path}/none.sock", name, 1, times=QUIET, there=False) as (one,):
        one.memory.capacity.cool(Policy(service="s", key="a"), "m", 0.0)
        assert not one.memory.capacity.is_empty


async def test_a_request_that_would_be_one_probe_too_many_is_refused_as_by_an_open_breaker(
    server: Server, name: str
) -> None:
    rule = {"failures": 1, "recovery_seconds": 0.2, "probes": 1}
    asked: list[str] = []

    async def fails(request: Request, send: Any) -> None:
        asked.append(request.policy.id)
        await whole(send, 500, b"{}")

    async with workers(server.url, name) as (one, two):
        config = loaded_of(deployment(breaker=rule)).config
        first, _ = serve(Loaded(config, one.memory), fails)
        second, _ = serve(Loaded(config, two.memory), fails)
        assert (await first("POST", "/v1/chat/completions", CHAT))[0] == 500
        key = ("s", "m")
        await until(lambda: not two.memory.breakers.is_empty)
        await asyncio.sleep(0.3)
        assert one.memory.breakers.begin(key)
        assert await one.memory.breakers.leases(key, BreakerRule(1, 0.2, 1), 1)
        status, _, headers = await second("POST", "/v1/chat/completions", CHAT)
        assert (status, headers["retry-after"], len(asked)) == (503, "1", 1)
