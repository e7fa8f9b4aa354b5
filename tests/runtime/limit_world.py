"""What must hold of limits whatever requests do: made-up services and requests, by a clock that jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full, Limits, LimitStore
from one_adapter.runtime.gateway.settings import Limit

CLOSE = 1e-6


@dataclass
class Start:
    """A request that was let in, and until when it ran; `number` is its place among all that asked."""

    number: int
    at: float
    tokens: int
    layers: tuple[Layer, ...]
    end: float | None = None


@dataclass
class World:
    """One service with some keys, and what requests there saw; `most` is how long one may wait in all."""

    chance: random.Random
    limits: LimitStore = field(default_factory=Limits)
    starts: list[Start] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        names = [f"key-{number}" for number in range(self.chance.randint(1, 3))]
        self.keys = [self.layer(name) for name in names]
        self.key_models = [self.layer(f"{name}:m") for name in names]
        self.around = (self.layer("model"), self.layer("service"))
        self.embeddings = self.layer("embeddings")

    def layer(self, name: str) -> Layer | None:
        """A limit of some kinds at once, or none."""
        chance = self.chance
        kinds = {
            "qps": chance.choice([0.4, 1, 2.5]),
            "qpm": chance.randint(1, 5),
            "tpm": chance.randint(15, 60),
            "concurrency": chance.randint(1, 3),
        }
        taken = {kind: number for kind, number in kinds.items() if chance.random() < 0.35}
        wait = chance.choice([0, 1, 3, 20])
        return (
            Layer(name, Limit(**taken, wait_seconds=wait), of_key=name.startswith("key")) if taken else None
        )

    def chain(self, key: int) -> tuple[Layer, ...]:
        """The layers of a chat or an embedding with one of the keys."""
        last = self.embeddings if self.chance.random() < 0.2 else self.around[1]
        models = (self.key_models[key], self.around[0]) if self.chance.random() < 0.5 else ()
        found = (self.keys[key], *models, last)
        return tuple(layer for layer in found if layer is not None)

    async def attempt(self, key: int, tokens: int, most: float) -> tuple[Start, Callable[[], None]]:
        """Ask for one place with one key, note the start."""
        loop = asyncio.get_running_loop()
        chain, number, came = self.chain(key), self.asked, loop.time()
        self.asked += 1
        try:
            release = await self.limits.acquire(chain, tokens, most, self.chance.random() < 0.3)
        except Full as full:
            self.check_refusal(full, chain, tokens, most, came)
            raise
        assert loop.time() <= came + most + CLOSE
        start = Start(number, loop.time(), tokens, chain)
        self.starts.append(start)
        for layer in chain:
            self.running[layer.name] = self.running.get(layer.name, 0) + 1
            assert not layer.limit.concurrency or self.running[layer.name] <= layer.limit.concurrency
        return start, release

    def check_refusal(
        self, full: Full, chain: tuple[Layer, ...], tokens: int, most: float, came: float
    ) -> None:
        """A refusal names a layer of the request, and comes within its time; at once if it can never fit."""
        now = asyncio.get_running_loop().time()
        assert full.layer in chain
        assert now <= came + most + CLOSE
        too_large = any(0 < layer.limit.tpm < tokens for layer in chain)
        assert (full.never, now) == (True, came) if too_large else not full.never

    def finish(self, start: Start, release: Callable[[], None]) -> None:
        """End a request; some ends are told twice, and some make another client leave that instant."""
        for layer in start.layers:
            self.running[layer.name] -= 1
        start.end = asyncio.get_running_loop().time()
        release()
        if self.chance.random() < 0.3:
            release()
        if self.chance.random() < 0.3:
            other = self.chance.choice(self.tasks)
            if other is not asyncio.current_task():
                other.cancel()

    async def request(self) -> None:
        """One request: tried with one key after another, each for a while."""
        chance = self.chance
        tokens, most = chance.randint(1, 40), chance.choice([0.0, 5.0, 70.0, 200.0])
        keys = chance.sample(range(len(self.keys)), len(self.keys))
        for key in keys:
            try:
                start, release = await self.attempt(key, tokens, most)
            except Full:
                continue
            try:
                await asyncio.sleep(chance.choice([0, 0, 0.5, 4, 30]))
            finally:
                self.finish(start, release)
            if chance.random() < 0.6:
                return

    async def client(self) -> None:
        """A client that comes at some time, and perhaps leaves before its answer."""
        chance = self.chance
        await asyncio.sleep(chance.choice([0, 0, 1, 2.5, 10, 60, chance.uniform(0, 90)]))
        task = asyncio.create_task(self.request())
        self.tasks.append(task)
        if chance.random() < 0.4:
            asyncio.get_running_loop().call_later(
                chance.choice([0, 0.4, 2.5, 10, 60, chance.uniform(0, 90)]), task.cancel
            )
        await asyncio.gather(task, return_exceptions=True)

    def every_layer(self) -> list[Layer]:
        """All limits of this world."""
        found = (*self.keys, *self.key_models, *self.around, self.embeddings)
        return [layer for layer in found if layer is not None]

    def check_minutes(self) -> None:
        """No 60 seconds held more starts or tokens than allowed, and no time more starts than the rate."""
        for layer in self.every_layer():
            limit = layer.limit
            starts = [one for one in self.starts if layer in one.layers]
            for place, one in enumerate(starts):
                minute = [each for each in starts[: place + 1] if one.at - each.at < 60 - CLOSE]
                assert not limit.qpm or len(minute) <= limit.qpm
                assert not limit.tpm or sum(each.tokens for each in minute) <= limit.tpm
                for count, each in enumerate(reversed(starts[: place + 1]), 1):
                    saved = max(1, int(limit.qps)) + limit.qps * (one.at - each.at)
                    assert not limit.qps or count <= saved + CLOSE

    def check_order(self) -> None:
        """Of those that asked for the same, who came first was let in first."""
        last: dict[tuple[str, ...], int] = {}
        for one in self.starts:
            same = tuple(layer.name for layer in one.layers)
            assert last.get(same, -1) < one.number
            last[same] = one.number

    async def check_nothing_is_lost(self) -> None:
        """All that is not used is there to be had, to the last place and token, and no more than that."""
        assert self.limits.held() == {}
        now = asyncio.get_running_loop().time()
        for layer in self.every_layer():
            limit = layer.limit
            minute = [one for one in self.starts if layer in one.layers and one.at + 60 > now]
            tokens = int(limit.tpm) - sum(one.tokens for one in minute)
            if limit.tpm and tokens:
                await self.limits.acquire([Layer(layer.name, Limit(tpm=limit.tpm))], tokens, 0)
                minute.append(Start(0, now, tokens, ()))
            for place in range(int(limit.qpm) - len(minute) + 1 if limit.qpm else 0):
                assert await self.passes(Layer(layer.name, Limit(qpm=limit.qpm))) is (
                    place < limit.qpm - len(minute)
                )
            for place in range(int(limit.concurrency) + 1 if limit.concurrency else 0):
                found = await self.passes(Layer(layer.name, Limit(concurrency=limit.concurrency)))
                assert found is (place < limit.concurrency)

    async def passes(self, layer: Layer) -> bool:
        """Whether there is room at a limit now."""
        try:
            await self.limits.acquire([layer], 1, 0)
        except Full:
            return False
        return True


async def play(seed: int, limits: LimitStore | None = None) -> World:
    world = World(random.Random(seed), limits or Limits())
    await asyncio.gather(*(world.client() for _ in range(world.chance.randint(1, 14))))
    world.check_minutes()
    world.check_order()
    await world.check_nothing_is_lost()
    return world
