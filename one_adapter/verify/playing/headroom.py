"""How often a service may be asked before a limit of its own would make a question wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from one_adapter.language import tr
from one_adapter.plan.types import Plan, ServicePolicy
from one_adapter.verify.playing.clock import now

#: The longest that the questions to one service are spread over, where it takes so many a second.
LONGEST_SPREAD_SECONDS = 10
#: More than the gateway's estimate of any question that is asked here.
TOKENS_OF_A_QUESTION = 200


class NoRoomError(Exception):
    """A service has a limit, and what it lets through in a minute is used up."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.sentence = tr("the limit of {service} leaves no room for it", service=service)


class Room:
    """What one service takes: so many questions in all, so many at once, so long between two."""

    def __init__(self, policy: ServicePolicy) -> None:
        """Take the smallest of all the numbers of a service's limits."""
        limits = [*policy.limits]
        self.service = policy.id
        self.left = min(
            [
                float("inf"),
                *(max(1, int(each.qpm)) - 1 for each in limits if each.qpm),
                *(each.tpm // TOKENS_OF_A_QUESTION for each in limits if each.tpm),
                *(int(each.qps * LONGEST_SPREAD_SECONDS) for each in limits if each.qps),
            ]
        )
        self.gap = max((1 / each.qps for each in limits if each.qps), default=0.0)
        at_once = min((max(1, int(each.concurrency)) for each in limits if each.concurrency), default=0)
        self.places = asyncio.Semaphore(at_once) if at_once else None
        self._next = 0.0

    @property
    def has_limit(self) -> bool:
        """Whether there is a limit at all."""
        return self.left != float("inf") or self.places is not None

    async def turn(self) -> None:
        """Wait until the next question may be asked."""
        moment = now()
        wait = self._next - moment
        self._next = max(self._next, moment) + self.gap
        if wait > 0:
            await asyncio.sleep(wait)


class Rooms:
    """The rooms of all services of a plan."""

    def __init__(self, plan: Plan) -> None:
        """Reckon each service's."""
        self._rooms = {policy.id: room for policy in plan.services if (room := Room(policy)).has_limit}

    def limited(self, services: Iterable[str]) -> list[Room]:
        """The rooms of those of several services that have limits, always in the same order."""
        return [self._rooms[name] for name in sorted({*services}) if name in self._rooms]

    async def enter(self, services: Iterable[str], stack: AsyncExitStack) -> None:
        """Take a turn and a place for one question to any of several services, for the time of `stack`.

        Raises `NoRoomError` where one of them would make it wait.
        """
        rooms = self.limited(services)
        for room in rooms:
            if room.left < 1:
                raise NoRoomError(room.service)
        for room in rooms:
            room.left -= 1
        for room in rooms:
            if room.places is not None:
                await stack.enter_async_context(room.places)
            await room.turn()
