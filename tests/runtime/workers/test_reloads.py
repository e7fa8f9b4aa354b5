"""A reload as the parent leads it, message by message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading, Told
from one_adapter.runtime.workers.channel import Channel, Kind, Message, pair
from one_adapter.runtime.workers.fleet import Worker
from one_adapter.runtime.workers.notify import from_environment
from one_adapter.runtime.workers.reloads import Reloads

FIRST, SECOND = Generation(1, "f1", "", {}), Generation(2, "f2", "text", {})


class Source:
    """What is found, look by look; then nothing."""

    pause = 0.0

    def __init__(self, *found: Generation | Told) -> None:
        self.found = [*found]
        self.asked: list[bool] = []

    def look(self, asked: bool = False) -> Generation | Told | None:
        self.asked.append(asked)
        return self.found.pop(0) if self.found else None

    def refused(self) -> None:
        """Go on with the old one."""


class World:
    """Three workers that serve, with the other ends of their channels, and what the parent notes."""

    def __init__(self) -> None:
        pairs = [pair() for _ in range(3)]
        self.workers = {slot: Worker(slot, 0, ours, 0.0, 0.0) for slot, (ours, _) in enumerate(pairs)}
        self.theirs: list[Channel] = [theirs for _, theirs in pairs]
        self.said: list[str] = []
        self.counted: list[bool] = []
        self.adopted: list[Generation] = []

    def follow(self, *found: Generation | Told, at_once: int = 3) -> Reloads:
        self.source = Source(*found)
        reloading = Reloading(FIRST, self.source)
        said = self.said.append
        notifier = from_environment({})
        return Reloads(reloading, self.adopted.append, said, notifier, self.counted.append, at_once)

    def heard(self) -> list[list[Kind]]:
        return [[message.kind for message in channel.receive()] for channel in self.theirs]

    def close(self) -> None:
        for channel in (*self.theirs, *(worker.channel for worker in self.workers.values())):
            channel.close()


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()


def test_all_are_told_to_commit_in_one_turn_once_the_last_has_prepared(world: World) -> None:
    reloads = world.follow(SECOND)
    reloads.go_on(world.workers, 1.0)
    assert world.heard() == [[Kind.PREPARE]] * 3
    for slot in (2, 0):
        reloads.hear(world.workers[slot], Message(Kind.PREPARED, 2))
        reloads.go_on(world.workers, 1.0)
        assert world.heard() == [[]] * 3
    reloads.hear(world.workers[1], Message(Kind.PREPARED, 2))
    reloads.go_on(world.workers, 1.0)
    assert world.heard() == [[Kind.COMMIT]] * 3
    for slot in (1, 2, 0):
        assert world.adopted == []
        assert reloads.under_way
        reloads.hear(world.workers[slot], Message(Kind.COMMITTED, 2, b"now it is new"))
        reloads.go_on(world.workers, 1.0)
    assert (world.adopted, world.said, reloads.under_way) == ([SECOND], ["now it is new"], False)


def test_where_one_prepares_at_a_time_the_next_is_told_to_when_it_has(world: World) -> None:
    reloads = world.follow(SECOND, at_once=1)
    for slot in range(3):
        reloads.go_on(world.workers, 1.0)
        assert world.heard() == [[Kind.PREPARE] if slot == one else [] for one in range(3)]
        reloads.hear(world.workers[slot], Message(Kind.PREPARED, 2))
    reloads.go_on(world.workers, 1.0)
    assert world.heard() == [[Kind.COMMIT]] * 3


def test_every_reload_is_counted_once_by_what_became_of_it(world: World) -> None:
    reloads = world.follow(SECOND, Told("not reloaded: why", refused=True), Told("nothing is new"), SECOND)
    reloads.go_on(world.workers, 1.0)
    for worker in world.workers.values():
        reloads.hear(worker, Message(Kind.PREPARED, 2))
    reloads.go_on(world.workers, 1.0)
    for worker in world.workers.values():
        reloads.hear(worker, Message(Kind.COMMITTED, 2))
    for _ in range(4):
        reloads.go_on(world.workers, 1.0)
    assert world.counted == [True, False]
    for worker in world.workers.values():
        reloads.hear(worker, Message(Kind.REFUSED, 2, b"no"))
    reloads.go_on(world.workers, 1.0)
    assert world.counted == [True, False, False]
    assert world.heard()[0] == [Kind.PREPARE, Kind.COMMIT, Kind.PREPARE, Kind.DROP]


@pytest.mark.parametrize("doing", ["prepared", "took over"])
def test_one_that_nobody_lived_to_judge_is_tried_once_more_when_all_are_back(
    doing: str, world: World
) -> None:
    again = [replace(SECOND, number=number) for number in (2, 3, 4)]
    reloads = world.follow(*again)

    def all_die() -> None:
        reloads.go_on(world.workers, 1.0)
        assert reloads.under_way
        if doing == "took over":
            number = world.source.asked.count(True) + 2
            for worker in world.workers.values():
                reloads.hear(worker, Message(Kind.PREPARED, number))
            reloads.go_on(world.workers, 1.0)
        for worker in world.workers.values():
            reloads.gone(worker)
        reloads.go_on({}, 1.0)
        assert not reloads.under_way

    all_die()
    world.workers[1].ready_at = None
    reloads.go_on(world.workers, 1.0)
    assert world.source.asked == [False]
    world.workers[1].ready_at = 1.0
    all_die()
    assert world.source.asked == [False, True]
    told = f"the new configuration is not taken, the old one stays: every worker ended while it {doing} the"
    assert world.said == [f"{told} new configuration; it is tried once more", f"{told} new configuration"]
    assert (world.adopted, world.counted) == ([], [False, False])
    reloads.go_on(world.workers, 1.0)
    assert world.source.asked == [False, True, False]


def test_one_that_a_worker_has_taken_over_holds_though_all_die_after_it(world: World) -> None:
    reloads = world.follow(SECOND)
    reloads.go_on(world.workers, 1.0)
    for worker in world.workers.values():
        reloads.hear(worker, Message(Kind.PREPARED, 2))
    reloads.go_on(world.workers, 1.0)
    reloads.hear(world.workers[0], Message(Kind.COMMITTED, 2, b"now it is new"))
    for worker in world.workers.values():
        reloads.gone(worker)
    reloads.go_on({}, 1.0)
    assert (world.adopted, world.said) == ([SECOND], ["now it is new"])
