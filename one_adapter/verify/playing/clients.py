"""Who may ask: every client's key with the names it opens, wrong keys, unknown names, and the models list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from one_adapter.language import enumerated, joined, tr
from one_adapter.plan.routes import RANDOM
from one_adapter.plan.types import Plan, Route
from one_adapter.verify.playing.answer_facts import error_of, facts_of
from one_adapter.verify.playing.headroom import NoRoomError
from one_adapter.verify.playing.judge import different
from one_adapter.verify.playing.names import chats_of, named
from one_adapter.verify.playing.player import ClientKey, Player, services_of
from one_adapter.verify.playing.probes import BY_NAME
from one_adapter.verify.playing.promise import Place, places_of
from one_adapter.verify.result import Check

MODELS = "/v1/models"
WRONG_KEY = "sk-verification-of-a-wrong-key"
UNKNOWN = "verification-of-an-unknown-name"
#: Names that one key may not ask for, and those that it may, of which so many are tried.
MOST_FORBIDDEN = MOST_ALLOWED = 20
#: The error about a name that nobody has: what is in its object, and its class.
UNKNOWN_ERROR = {
    "form": ["code", "message", "param", "type"],
    "type": "invalid_request_error",
    "code": "model_not_found",
}


async def play_clients(player: Player) -> list[Check]:
    """Try every key, and what is none."""
    tried = [_list_of(player, key) for key in player.keys] or [_list_of(player, None)]
    tried += [_right(player, key, name) for key in player.keys for name in _forbidden(player, key)]
    tried += [_allowed(player, key, *asked) for key in player.keys for asked in _open_to(player, key)]
    tried += [_refused(player, "no key", "", 401), _refused(player, "a wrong key", WRONG_KEY, 401)]
    if player.plan.any is None:
        tried.append(_unknown(player))
    return await asyncio.gather(*tried)


def listed(plan: Plan) -> Iterator[str]:
    """What the models list shows to who may see all of it."""
    yield from (name for name, route in named(plan) if route.listed and route.name == name)


def _list_for(plan: Plan, key: ClientKey | None) -> list[str]:
    shown = {*listed(plan)}
    if key is None or "*" in key.models:
        return sorted(shown)
    random = plan.dialect.lists_random or RANDOM in shown
    known = {name for name, route in named(plan) if route.name == name and _is_there(route)}
    return sorted(name for name in known & key.models if name != RANDOM or random)


def _is_there(route: Route) -> bool:
    return bool(route.targets or route.embedding_targets or route.off)


async def _list_of(player: Player, key: ClientKey | None) -> Check:
    name = tr("models list of {key}", key=key.name) if key else tr("models list")
    got = facts_of(await player.asker.get(MODELS, key.value if key else ""), "models")
    want = _list_for(player.plan, key)
    if not want and not player.plan.dialect.lists_nothing:
        return _status(name, 404, got["status"])
    if got["status"] != 200:
        return _status(name, 200, got["status"])
    more, fewer = sorted({*got["names"]} - {*want}), sorted({*want} - {*got["names"]})
    found = [tr("the list shows also {names}", names=enumerated(more))] if more else []
    found += [tr("the list shows no {names}", names=enumerated(fewer))] if fewer else []
    if found:
        said = joined(found, "; ", "；")
        return Check(name, "", "different", said, "names", want, got["names"])
    return Check(name, "", "same")


def _forbidden(player: Player, key: ClientKey) -> list[str]:
    """Names that a key does not open."""
    if player.plan.access.open:
        return []
    names = (name for name, _ in named(player.plan) if player.wants(name))
    return [name for name in names if not key.may(name)][:MOST_FORBIDDEN]


async def _right(player: Player, key: ClientKey, model: str) -> Check:
    probe = BY_NAME["whole"]
    exchange = await player.asker.probe(probe, model, key.value)
    name = tr("right of {key}", key=key.name)
    if exchange.calls or exchange.answer.status != 403:
        status = exchange.answer.status
        said = tr("{key} opens this name and should not: {status}, not 403", key=key.name, status=status)
        return Check(name, model, "different", said, "status", 403, exchange.answer.status)
    return Check(name, model, "same")


def _open_to(player: Player, key: ClientKey) -> list[tuple[str, tuple[Place, ...]]]:
    """Names that a key opens and that are asked with another one elsewhere; those without limits, if any."""
    found = []
    for name, route in named(player.plan):
        chats = chats_of(name, player.plan)
        is_mine = player.wants(name) and key.may(name) and player.key_for(name) != key.value
        if is_mine and chats is not None and (route.kind != "embedding" or player.plan.any):
            places = places_of(chats.targets, player.secrets)
            found += [(name, places)] if places else []
    free = [(name, places) for name, places in found if not player.rooms.limited(services_of(places))]
    return free[:MOST_ALLOWED] or found[:1]


async def _allowed(player: Player, key: ClientKey, model: str, places: Sequence[Place]) -> Check:
    name = tr("right of {key}", key=key.name)
    try:
        exchange = await player.ask(BY_NAME["whole"], model, places, key=key.value)
    except NoRoomError as full:
        return Check(name, model, "not compared", full.sentence)
    if exchange.answer.status != 200:
        status = exchange.answer.status
        said = tr("{key} does not open this name and should: {status}, not 200", key=key.name, status=status)
        return Check(name, model, "different", said, "status", 200, exchange.answer.status)
    return Check(name, model, "same")


async def _refused(player: Player, name: str, key: str, status: int) -> Check:
    answer = await player.asker.get(MODELS, key)
    empty = not _list_for(player.plan, None) and not player.plan.dialect.lists_nothing
    right = status if not player.plan.access.open else 404 if empty else 200
    return _status(name, right, answer.status)


async def _unknown(player: Player) -> Check:
    exchange = await player.asker.probe(BY_NAME["whole"], UNKNOWN, player.key_for("*"))
    name, status = "an unknown name", exchange.answer.status
    if status != 400:
        return _status(name, 400, status)
    got = error_of(exchange.answer)
    return (
        different(name, "", "error", UNKNOWN_ERROR, got) if got != UNKNOWN_ERROR else Check(name, "", "same")
    )


def _status(name: str, want: int, got: int) -> Check:
    return different(name, "", "status", want, got) if want != got else Check(name, "", "same")
