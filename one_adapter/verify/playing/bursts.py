"""Whether a service that has no limit lets a short burst of calls through."""

from __future__ import annotations

import asyncio

from one_adapter.language import tr
from one_adapter.verify.playing.clock import now
from one_adapter.verify.playing.limits import arrivals
from one_adapter.verify.playing.names import chats_of, named
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import BY_NAME
from one_adapter.verify.playing.promise import places_of
from one_adapter.verify.playing.ways import Way
from one_adapter.verify.result import Check

#: Calls at once, and services that are asked so at the same time.
BURST, SERVICES_AT_ONCE = 12, 4
#: Seconds within which they arrive, and how often one that takes longer is looked at again.
LONGEST_SECONDS, LOOKS = 1.0, 2


async def play_bursts(player: Player) -> list[Check]:
    """Ask the services without limits, some at a time; one that is slow by itself, and again."""
    ways, found = _unlimited(player), []
    for first in range(0, len(ways), SERVICES_AT_ONCE):
        some = ways[first : first + SERVICES_AT_ONCE]
        found += await asyncio.gather(*(_burst(way, player) for way in some))
    for place, way in enumerate(ways):
        for _ in range(LOOKS):
            if found[place][0] == BURST and found[place][1] > LONGEST_SECONDS:
                found[place] = await _burst(way, player)
    return [_judged(way, *each) for way, each in zip(ways, found, strict=True)]


def _unlimited(player: Player) -> list[Way]:
    """A name for every service that has no limit and that a name leads to alone."""
    found: dict[str, Way] = {}
    for name, route in named(player.plan):
        chats = chats_of(name, player.plan)
        if not player.wants(name) or chats is None or (route.kind == "embedding" and not player.plan.any):
            continue
        services = {target.service for target in chats.targets}
        if len(services) == 1 and not player.rooms.limited(services):
            places = places_of(chats.targets, player.secrets)
            found.setdefault(services.pop(), Way(name, BY_NAME["whole"], places, ()))
    return list(found.values())


async def _burst(way: Way, player: Player) -> tuple[int, float]:
    """Hold the answers of some calls at once; return how many arrive, and the seconds that they take."""
    before = now()
    passed = await arrivals(way, player, BURST, BURST, is_held=True)
    mine = (each for each in player.called if each.target.service == way.service)
    moments = [each.moment for each in mine if each.moment >= before]
    return passed, max(moments, default=before) - min(moments, default=before)


def _judged(way: Way, passed: int, took: float) -> Check:
    if passed == BURST and took <= LONGEST_SECONDS:
        return Check("no limit", way.model, "same")
    said = tr(
        "{service} has no limit, and of {calls} calls at once {passed} are let through and no more",
        service=way.service,
        calls=BURST,
        passed=passed,
    )
    if passed == BURST:
        said = tr(
            "{service} has no limit, and of {calls} calls at once {passed} are let through in {took:.1f} s",
            service=way.service,
            calls=BURST,
            passed=passed,
            took=took,
        )
    return Check("no limit", way.model, "different", said, "limit", BURST, passed)
