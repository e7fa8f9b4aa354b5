"""The old program and the proxy, asked the same: what vendors would have received, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from one_adapter.config.model import Gateway
from one_adapter.language import enumerated, tr
from one_adapter.plan.addresses import without_password
from one_adapter.runtime.dryrun.heard import Heard
from one_adapter.verify.known_differences import BESIDE_OLD_PROGRAM, Difference, known_difference
from one_adapter.verify.old_program.copying import Copy
from one_adapter.verify.playing.answer_facts import Facts, facts_of
from one_adapter.verify.playing.asking import Asker, Exchange
from one_adapter.verify.playing.clients import MODELS, UNKNOWN, WRONG_KEY
from one_adapter.verify.playing.headroom import NoRoomError
from one_adapter.verify.playing.names import Question, questions_of
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import CHATS, SYSTEM, TOOL
from one_adapter.verify.playing.promise import Place, nearest
from one_adapter.verify.result import Check
from one_adapter.verify.vocabulary import word_for

#: Aspects that are not told apart where a name has several upstreams, which each side draws for itself.
OF_A_PLACE = ("address", "upstream model", "key", "fields")
#: Fields of a body that are no setting of the request's.
NO_FIELDS = ("model",)


@dataclass(frozen=True, slots=True)
class Sides:
    """The old program with its copy of the configuration, and the proxy, as a player knows it."""

    old: Asker
    copy: Copy
    new: Player
    gateway: Gateway

    def type_of(self, places: tuple[Place, ...]) -> str:
        """The type of the service of several places; "" where there are several types."""
        ids = {target.service for place in places for target in place.targets}
        found = {service.chat_type for service in self.gateway.services if service.id in ids}
        return found.pop() if len(found) == 1 else ""

    def missing(self, places: tuple[Place, ...]) -> str:
        """Why the old program cannot be asked for what leads to these places; "" where it can."""
        ids = (target.service for place in places for target in place.targets)
        return next((self.copy.left_out[each] for each in ids if each in self.copy.left_out), "")


async def beside(sides: Sides) -> list[Check]:
    """Ask both sides everything, several questions at a time."""
    every = questions_of(sides.new.plan, sides.new)
    questions = [question for question in every if not question.probe.is_passed_on]
    found = await asyncio.gather(*(_question(question, sides) for question in questions))
    rest = await asyncio.gather(_list(sides), *_refusals(sides))
    return [check for checks in found for check in checks] + [check for checks in rest for check in checks]


async def _question(question: Question, sides: Sides) -> tuple[Check, ...]:
    probe, model = question.probe, question.model
    name = _beside(probe.name)
    reason = sides.missing(question.places)
    if reason:
        return (Check(name, model, "not compared", reason),)
    for _ in range(2):  # what differs is asked once more
        try:
            new = await sides.new.ask(probe, model, question.places)
        except NoRoomError as full:
            return (Check(name, model, "not compared", full.sentence),)
        old = await sides.old.probe(probe, model, _key(model, sides))
        found = _checks(name, question, sides, old, new)
        if not any(check.outcome == "different" for check in found):
            break
    return found or (Check(name, model, "same"),)


def _beside(probe: str) -> str:
    return tr("{probe} beside the old", probe=word_for(probe))


def _key(model: str, sides: Sides) -> str:
    """What the old program knows the key as that may ask for a name."""
    mine = next((key.value for key in sides.new.keys if key.may(model)), "")
    master = sides.gateway.api_key
    return sides.copy.keys.get(mine) or sides.copy.keys.get(master, "")


def _checks(name: str, question: Question, sides: Sides, old: Exchange, new: Exchange) -> tuple[Check, ...]:
    probe, places = question.probe, question.places
    was = _facts(question, old, lambda key: sides.new.owners.of(sides.copy.original(key)))
    now = _facts(question, new, sides.new.owners.of)
    if sum(place.share > 0 for place in places) > 1 and old.calls:
        meant, missed = nearest(places, _as_if(old.calls[0], sides.copy))
        for aspect in OF_A_PLACE:
            now.pop(aspect, None)
            was.pop(aspect, None)
        now |= {"upstream": meant.label}
        was |= {"upstream": "elsewhere" if missed else meant.label}
    type_ = sides.type_of(places)
    return tuple(_told(name, question.model, probe.protocol, type_, was, now))


def _told(
    name: str, model: str, protocol: str, type_: str, was: Mapping[str, Any], now: Mapping[str, Any]
) -> list[Check]:
    if was["status"] != now["status"]:
        was, now = ({"status": each["status"]} for each in (was, now))
    found = []
    for aspect in dict.fromkeys((*was, *now)):
        old, new = was.get(aspect), now.get(aspect)
        if old != new:
            difference = Difference(aspect, old, new, protocol=protocol, type=type_)
            known = known_difference(difference, BESIDE_OLD_PROGRAM)
            said = tr(
                "{aspect}: {old} of the old program, {new} here",
                aspect=word_for(aspect),
                old=_shown(old),
                new=_shown(new),
            )
            found.append(Check(name, model, "known" if known else "different", said, aspect, old, new, known))
    return found


def _shown(value: Any) -> str:
    if not isinstance(value, (list, tuple)):
        return repr(value)
    return enumerated([*map(str, value)]) if value else tr("nothing")


def _facts(question: Question, exchange: Exchange, owner: Callable[[str], str]) -> Facts:
    """What a client and a vendor see of one exchange."""
    probe = question.probe
    found = facts_of(exchange.answer, probe.protocol, probe.is_stream)
    if "text" in found:
        found["text"] = found["text"] == exchange.words
    found["calls"] = len(exchange.calls)
    for call in exchange.calls[:1]:
        found["address"] = unquote(without_password(call.url))
        found["upstream model"] = call.model
        found["key"] = owner(call.key)
        found["fields"] = sorted(name for name in call.body if name not in NO_FIELDS)
        found["system message"] = SYSTEM in call.raw or not probe.has_system
        found["tools"] = f'"{TOOL.name}"' in call.raw
    return found


def _as_if(call: Heard, copy: Copy) -> Heard:
    """A call of the old program as the proxy would make it: with the key itself."""
    return Heard(
        call.method,
        call.url,
        call.wire,
        call.model,
        call.body,
        call.raw,
        key=copy.original(call.key),
        query={name: copy.original(value) for name, value in call.query.items()},
    )


async def _list(sides: Sides) -> tuple[Check, ...]:
    """The models list, but for the names whose services the old program's copy has not."""
    plan = sides.new.plan
    away = {
        route.name
        for route in plan.routes
        if any(target.service in sides.copy.left_out for target in route.targets)
    }
    answers = [await sides.old.get(MODELS, _key("*", sides))]
    answers.append(await sides.new.asker.get(MODELS, sides.new.key_for("*")))
    was, now = (facts_of(answer, "models") for answer in answers)
    for facts in (was, now):
        facts["names"] = sorted({*facts.get("names", ())} - away - {"random"})
    probe = _beside("models list")
    found = _told(probe, "", "models", "", was, now)
    return tuple(found) or (Check(probe, "", "same"),)


def _refusals(sides: Sides) -> list[Any]:
    open_ = sides.new.plan.access.open
    keys = [("no key", ""), ("a wrong key", WRONG_KEY)] if not open_ else []
    asked = [_refused(name, sides, UNKNOWN, key, key) for name, key in keys]
    if sides.new.plan.any is None:
        asked.append(_refused("an unknown name", sides, UNKNOWN, _key("*", sides), sides.new.key_for("*")))
    return asked


async def _refused(name: str, sides: Sides, model: str, old_key: str, new_key: str) -> tuple[Check, ...]:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    old = await sides.old.post(CHATS, body, old_key)
    new = await sides.new.asker.post(CHATS, body, new_key)
    was, now = (facts_of(answer, "chat") for answer in (old, new))
    probe = _beside(name)
    found = _told(probe, "", "chat", "", was, now)
    return tuple(found) or (Check(probe, "", "same"),)
