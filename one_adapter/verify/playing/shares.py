"""How often each of a name's upstreams answers: exactly in turn, or as chance has it within a bound."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, lcm, lgamma, log

from one_adapter.language import tr
from one_adapter.plan.types import Route
from one_adapter.verify.playing.headroom import Room
from one_adapter.verify.playing.names import chats_of, named
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import BY_NAME
from one_adapter.verify.playing.promise import Place, nearest, places_of
from one_adapter.verify.result import Check

#: The chance that anything at all is called different which is not, over all shares of a configuration.
FALSE_ALARM = 1e-7
#: Calls by which all shares together are counted, and those of one name: with the most, 70 in a hundred
#: are told from 50; with the fewest, all from 50.
MOST_CALLS, MOST_OF_A_NAME, FEWEST_OF_A_NAME = 2400, 600, 40
#: A name whose turns come round later than that is not waited for.
LONGEST_ROUND = 240
#: Calls that a limit is to be away from, however they fall.
SPARE = 8
#: Rounds that are played.
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Counted:
    """A name, where it leads, and with how many calls that is counted; `is_exact`: in turn, not by chance."""

    model: str
    places: tuple[Place, ...]
    calls: int
    is_exact: bool


async def play_shares(player: Player) -> list[Check]:
    """Count the calls of every name with several upstreams, one name after another."""
    routes = [
        (name, found, places)
        for name, _ in named(player.plan)
        if player.wants(name)
        and (found := chats_of(name, player.plan)) is not None
        and len(places := places_of(found.targets, player.secrets)) > 1
        and sum(place.share > 0 for place in places) > 1
    ]
    by_chance = sum(route.order == "random" for _, route, _ in routes)
    results = sum(len(places) for _, _, places in routes)
    checks = []
    for name, route, places in routes:
        if route.notes:
            checks.append(_not_compared(name, tr("the shares depend on the tokens that are left")))
            continue
        each = min(MOST_OF_A_NAME, max(FEWEST_OF_A_NAME, MOST_CALLS // max(1, by_chance)))
        counted = _counted(name, route, places, each)
        if counted is None:
            checks.append(_not_compared(name, tr("its turns come round too late")))
        else:
            checks.append(await _play(counted, player, results))
    return checks


def _counted(name: str, route: Route, places: tuple[Place, ...], calls: int) -> Counted | None:
    if route.order != "rr":
        return Counted(name, places, calls, False)
    length = lcm(*(place.share.denominator for place in places))
    return Counted(name, places, length * ROUNDS, True) if length <= LONGEST_ROUND else None


async def _play(counted: Counted, player: Player, results: int) -> Check:
    services = {target.service for place in counted.places for target in place.targets}
    shares = {
        room: sum((one.share for one in counted.places if one.targets[0].service == room.service), Fraction())
        for room in player.rooms.limited(services)
    }
    calls = within_limits(counted.calls, shares, counted.is_exact)
    if calls is None:
        return _not_compared(counted.model, tr("a limit of a service leaves no room for it"))
    counted, probe = replace(counted, calls=calls), BY_NAME["whole"]
    asked = [player.ask_among_others(probe, counted.model, counted.places) for _ in range(counted.calls)]
    found: Counter[str] = Counter()
    for exchange in await asyncio.gather(*asked):
        for call in exchange.calls[:1]:
            place, missed = nearest(counted.places, call)
            found["elsewhere" if missed else place.label] += 1
    return _judged(counted, found, results)


def within_limits(calls: int, shares: Mapping[Room, Fraction], is_exact: bool) -> int | None:
    """So few calls that no limit comes near, however they fall between these shares; None for too few.

    A service may get twice its share; that much is taken from what its room has left.
    """
    wanted, twice = calls, {room: 2 * float(share) for room, share in shares.items()}
    for room, share in twice.items():
        if share and room.left < calls * share + SPARE:
            calls = max(0, int((room.left - SPARE) / share))
    if calls < wanted and (is_exact or calls < FEWEST_OF_A_NAME):
        return None
    for room, share in twice.items():
        room.left -= calls * share
    return calls


def _judged(counted: Counted, found: Counter[str], results: int) -> Check:
    want = {place.label: round(float(place.share), 3) for place in counted.places}
    total = sum(found.values()) or 1
    got = {label: round(found[label] / total, 3) for label in (*want, *(found.keys() - want.keys()))}
    for place in counted.places:
        seen, share = found[place.label], float(place.share)
        if counted.is_exact:
            is_right = seen == place.share * counted.calls
        else:
            is_right = chance(counted.calls, share, seen) * results > FALSE_ALARM
        if not is_right:
            said = tr(
                "{upstream} gets {seen} of {calls} calls, where its share is {share:.0%}",
                upstream=place.label,
                seen=seen,
                calls=counted.calls,
                share=share,
            )
            return Check("shares", counted.model, "different", said, "share", want, got)
    return Check("shares", counted.model, "same", "", "", want, got)


def chance(calls: int, share: float, seen: int) -> float:
    """The chance that a share is seen as often as this in so many calls, or further from what is likeliest.

    Twice the smaller tail of the binomial distribution, 1 at most.

    >>> round(chance(10, 0.5, 10), 4), chance(10, 0.5, 5), chance(4, 0.0, 1)
    (0.002, 1.0, 0.0)
    """
    if share <= 0 or share >= 1:
        return float(seen == calls * share)
    below = sum(_exactly(calls, share, one) for one in range(seen + 1))
    above = sum(_exactly(calls, share, one) for one in range(seen, calls + 1))
    return min(1.0, 2 * min(below, above))


def _exactly(calls: int, share: float, seen: int) -> float:
    ways = lgamma(calls + 1) - lgamma(seen + 1) - lgamma(calls - seen + 1)
    return exp(ways + seen * log(share) + (calls - seen) * log(1 - share))


def _not_compared(model: str, reason: str) -> Check:
    return Check("shares", model, "not compared", reason)
