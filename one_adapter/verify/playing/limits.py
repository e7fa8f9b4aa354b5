"""Whether the limits hold: as many requests pass as may, and the next one waits or is refused.

Nothing waits for a minute to pass. What a limit has let through so far is remembered, the rest of its minute
is used up at once, and one request more must not arrive. Requests at once are counted while the echo holds
its answers; requests a second by the time that more of them than may come at once take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from math import inf

from one_adapter.language import tr
from one_adapter.verify.playing.clock import now
from one_adapter.verify.playing.headroom import TOKENS_OF_A_QUESTION
from one_adapter.verify.playing.names import named
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.ways import MOST_A_MINUTE, Way, ways_of
from one_adapter.verify.result import Check

#: A minute as a limit has it, and how sure one can be of the moment at which a call was counted.
MINUTE_SECONDS, UNSURE_SECONDS = 60.0, 1.5
#: Seconds without a call after which no more is expected: where the limit is reached, and where it is not.
QUIET_SECONDS, LONG_QUIET_SECONDS = 0.8, 5.0
#: More requests than that are not made to reach a limit.
MOST_AT_ONCE, MOST_A_SECOND = 40, 25
#: A limit that takes longer is not looked at.
LONGEST_TEST_SECONDS = 30.0
#: How often a limit of a second is looked at before it counts as another one.
LOOKS = 3


async def play_limits(player: Player) -> list[Check]:
    """Test every limit that a name leads to, one after another."""
    checks = []
    for way in ways_of(player):
        for kind, test in TESTS.items():
            least = way.least(kind)
            if least < inf:
                checks.append(await test(way, player, least))
    tested = {way.service for way in ways_of(player)}
    asked = {
        target.service for name, route in named(player.plan) if player.wants(name) for target in route.targets
    }
    for policy in player.plan.services:
        if policy.limit and policy.id in asked - tested:
            said = tr(
                "no name leads to {service} alone, so that its limit cannot be seen by itself",
                service=policy.id,
            )
            checks.append(Check("limit", "", "not compared", said))
    return checks


async def _at_once(way: Way, player: Player, least: float) -> Check:
    """Hold the answers of one call more than may be open."""
    size = max(1, int(least))
    if size > MOST_AT_ONCE or way.rest(player, MINUTE_SECONDS + UNSURE_SECONDS) <= size:
        return _not_compared(way, "concurrency", tr("{size} at once", size=size))
    passed = await arrivals(way, player, size + 1, size, is_held=True)
    want = _want(size, size)
    said = tr(
        "{passed} calls of {service} are let through, not {want} at once",
        passed=passed,
        service=way.service,
        want=want,
    )
    return _judged(way, "concurrency", size <= passed <= size, want, passed, said)


async def _a_minute(way: Way, player: Player, least: float) -> Check:
    """Use up what is left of the minute."""
    fewest, most = (
        way.rest(player, MINUTE_SECONDS + UNSURE_SECONDS),
        way.rest(player, MINUTE_SECONDS - UNSURE_SECONDS),
    )
    if most >= MOST_A_MINUTE or _seconds(way, most) > LONGEST_TEST_SECONDS:
        return _not_compared(way, "qpm", tr("{size} a minute", size=int(least)))
    before = now()
    passed = await arrivals(way, player, most + 1, most)
    went = now() - before
    most += sum(
        before - MINUTE_SECONDS - UNSURE_SECONDS < each.moment < before - MINUTE_SECONDS + went
        for each in player.called
    )
    want = _want(fewest, most)
    said = tr(
        "{passed} calls of {service} are let through, not {want} more in its minute of {size}",
        passed=passed,
        service=way.service,
        want=want,
        size=int(least),
    )
    return _judged(way, "qpm", fewest <= passed <= most, want, passed, said)


def _seconds(way: Way, calls: int) -> float:
    """How long so many calls take for the limits of a second."""
    return calls / min(way.least("qps"), 1e9)


async def _a_second(way: Way, player: Player, least: float) -> Check:
    """Take the time of more than may come at once: nearer to what it should be than to that of half the rate.

    What looks wrong is looked at again.
    """
    burst = max(1, int(least))
    more = max(2, int(least))
    has_room = way.least("qpm") == inf or way.rest(player, MINUTE_SECONDS + UNSURE_SECONDS) > burst + more
    if least > MOST_A_SECOND or not has_room:
        return _not_compared(way, "qps", tr("{size:g} a second", size=least))
    wants = more / least
    halved = (burst + more - max(1, int(least / 2))) * 2 / least
    for _ in range(LOOKS):
        await asyncio.sleep(burst / least)
        before = now()
        moments = await _moments(way, player, burst + more, LONG_QUIET_SECONDS + wants)
        took = max(moments, default=before) - before
        last = (wants + halved) / 2 + min(moments, default=before) - before
        if len(moments) == burst + more and wants * 0.85 <= took <= last:
            return Check("limit qps", way.model, "same", "", "", f"{wants:.1f} s", f"{took:.1f} s")
    said = tr(
        "{calls} calls take {took:.1f} s, where {rate:g} a second make it {want:.1f} s",
        calls=burst + more,
        took=took,
        rate=least,
        want=wants,
    )
    return Check("limit qps", way.model, "different", said, "qps", least, round(took, 1))


async def _tokens(way: Way, player: Player, least: float) -> Check:
    """Ask for an answer that is longer than a minute's tokens."""
    size = int(least)
    if way.probe.kind == "embeddings":  # they have no answer whose length could be asked for
        return _not_compared(way, "tpm", tr("{size} tokens a minute", size=size))
    exchange = await player.ask_now(way.probe, way.model, way.places, most=size + 1)
    if exchange.calls or exchange.answer.status != 429:
        said = tr(
            "an answer of more than {size} tokens may be asked for: {status}, not 429",
            size=size,
            status=exchange.answer.status,
        )
        return Check("limit tpm", way.model, "different", said, "tpm", 429, exchange.answer.status)
    since = now() - MINUTE_SECONDS - UNSURE_SECONDS
    asked = sum(each.target.service == way.service and each.moment > since for each in player.called)
    room = size - (asked + 1) * TOKENS_OF_A_QUESTION
    if room > 0:
        exchange = await player.ask_now(way.probe, way.model, way.places, most=room)
        if exchange.answer.status == 429:
            said = tr(
                "an answer of {room} tokens may not be asked for, where a minute has {size}",
                room=room,
                size=size,
            )
            return Check("limit tpm", way.model, "different", said, "tpm", 200, 429)
    return Check("limit tpm", way.model, "same")


TESTS: dict[str, Callable[[Way, Player, float], Awaitable[Check]]] = {
    "concurrency": _at_once,
    "qps": _a_second,
    "qpm": _a_minute,
    "tpm": _tokens,
}


async def arrivals(way: Way, player: Player, calls: int, expected: int, is_held: bool = False) -> int:
    """How many of so many calls arrive, none of which is waited for once it is quiet."""
    words = [player.asker.new_words() for _ in range(calls)]
    if is_held:
        player.ear.held.update(words)
    tasks = [asyncio.ensure_future(player.ask_now(way.probe, way.model, way.places, each)) for each in words]
    try:
        return await _quiet(lambda: sum(each in player.ear.calls for each in words) + _done(tasks), expected)
    finally:
        player.ear.held.difference_update(words)
        await _end(tasks, is_held)


def _done(tasks: Iterable[asyncio.Task[object]]) -> int:
    """How many have their answer, so that the ear has their calls no more; refusals do not count."""
    return sum(
        bool(task.result().calls)  # type: ignore[attr-defined]
        for task in tasks
        if task.done() and not task.cancelled() and not task.exception()
    )


async def _quiet(count: Callable[[], int], expected: int) -> int:
    """The count once it grows no more."""
    last, since = count(), now()
    while now() - since < (QUIET_SECONDS if last >= expected else LONG_QUIET_SECONDS):
        await asyncio.sleep(0.05)
        arrived = count()
        if arrived != last:
            last, since = arrived, now()
    return last


async def _moments(way: Way, player: Player, calls: int, seconds: float) -> list[float]:
    """When each of so many calls arrived, as far as they did in time."""
    before = now()
    tasks = [asyncio.ensure_future(player.ask_now(way.probe, way.model, way.places)) for _ in range(calls)]
    await asyncio.wait(tasks, timeout=seconds)
    await _end(tasks, False)
    return [each.moment for each in player.called if each.moment >= before]


async def _end(tasks: Sequence[asyncio.Task[object]], let_finish: bool) -> None:
    if let_finish:
        await asyncio.wait(tasks, timeout=LONG_QUIET_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _want(fewest: int, most: int) -> str:
    return str(most) if fewest == most else tr("{fewest} to {most}", fewest=fewest, most=most)


def _judged(way: Way, kind: str, is_right: bool, want: str, passed: int, said: str) -> Check:
    if is_right:
        return Check(f"limit {kind}", way.model, "same", "", "", want, passed)
    return Check(f"limit {kind}", way.model, "different", said, kind, want, passed)


def _not_compared(way: Way, kind: str, what: str) -> Check:
    said = tr("a limit of {size} cannot be reached beside the others, or not in the time there is", size=what)
    return Check(f"limit {kind}", way.model, "not compared", said)
