"""Every name asked in every way: where the calls go, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from one_adapter.language import tr
from one_adapter.plan.types import Plan, Route
from one_adapter.verify.playing.answer_facts import facts_of
from one_adapter.verify.playing.headroom import NoRoomError
from one_adapter.verify.playing.judge import different, judge
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import Probe
from one_adapter.verify.playing.promise import Place, embedding_targets, places_of
from one_adapter.verify.result import Check

#: Where a redirect `all` answers any name: one that stands in no configuration.
ANY = "verification-of-any-name"
#: Protocols in which a chat's vendor is asked by LiteLLM.
TRANSLATED = ("messages", "responses")
#: What a name whose services have nothing to ask is answered with, and one whose keys are all off.
NOTHING_THERE, KEYS_OFF = 400, 429


@dataclass(frozen=True, slots=True)
class Question:
    """A probe of a name, and the places it may lead to; none where an error is the answer, `status`."""

    probe: Probe
    model: str
    places: tuple[Place, ...]
    status: int = 200


def questions_of(plan: Plan, player: Player) -> Iterator[Question]:
    """Everything that is asked, the most important first: each name once, then in other ways."""
    routes = [(name, route) for name, route in named(plan) if player.wants(name)]
    for probe in player.probes:
        for name, route in routes:
            found = _question(probe, name, route, plan, player)
            if found is not None:
                yield found


def named(plan: Plan) -> Iterator[tuple[str, Route]]:
    """Every name that can be asked for, with the route of its chats."""
    for route in plan.routes:
        if "*" not in route.name:
            yield route.name, route
    if plan.any is not None:
        yield ANY, plan.any


def chats_of(name: str, plan: Plan) -> Route | None:
    """The route that chats of a name take; under a redirect `all` it is the same for all of them."""
    return plan.any or plan.route(name)


def _question(probe: Probe, name: str, route: Route, plan: Plan, player: Player) -> Question | None:
    if probe.kind == "embeddings":
        targets = embedding_targets(route) if name != ANY else ()
        found = places_of(targets, player.secrets, "embeddings")
        return Question(probe, name, found) if found else None
    chats = chats_of(name, plan)
    if chats is None or (route.kind == "embedding" and plan.any is None):
        return None
    places = places_of(chats.targets, player.secrets)
    if not places:
        status = KEYS_OFF if chats.off else NOTHING_THERE
        return Question(probe, name, (), status) if probe.name == "whole" and not route.targets else None
    if probe.has_tools and not all(place.has_tools for place in places):
        return None
    if probe.is_passed_on and not all(place.passes_on for place in places):
        return None
    return Question(probe, name, places)


async def play_names(player: Player) -> list[Check]:
    """Ask all questions, several at a time; their checks in the questions' order."""
    asked = [_play(question, player) for question in questions_of(player.plan, player)]
    return [check for checks in await asyncio.gather(*asked) for check in checks]


async def _play(question: Question, player: Player) -> tuple[Check, ...]:
    probe, model = question.probe, question.model
    if probe.protocol in TRANSLATED and any(place.lacks_key for place in question.places):
        said = tr("LiteLLM asks nobody without a key, and this one is still to be created")
        return (Check(probe.name, model, "not compared", said),)
    try:
        exchange = await player.ask(probe, model, question.places)
    except NoRoomError as full:
        return (Check(probe.name, model, "not compared", full.sentence),)
    if question.places:
        return judge(probe, model, question.places, exchange, player.owners)
    got = facts_of(exchange.answer, probe.protocol)
    if got["status"] != question.status:
        return (different(probe.name, model, "status", question.status, got["status"]),)
    return (Check(probe.name, model, "same"),)
