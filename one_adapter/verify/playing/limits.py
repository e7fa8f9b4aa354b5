"""Whether the limits hold: as many requests pass as may, and the next one waits or is refused.

Nothing waits for a minute to pass. What a limit has let through so far is remembered, the rest of its minute
is used up at once, and one request more must not arrive. Requests at once are counted while the echo holds
its answers; requests a second by the time that more of them than may come at once take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

from one_adapter.plan.limits import found_under
from one_adapter.plan.types import LimitPolicy, Plan, ServicePolicy, Target
from one_adapter.verify.playing.headroom import TOKENS_OF_A_QUESTION
from one_adapter.verify.playing.names import chats_of, named
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import BY_NAME, Probe
from one_adapter.verify.playing.promise import Place, embedding_targets, places_of
from one_adapter.verify.result import Check

#: A minute as a limit has it, and how sure one can be of the moment at which a call was counted.
MINUTE, UNSURE = 60.0, 1.5
#: Seconds without a call after which no more is expected: where the limit is reached, and where it is not.
QUIET, LONG_QUIET = 0.8, 5.0
#: More requests than that are not made to reach a limit.
MOST_A_MINUTE, MOST_AT_ONCE, MOST_A_SECOND = 150, 40, 25
LONGEST_TEST = 30.0
#: How often a limit of a second is looked at before it counts as another one.
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Layer:
    """One limit on the way of a call: `of_key` where another key of the service may have room."""

    limit: LimitPolicy
    service: str
    of_key: bool
    credential: int | None = None
    under: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A name that leads to one service alone, and the layers of each of its targets."""

    model: str
    probe: Probe
    places: tuple[Place, ...]
    layers: tuple[tuple[Layer, ...], ...]

    @property
    def service(self) -> str:
        """The one service."""
        return self.places[0].targets[0].service

    def least(self, kind: str) -> float:
        """The number of a kind that binds all of its calls together; infinite for none."""
        shared = [self._value(layer, kind) for layer in self.layers[0] if not layer.of_key]
        keys = [
            min((self._value(layer, kind) for layer in layers if layer.of_key), default=inf)
            for layers in self.layers
        ]
        return min(*shared, sum(keys), inf)

    @staticmethod
    def _value(layer: Layer, kind: str) -> float:
        return getattr(layer.limit, kind) or inf

    def rest(self, player: Player, window: float) -> int:
        """How many more may pass now, of what its limits of a minute have let through in `window` seconds."""
        now = monotonic()

        def left(layer: Layer) -> float:
            used = sum(_counts(layer, player.plan, each.kind, each.target) for each in recent)
            return max(1.0, float(int(layer.limit.qpm))) - used if layer.limit.qpm else inf

        recent = [each for each in player.called if now - each.moment < window]
        shared = [left(layer) for layer in self.layers[0] if not layer.of_key]
        keys = [
            max(0.0, min((left(layer) for layer in layers if layer.of_key), default=inf))
            for layers in self.layers
        ]
        found = min(*shared, sum(keys), inf)
        return max(0, int(found)) if found < inf else MOST_A_MINUTE


def _counts(layer: Layer, plan: Plan, kind: str, target: Target) -> bool:
    """Whether a call counts with a limit."""
    if target.service != layer.service or layer.credential not in (None, target.credential):
        return False
    policy = _policy(plan, target.service)
    return any(_same(layer, each) for each in layers_of(policy, target, kind, plan))


def _same(one: Layer, other: Layer) -> bool:
    return (one.service, one.credential, one.under, one.limit) == (
        other.service,
        other.credential,
        other.under,
        other.limit,
    )


def layers_of(policy: ServicePolicy, target: Target, kind: str, plan: Plan) -> Iterator[Layer]:
    """The limits that a call of a kind to a target has to pass."""
    key = policy.credentials[target.credential]
    dialect = plan.dialect
    bound = dialect.embedding_layers if kind == "embeddings" else dialect.chat_layers
    for part in bound:
        of_key = part.startswith("credential")
        credential = target.credential if of_key else None
        if part in ("credential_models", "service_models"):
            limits = key.model_limits if of_key else policy.model_limits
            name = found_under(limits, target.names)
            if name is not None:
                yield Layer(limits[name], policy.id, of_key, credential, name)
            continue
        limit = {"credential": key.limit, "service": policy.limit, "embeddings": policy.embedding_limit}[part]
        if limit is not None:
            yield Layer(limit, policy.id, of_key, credential, part)


def _policy(plan: Plan, service: str) -> ServicePolicy:
    return next(each for each in plan.services if each.id == service)


def ways_of(player: Player) -> list[Way]:
    """A name for every limit or several that bind a call together, each once."""
    found: dict[object, Way] = {}
    for name, route in named(player.plan):
        if not player.wants(name):
            continue
        chats = chats_of(name, player.plan)
        several = [(BY_NAME["whole"], chats.targets if chats and route.kind != "embedding" else ())]
        several.append((BY_NAME["embeddings"], embedding_targets(route)))
        for probe, targets in several:
            way = _way(name, probe, targets, player)
            if way is not None:
                found.setdefault((probe.name, way.layers), way)
    return list(found.values())


def _way(name: str, probe: Probe, targets: Sequence[Target], player: Player) -> Way | None:
    live = [target for target in targets if target.share > 0 or target.places]
    if not live or len({target.service for target in live}) > 1:
        return None
    if len(live) > 1 and not all(target.places for target in live):
        return None
    policy = _policy(player.plan, live[0].service)
    if probe.kind == "embeddings" and not player.plan.dialect.embeddings_refuse:
        return None
    layers = tuple(tuple(layers_of(policy, target, probe.kind, player.plan)) for target in live)
    if not any(layers):
        return None
    return Way(name, probe, places_of(live, player.secrets, probe.kind), layers)


async def play_limits(player: Player) -> list[Check]:
    """Test every limit that a name leads to, one after another."""
    checks = []
    for way in ways_of(player):
        for kind, test in _TESTS.items():
            least = way.least(kind)
            if least < inf:
                checks.append(await test(way, player, least))
    tested = {way.service for way in ways_of(player)}
    asked = {
        target.service for name, route in named(player.plan) if player.wants(name) for target in route.targets
    }
    for policy in player.plan.services:
        if policy.limit and policy.id in asked - tested:
            said = f"no name leads to {policy.id} alone, so that its limit cannot be seen by itself"
            checks.append(Check("limit", "", "not compared", said))
    return checks


async def _at_once(way: Way, player: Player, least: float) -> Check:
    """Hold the answers of one call more than may be open."""
    size = max(1, int(least))
    if size > MOST_AT_ONCE or way.rest(player, MINUTE + UNSURE) <= size:
        return _not_compared(way, "concurrency", f"{size} at once")
    passed = await arrivals(way, player, size + 1, size, is_held=True)
    return _judged(way, "concurrency", size, size, passed, "at once")


async def _a_minute(way: Way, player: Player, least: float) -> Check:
    """Use up what is left of the minute."""
    fewest, most = way.rest(player, MINUTE + UNSURE), way.rest(player, MINUTE - UNSURE)
    if most >= MOST_A_MINUTE or _seconds(way, most) > LONGEST_TEST:
        return _not_compared(way, "qpm", f"{int(least)} a minute")
    before = monotonic()
    passed = await arrivals(way, player, most + 1, most)
    went = monotonic() - before
    most += sum(before - MINUTE - UNSURE < each.moment < before - MINUTE + went for each in player.called)
    return _judged(way, "qpm", fewest, most, passed, f"more in its minute of {int(least)}")


def _seconds(way: Way, calls: int) -> float:
    """How long so many calls take for the limits of a second."""
    return calls / min(way.least("qps"), 1e9)


async def _a_second(way: Way, player: Player, least: float) -> Check:
    """Take the time of more than may come at once: nearer to what it should be than to that of half the rate.

    What looks wrong is looked at again.
    """
    burst = max(1, int(least))
    more = max(2, int(least))
    has_room = way.least("qpm") == inf or way.rest(player, MINUTE + UNSURE) > burst + more
    if least > MOST_A_SECOND or not has_room:
        return _not_compared(way, "qps", f"{least:g} a second")
    wants = more / least
    halved = (burst + more - max(1, int(least / 2))) * 2 / least
    for _ in range(LOOKS):
        await asyncio.sleep(burst / least)
        before = monotonic()
        moments = await _moments(way, player, burst + more, LONG_QUIET + wants)
        took = max(moments, default=before) - before
        last = (wants + halved) / 2 + min(moments, default=before) - before
        if len(moments) == burst + more and wants * 0.85 <= took <= last:
            return Check("limit qps", way.model, "same", "", "", f"{wants:.1f} s", f"{took:.1f} s")
    said = f"{burst + more} calls take {took:.1f} s, where {least:g} a second make it {wants:.1f} s"
    return Check("limit qps", way.model, "different", said, "qps", least, round(took, 1))


async def _tokens(way: Way, player: Player, least: float) -> Check:
    """Ask for an answer that is longer than a minute's tokens."""
    size = int(least)
    if way.probe.kind == "embeddings":  # they have no answer whose length could be asked for
        return _not_compared(way, "tpm", f"{size} tokens a minute")
    exchange = await player.ask_now(way.probe, way.model, way.places, most=size + 1)
    if exchange.calls or exchange.answer.status != 429:
        said = f"an answer of more than {size} tokens may be asked for: {exchange.answer.status}, not 429"
        return Check("limit tpm", way.model, "different", said, "tpm", 429, exchange.answer.status)
    since = monotonic() - MINUTE - UNSURE
    asked = sum(each.target.service == way.service and each.moment > since for each in player.called)
    room = size - (asked + 1) * TOKENS_OF_A_QUESTION
    if room > 0:
        exchange = await player.ask_now(way.probe, way.model, way.places, most=room)
        if exchange.answer.status == 429:
            said = f"an answer of {room} tokens may not be asked for, where a minute has {size}"
            return Check("limit tpm", way.model, "different", said, "tpm", 200, 429)
    return Check("limit tpm", way.model, "same")


_TESTS: dict[str, Callable[[Way, Player, float], Awaitable[Check]]] = {
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
    last, since = count(), monotonic()
    while monotonic() - since < (QUIET if last >= expected else LONG_QUIET):
        await asyncio.sleep(0.05)
        now = count()
        if now != last:
            last, since = now, monotonic()
    return last


async def _moments(way: Way, player: Player, calls: int, seconds: float) -> list[float]:
    """When each of so many calls arrived, as far as they did in time."""
    before = monotonic()
    tasks = [asyncio.ensure_future(player.ask_now(way.probe, way.model, way.places)) for _ in range(calls)]
    await asyncio.wait(tasks, timeout=seconds)
    await _end(tasks, False)
    return [each.moment for each in player.called if each.moment >= before]


async def _end(tasks: Sequence[asyncio.Task[object]], let_finish: bool) -> None:
    if let_finish:
        await asyncio.wait(tasks, timeout=LONG_QUIET)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _judged(way: Way, kind: str, fewest: int, most: int, passed: int, what: str) -> Check:
    want = str(most) if fewest == most else f"{fewest} to {most}"
    if fewest <= passed <= most:
        return Check(f"limit {kind}", way.model, "same", "", "", want, passed)
    said = f"{passed} calls of {way.service} are let through, not {want} {what}"
    return Check(f"limit {kind}", way.model, "different", said, kind, want, passed)


def _not_compared(way: Way, kind: str, what: str) -> Check:
    said = f"a limit of {what} cannot be reached beside the others, or not in the time there is"
    return Check(f"limit {kind}", way.model, "not compared", said)
