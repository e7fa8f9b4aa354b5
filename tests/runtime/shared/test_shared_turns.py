"""Turns of several workers: they alternate over all, and cost a trip only where there is a choice."""

from __future__ import annotations

import asyncio
from collections import Counter

from doorway import deployment, loaded_of, pool
from redis_server import Server
from several import HASTY, Worker, until, workers

from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.choice import candidates

SERVICES = [deployment(service=name, order="rr") for name in ("a", "b", "c")]


async def drawn(worker: Worker, loaded: Loaded) -> str:
    found = await candidates(loaded.config, worker.memory, "m", "m", "chat", 0.0)
    return found[0].service + found[0].key


async def test_services_take_turns_over_all_workers(server: Server, name: str) -> None:
    async with workers(server.url, name, 4) as every:
        found = [await drawn(every[number % 4], loaded_of(*SERVICES)) for number in range(12)]
        assert found == ["a", "b", "c"] * 4


async def test_at_once_each_turn_is_taken_once(server: Server, name: str) -> None:
    async with workers(server.url, name, 4) as every:
        loaded = loaded_of(*SERVICES)
        found = await asyncio.gather(*(drawn(every[number % 4], loaded) for number in range(60)))
        assert Counter(found) == {"a": 20, "b": 20, "c": 20}


async def test_keys_of_a_service_take_turns_over_all_workers(server: Server, name: str) -> None:
    async with workers(server.url, name) as every:
        loaded = loaded_of(*pool(2, order="rr"))
        found = [await drawn(every[number % 2], loaded) for number in range(4)]
        assert found == ["skey-1", "skey-2"] * 2


async def test_what_needs_no_turn_makes_no_trip(server: Server, name: str) -> None:
    async with workers(server.url, name, 1) as (worker,):
        for loaded in (
            loaded_of(SERVICES[0]),
            loaded_of(*pool(2, order="first")),
            loaded_of(*pool(1, order="rr")),
        ):
            await drawn(worker, loaded)
        # A trip for a turn would have made its count.
        assert server.client().keys(f"{worker.membership.key}:t:*") == []


async def test_each_takes_its_own_turns_while_redis_is_away(own_server: Server, name: str) -> None:
    async with workers(own_server.url, name, times=HASTY) as (one, two):
        loaded = loaded_of(*SERVICES)
        own_server.pause()
        assert await drawn(one, loaded) == "a"
        own_server.stop()
        await until(lambda: not two.membership.link)
        assert [await drawn(two, loaded) for _ in range(3)] == ["a", "b", "c"]


async def test_a_count_of_turns_is_kept_for_a_day(server: Server, name: str) -> None:
    async with workers(server.url, name, 1) as (worker,):
        await drawn(worker, loaded_of(*SERVICES))
        client = server.client()
        await until(lambda: 86000 < client.ttl(f"{worker.membership.key}:t:services:m") <= 86400)
