"""Redis stops answering, ends, comes back with nothing: requests go on, and what was known is known again."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from redis_server import Server
from several import HASTY, QUIET, layer, until, workers

from one_adapter.runtime.gateway.refusal import Refusal


async def test_requests_go_on_by_a_part_of_the_limit_while_redis_does_not_answer(
    own_server: Server, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    three = layer(concurrency=3)
    async with workers(own_server.url, name, times=HASTY) as (one, two):
        one.membership.workers = two.membership.workers = 2
        own_server.pause()
        began = time.monotonic()
        both = [await one.takes(three), await two.takes(three)]
        assert time.monotonic() - began < 50 * 0.6
        assert [await one.is_full(three), await two.is_full(three)] == [True, True]
        own_server.go_on()
        await until(lambda: one.membership.link and two.membership.link)
        third = await one.takes(three)
        assert [await one.is_full(three), await two.is_full(three)] == [True, True]
        for release in (*both, third):
            release()
        assert not await two.is_full(three)
    told = [record.getMessage().partition(" (")[0] for record in caplog.records]
    away, back = "one-adapter: Redis is away", "one-adapter: Redis is back: limits are shared again."
    assert sorted(told) == [away, away, back, back]


async def test_who_waits_when_redis_ends_goes_on_in_its_order(own_server: Server, name: str) -> None:
    order: list[int] = []

    async with workers(own_server.url, name, 1) as (worker,):
        first = await worker.takes(layer(concurrency=1))

        async def wait(number: int) -> None:
            release = await worker.takes(layer(concurrency=1))
            order.append(number)
            release()

        waiting = [asyncio.create_task(wait(number)) for number in range(5)]
        await until(lambda: worker.waiting() == 5)
        own_server.stop()
        await until(lambda: worker.membership.link is None)
        await asyncio.sleep(0.05)
        assert order == []
        first()
        await asyncio.gather(*waiting)
        assert order == [0, 1, 2, 3, 4]


async def test_an_empty_redis_is_told_what_runs_and_what_has_started_of_late(
    own_server: Server, name: str
) -> None:
    one_place, two_starts = layer("place", concurrency=1), layer("starts", qpm=2)
    tokens = layer("tokens", tpm=100)
    async with workers(own_server.url, name) as (one, two):
        release = await one.takes(one_place)
        await one.takes(two_starts)
        await two.takes(two_starts)
        await two.takes(tokens, tokens=60)
        own_server.stop()
        await until(lambda: not one.membership.link and not two.membership.link)
        own_server.start()
        await until(lambda: one.membership.link and two.membership.link)
        for worker in (one, two):
            assert [await worker.is_full(limit) for limit in (one_place, two_starts)] == [True, True]
        assert await one.takes(tokens, tokens=40)
        assert await one.is_full(tokens)
        release()
        assert not await two.is_full(one_place)


async def test_what_starts_while_redis_is_away_counts_when_it_is_back(own_server: Server, name: str) -> None:
    two_starts, one_place = layer("starts", qpm=2), layer("place", concurrency=1)
    async with workers(own_server.url, name, 1) as (worker,):
        own_server.stop()
        await until(lambda: worker.membership.link is None)
        await worker.takes(two_starts)
        await worker.takes(two_starts)
        release = await worker.takes(one_place)
        waits = asyncio.create_task(worker.takes(one_place))
        await asyncio.sleep(0.05)
        own_server.start()
        await until(lambda: worker.membership.link)
        assert await worker.is_full(two_starts)
        assert await worker.is_full(one_place)
        release()
        late = await waits  # it waited alone, and counts all the same
        assert await worker.is_full(one_place)
        late()
        assert not await worker.is_full(one_place)


async def test_a_minute_that_was_used_up_is_used_up_alone_too(own_server: Server, name: str) -> None:
    async with workers(own_server.url, name, 1) as (worker,):
        for _ in range(2):
            await worker.takes(layer(qpm=2))
        own_server.stop()
        await until(lambda: worker.membership.link is None)
        assert await worker.is_full(layer(qpm=2))


async def test_a_request_larger_than_a_workers_part_of_the_tokens_goes_alone_once_a_minute(
    own_server: Server, name: str
) -> None:
    async with workers(own_server.url, name, 1) as (worker,):
        worker.membership.workers = 4
        own_server.stop()
        await until(lambda: worker.membership.link is None)
        await worker.takes(layer(tpm=100), tokens=90)
        assert await worker.is_full(layer(tpm=100))


async def test_a_proxy_that_requires_redis_refuses_meanwhile(own_server: Server, name: str) -> None:
    async with workers(own_server.url, name, 1, required=True) as (worker,):
        own_server.stop()
        await until(lambda: worker.membership.link is None)
        with pytest.raises(Refusal) as refused:
            await worker.takes(layer(qpm=2))
        assert (refused.value.status, refused.value.retry_after) == (503, 1.0)
        own_server.start()
        await until(lambda: worker.membership.link)
        await worker.takes(layer(qpm=2))


async def test_without_a_redis_from_the_start_the_first_request_goes_on(
    tmp_path: object, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with workers(f"unix://{tmp_path}/none.sock", name, 1, there=False) as (worker,):
        await worker.takes(layer(qpm=1))
        assert await worker.is_full(layer(qpm=1))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_wrong_password_is_told_and_not_shown(
    tmp_path_factory: pytest.TempPathFactory, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(tmp_path_factory.mktemp("redis"), "--requirepass", "the-right-one")
    try:
        path = server.url.removeprefix("unix://")
        async with workers(f"unix://:the-wrong-one@{path}", name, 1, there=False) as (worker,):
            assert worker.membership.link is None
        async with workers(f"unix://:the-right-one@{path}", name, 1) as (worker,):
            await worker.takes(layer(qpm=1))
    finally:
        server.stop()
    assert len(caplog.records) == 1
    assert "the-wrong-one" not in caplog.text


async def test_a_redis_that_may_not_keep_anything_counts_as_away(
    tmp_path_factory: pytest.TempPathFactory, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(tmp_path_factory.mktemp("redis"), "--maxmemory", "1")
    try:
        async with workers(server.url, name, 1, there=False) as (worker,):
            await worker.takes(layer(qpm=1))
    finally:
        server.stop()
    assert "OOM" in caplog.text


async def test_a_worker_counts_those_that_are_alive(server: Server, name: str) -> None:
    async with workers(server.url, name, 3) as (*_, last):
        assert last.membership.workers == 3
        assert last.membership.times is QUIET


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        (("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), True),
        (("--maxmemory", "100mb", "--maxmemory-policy", "noeviction"), False),
        (("--maxmemory-policy", "allkeys-lru"), False),
        (("--rename-command", "CONFIG", ""), False),
    ],
    ids=["drops", "does not drop", "has no bound", "does not tell"],
)
async def test_a_redis_that_may_drop_what_is_shared_is_told(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    caplog: pytest.LogCaptureFixture,
    options: tuple[str, ...],
    warned: bool,
) -> None:
    server = Server(tmp_path_factory.mktemp("redis"), *options)
    try:
        async with workers(server.url, name, 1) as (worker,):
            await worker.takes(layer(qpm=1))
            assert worker.membership.link is not None
            await worker.membership.link.ask("PING")
    finally:
        server.stop()
    assert ("allkeys-lru" in caplog.text) is warned
    assert len(caplog.records) == warned
