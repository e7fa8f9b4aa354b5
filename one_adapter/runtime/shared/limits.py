"""Limits that several workers share: `LimitStore` on Redis, and alone while that is away.

Redis decides (limits.lua): it books, keeps the queues and says who is next. Here are those of this worker who
wait, what they may hold, and what Redis has to be told when it comes back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import count
from math import floor, inf
from typing import Any

from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full, Limits, Release
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.gateway.usage import MINUTE_SECONDS
from one_adapter.runtime.shared.connection import LIMITS, Lost
from one_adapter.runtime.shared.holding import Holding, Start, share_of
from one_adapter.runtime.shared.membership import Membership
from one_adapter.runtime.shared.waiting import MICROSECONDS, Chain, Queues, Waiter, chain_of

#: Seconds after which others look at a queue whose first seems to be asleep.
ASLEEP_SECONDS = 0.25
#: How many of those who wait are named in one look at a queue, and how many chains are kept as texts.
NAMED, KEPT = 500, 1000


class SharedLimits:
    """The limits of one worker among several."""

    def __init__(self, membership: Membership, required: bool = False) -> None:
        """Share through `membership`; `required`: while Redis is away, refuse instead of going alone."""
        self._membership, self._required = membership, required
        self._numbers = count(1)
        self._chains: dict[tuple[Layer, ...], Chain] = {}
        self._queues = Queues(self._expire, self._look)
        self._holding = Holding(membership.times.minute, self._release)
        self._alone = Limits()
        membership.members.append(self)
        membership.letters.append(self._heard)

    def held(self) -> dict[str, tuple[int, int]]:
        """Name -> (requests that run, requests that wait) of this worker's limits in use now."""
        running, waiting, alone = self._holding.counts(), self._queues.sizes(), self._alone.held()
        return {
            name: (running.get(name, 0), waiting.get(name, 0) + alone.get(name, (0, 0))[1])
            for name in {*running, *waiting, *(name for name, (_, waits) in alone.items() if waits)}
        }

    async def acquire(
        self, layers: Sequence[Layer], tokens: int, most: float, spare: bool = False
    ) -> Release:
        """Start a request that costs `tokens` at all `layers`: see `LimitStore`."""
        for layer in layers:
            if layer.limit.tpm and tokens > max(layer.least, floor(layer.limit.tpm)):
                raise Full(layer, MINUTE_SECONDS, never=True)
        membership, end = self._membership, asyncio.get_running_loop().time() + most
        waiter = Waiter(next(self._numbers), layers, self._chain(layers), tokens, end)
        if membership.link is None and await membership.ready() is None:
            return await self._go_alone(waiter, spare)
        self._ask(waiter, most, spare)
        try:
            return await waiter.turn
        except Lost:
            return await self._go_alone(waiter, spare)
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def renew(self, layers: Iterable[Layer]) -> None:
        """Let limits in use have new numbers, for those of this worker who wait already too."""
        new = {layer.name: layer for layer in layers}
        for waiter in self._queues.all():
            renewed = tuple(new.get(layer.name, layer) for layer in waiter.layers)
            if renewed != tuple(waiter.layers):
                waiter.layers, waiter.chain = renewed, self._chain(renewed)
                self._run(None, "renew", self._ticket(waiter.number), waiter.chain.text)
        self._alone.renew(share_of(layer, self._membership.workers) for layer in new.values())

    def lost(self) -> None:
        """Go alone: what runs and has started of late counts there, who waits does so there in its order."""
        self._alone = self._holding.alone(self._membership.workers)
        for waiter in self._queues.all():
            self._queues.leave(waiter)
            waiter.fail(Lost("away"))

    def back(self) -> None:
        """Tell Redis what this worker holds and has started; it may know nothing any more."""
        self._assert(())

    def gone(self) -> None:
        """Tell Redis all of that, and who waits."""
        self._assert(self._queues.all())

    def _heard(self, letter: str) -> None:
        """Take note of what became of one who waits, or of when the next one's turn is."""
        number, what, told = (*letter.split(" ", 2), "")[:3]
        if what == "next":
            delay, _, name = told.partition(" ")
            self._arm(name, int(delay), first=True)
            return
        words = told.split()
        waiter = self._queues.find(int(number))
        if waiter is None:
            return
        if what == "started":
            self._started(waiter)
        elif what == "moved":
            self._moved(waiter, *map(int, words))
        else:
            self._refused(waiter, int(words[0]), int(words[1]) if what == "refused" else -1, what == "never")

    def _ask(self, waiter: Waiter, most: float, spare: bool) -> None:
        longest = -1 if most == inf else int(most * MICROSECONDS)
        patience = int(waiter.layers[0].patience * MICROSECONDS)
        self._run(
            partial(self._asked, waiter),
            "acquire",
            self._ticket(waiter.number),
            waiter.cost,
            longest,
            int(spare),
            patience,
            waiter.chain.text,
        )

    def _asked(self, waiter: Waiter, found: Any) -> None:
        """Take note of Redis' answer to a request."""
        if isinstance(found, Lost):
            waiter.fail(found)
        elif waiter.turn.done():
            self._cancel(waiter, started=found[0] == 0)
        elif found[0] == 0:
            waiter.turn.set_result(self._holding.begin(waiter))
        elif found[0] == 2:
            self._refused(waiter, found[1], found[2])
        else:
            _, place, longest, waiter.order, delay, first = found
            self._queues.join(waiter, waiter.layers[place].name, longest / MICROSECONDS)
            self._arm(waiter.at, delay, bool(first))

    def _release(self, start: Start) -> None:
        """Give the places of a request back; again does nothing."""
        if self._holding.drop(start.number):
            self._run(None, "release", self._ticket(start.number), *start.chain.places)

    def _started(self, waiter: Waiter) -> None:
        """Let one start whose turn has come."""
        self._queues.leave(waiter)
        if waiter.turn.done():
            return  # its withdrawal comes
        if not waiter.chain.places:
            self._run(None, "release", self._ticket(waiter.number))
        waiter.turn.set_result(self._holding.begin(waiter))

    def _refused(self, waiter: Waiter, place: int, delay: int, never: bool = False) -> None:
        self._queues.leave(waiter)
        waiter.fail(Full(waiter.layers[place], delay / MICROSECONDS if delay >= 0 else MINUTE_SECONDS, never))

    def _moved(self, waiter: Waiter, place: int, longest: int, delay: int = 0, first: int = 0) -> None:
        """Have one wait at another of its limits."""
        self._queues.leave(waiter)
        self._queues.join(waiter, waiter.layers[place].name, longest / MICROSECONDS)
        self._arm(waiter.at, delay, bool(first))

    def _expire(self, waiter: Waiter) -> None:
        """End a wait, unless the turn comes in the same moment."""
        self._run(partial(self._expired, waiter), "expire", self._ticket(waiter.number))

    def _expired(self, waiter: Waiter, found: Any) -> None:
        if isinstance(found, Lost) or self._queues.find(waiter.number) is None:
            return
        if found[0] == 0:
            self._started(waiter)
        elif found[0] == 1:
            self._refused(waiter, found[1], found[2])

    def _withdraw(self, waiter: Waiter) -> None:
        """Undo what was done for a request that is cancelled; Redis' answer to it may be on its way."""
        if self._queues.leave(waiter):
            self._cancel(waiter, started=False)
        elif not waiter.turn.cancelled() and waiter.turn.exception() is None:
            self._holding.undo(waiter.number)
            self._cancel(waiter, started=True)

    def _cancel(self, waiter: Waiter, started: bool) -> None:
        ticket = self._ticket(waiter.number)
        self._run(None, "cancel", ticket, waiter.cost, int(started), waiter.chain.text)

    def _arm(self, name: str, delay: int, first: bool) -> None:
        """Have a queue looked at when its first one's turn comes: by whose that is, and by others later."""
        times = self._membership.times
        seconds = times.tick if delay < 0 else delay / MICROSECONDS + (0.0 if first else ASLEEP_SECONDS)
        self._queues.arm(name, min(max(seconds, times.least), times.tick))

    def _look(self, name: str) -> None:
        """Look at a queue: it is the truth, whatever was told or not."""
        numbers = self._queues.of(name)[:NAMED]
        self._run(partial(self._seen, name, numbers), "tick", name, *map(self._ticket, numbers))

    def _seen(self, name: str, numbers: Sequence[int], found: Any) -> None:
        if isinstance(found, Lost):
            return
        delay, first, *rest = found
        missing = []
        for index in range(0, len(rest), 4):
            waiter = self._queues.find(numbers[rest[index]])
            if waiter is None or waiter.at != name:
                continue
            state, place, longest = rest[index + 1 : index + 4]
            if state == 0:
                missing.append(waiter)
            elif state == 1:
                self._started(waiter)
            else:
                self._moved(waiter, place, longest)
        if missing:
            self._assert(missing, everything=False)
        self._arm(name, delay, bool(first))

    def _assert(self, waiting: Sequence[Waiter], everything: bool = True) -> None:
        """Tell Redis what this worker holds, has started of late, and who waits; perhaps not of all."""
        now = asyncio.get_running_loop().time()
        told = {**self._holding.told(self._ticket)}
        told["waiting"] = {self._ticket(one.number): _told(one, now) for one in waiting}
        self._run(None, "assert", json.dumps(told), int(everything))

    async def _go_alone(self, waiter: Waiter, spare: bool) -> Release:
        """Wait by limits of this worker's own, which are its part of the whole."""
        if self._required:
            problem = "The limits of this service cannot be looked up at present."
            raise Refusal(503, problem, "service_unavailable", retry_after=1.0)
        share = [share_of(layer, self._membership.workers) for layer in waiter.layers]
        cost = min([waiter.cost, *(int(one.limit.tpm) for one in share if one.limit.tpm)])
        most = max(0.0, min(waiter.end, waiter.till) - asyncio.get_running_loop().time())
        try:
            own = await self._alone.acquire(share, cost, most, spare)
        except Full as full:
            layer = next(one for one in waiter.layers if one.name == full.layer.name)
            raise Full(layer, full.retry_after, full.never) from None
        waiter.number = next(self._numbers)
        release = self._holding.begin(waiter, own)
        if self._membership.link is not None:  # it came back meanwhile
            self._assert((), everything=False)
        return release

    def _chain(self, layers: Sequence[Layer]) -> Chain:
        key = tuple(layers)
        found = self._chains.get(key)
        if found is None:
            if len(self._chains) >= KEPT:
                self._chains.clear()
            found = self._chains[key] = chain_of(key)
        return found

    def _ticket(self, number: int) -> str:
        return f"{self._membership.worker}:{number}"

    def _run(self, answered: Any, operation: str, *words: Any) -> None:
        self._membership.run(
            answered, LIMITS, operation, int(self._membership.times.minute * MICROSECONDS), *words
        )


def _told(waiter: Waiter, now: float) -> Mapping[str, Any]:
    """What Redis has to know of one who waits and was forgotten."""
    return {
        "text": waiter.chain.text,
        "cost": waiter.cost,
        "number": waiter.order,
        "at": [layer.name for layer in waiter.layers].index(waiter.at),
        "left": max(0, int((waiter.till - now) * MICROSECONDS)),
    }
