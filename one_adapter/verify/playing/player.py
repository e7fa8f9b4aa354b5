"""One who asks every name of a plan, with a key that may, and remembers which service was called when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.plan.types import Plan, Target
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.asking import Asker, Exchange
from one_adapter.verify.playing.headroom import Rooms
from one_adapter.verify.playing.probes import PROBES, Probe
from one_adapter.verify.playing.promise import Owners, Place, nearest

#: Questions that are asked at once.
AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was heard: when, of which kind, of which target."""

    moment: float
    kind: str
    target: Target


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A client's key, the variable that stands for it, and the names it may ask for ("*": all)."""

    name: str
    models: frozenset[str]
    value: str = field(repr=False)

    def may(self, model: str) -> bool:
        """Whether it may ask for a name."""
        return "*" in self.models or model in self.models


class Player:
    """Holds together what the checks of one server share."""

    def __init__(
        self,
        plan: Plan,
        secrets: Secrets,
        asker: Asker,
        wanted: VerifyOptions,
        master: str = "",
        probes: Sequence[Probe] = PROBES,
    ) -> None:
        """`wanted` says which names are looked at; `master` opens every name where no client's key does."""
        self.plan, self.secrets, self.ear, self.asker = plan, secrets, asker.ear, asker
        self.probes = probes
        self.owners = Owners(plan, secrets)
        self.rooms = Rooms(plan)
        self.called: list[Called] = []
        self.wants = wanted.wants
        self.keys = client_keys(plan, secrets)
        self._master = master
        self._at_once = asyncio.Semaphore(AT_ONCE)

    def key_for(self, model: str) -> str:
        """A key that may ask for a name; "" where none is needed."""
        may = next((key.value for key in self.keys if key.may(model)), "")
        return may or ("" if self.plan.access.open else self._master)

    async def ask(self, probe: Probe, model: str, places: Sequence[Place], key: str = "") -> Exchange:
        """Ask a name that leads to `places`, within their limits; with a `key` that is not just any that may.

        Raises `NoRoomError`.
        """
        async with AsyncExitStack() as stack:
            await self.rooms.enter(services_of(places), stack)
            await stack.enter_async_context(self._at_once)
            return await self.ask_now(probe, model, places, key=key)

    async def ask_among_others(self, probe: Probe, model: str, places: Sequence[Place]) -> Exchange:
        """Ask a name as one of many calls for which there is room, taken for all of them at once."""
        async with self._at_once:
            return await self.ask_now(probe, model, places)

    async def ask_now(
        self,
        probe: Probe,
        model: str,
        places: Sequence[Place],
        words: str = "",
        most: int | None = None,
        key: str = "",
    ) -> Exchange:
        """The same without regard to limits.

        `most`: the longest answer, in tokens, where it is to be another than usual.
        """
        words = words or self.asker.new_words()
        more = {} if most is None else {"max_tokens": most}
        try:
            exchange = await self.asker.probe(probe, model, key or self.key_for(model), words, more)
        finally:
            self._remember(probe, places, words)
        return exchange

    def _remember(self, probe: Probe, places: Sequence[Place], words: str) -> None:
        for moment, call in self.ear.moments.pop(words, ()):
            if places:
                self.called.append(Called(moment, probe.kind, nearest(places, call)[0].targets[0]))


def services_of(places: Iterable[Place]) -> set[str]:
    """The services that a call to some places may go to."""
    return {target.service for place in places if place.share for target in place.targets}


def client_keys(plan: Plan, secrets: Secrets) -> tuple[ClientKey, ...]:
    """The keys of a plan's clients that have a value; one that is there twice may what both may."""
    found: dict[str, ClientKey] = {}
    for name, policy in zip(client_key_names(plan.access), plan.access.keys, strict=True):
        value = secrets.values.get(name, "")
        if value:
            before = found[value].models if value in found else frozenset()
            found[value] = ClientKey(name, before.union(policy.models), value)
    return tuple(found.values())
