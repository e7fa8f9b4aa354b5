"""One worker alone on a Redis decides as a process decides that keeps its limits itself."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from alone import by_jumps
from limit_world import play
from redis_server import Server
from virtual import run

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full, Limits, LimitStore
from one_adapter.runtime.gateway.settings import Limit

RUNS = int(os.environ.get("ONE_ADAPTER_LIMIT_RUNS", "120"))
#: Seeds that are compared: with many more two limits have room in the same instant, and either may be first.
COMPARED = 120
CHUNKS = 4


@dataclass(frozen=True)
class Plan:
    """What one request does: when it comes and leaves, what it asks for, how long it runs."""

    comes: float
    layers: tuple[Layer, ...]
    tokens: int
    most: float
    spare: bool
    runs: float
    leaves: float | None


def plans(chance: random.Random) -> list[Plan]:
    """What some requests at one service do; no two things happen at the same microsecond."""

    def layer(name: str) -> Layer:
        kinds = {
            "qps": chance.choice([0.4, 1.3, 2.5]),
            "qpm": chance.randint(1, 5),
            "tpm": chance.randint(15, 60),
            "concurrency": chance.randint(1, 3),
        }
        taken = {kind: number for kind, number in kinds.items() if chance.random() < 0.4} or {"qpm": 2}
        wait = chance.choice([0, 1.7, 3.1, 20.3])
        least = 1 if chance.random() < 0.9 else 0
        return Layer(name, Limit(**taken, wait_seconds=wait), of_key=name != "service", least=least)

    every = [layer("key"), layer("model"), layer("service")]
    return [
        Plan(
            comes=chance.choice([0, 1, 10, 60]) + chance.random(),
            layers=tuple(one for one in every if chance.random() < 0.7) or (every[2],),
            tokens=chance.randint(1, 40),
            most=chance.choice([0.0, 5.0, 70.0, 200.0, float("inf")]),
            spare=chance.random() < 0.3,
            runs=chance.choice([0, 0.5, 4, 30]) + chance.random(),
            leaves=chance.choice([None, None, chance.uniform(0, 90)]),
        )
        for _ in range(chance.randint(2, 14))
    ]


async def decided(limits: LimitStore, plans: Sequence[Plan]) -> list[tuple[str, list[float]]]:
    """What became of each: whether it started, or where it was refused; when, and with which hint."""
    loop = asyncio.get_running_loop()

    async def one(plan: Plan) -> tuple[str, list[float]]:
        await asyncio.sleep(plan.comes)
        task = asyncio.ensure_future(limits.acquire(plan.layers, plan.tokens, plan.most, plan.spare))
        if plan.leaves is not None:
            loop.call_later(plan.leaves, task.cancel)
        try:
            release = await task
        except Full as full:
            return f"refused at {full.layer.name}, {full.never}", [loop.time(), full.retry_after]
        except asyncio.CancelledError:
            return "left", [loop.time()]
        at = loop.time()
        await asyncio.sleep(plan.runs)
        release()
        return "started", [at]

    return list(await asyncio.gather(*map(one, plans)))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_redis_of_ones_own_changes_no_decision(server: Server, name: str, chunk: int) -> None:
    kinds = set()
    for seed in range(chunk, COMPARED, CHUNKS):
        some = plans(random.Random(seed))
        alone = run(decided(Limits(), some))
        shared = by_jumps(server.url, f"{name}-{seed}", lambda limits, some=some: decided(limits, some))
        assert [what for what, _ in shared] == [what for what, _ in alone], f"seed {seed}"
        for one, other in zip(shared, alone, strict=True):
            assert one[1] == pytest.approx(other[1], abs=1e-4), f"seed {seed}"
        kinds |= {what.partition(" ")[0] for what, _ in alone}
    assert kinds == {"started", "refused", "left"}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_place_is_lost_or_given_twice_and_no_minute_holds_too_much(
    server: Server, name: str, chunk: int
) -> None:
    waited = 0
    for seed in range(chunk, RUNS, CHUNKS):
        try:
            world = by_jumps(server.url, f"{name}-{seed}", lambda limits, seed=seed: play(seed, limits))
        except AssertionError as failure:
            raise AssertionError(f"seed {seed}") from failure
        waited += any(one.at > 0 for one in world.starts)
    assert waited > RUNS / CHUNKS / 3
