"""Client name -> upstreams with shares, as the gateway works it out for each request.

Every enabled service enters itself under its models, its embedding models and its
redirect keys; a redirect key once for every model it lists, which multiplies that
service's share. A request draws an entry, then a credential, then follows the
redirect and the map, each once. Where a service's keys are a pool, all of them are
targets: one that is not drawn answers when the key before it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from one_adapter.config import defaults
from one_adapter.config.model import Gateway, Service
from one_adapter.dialect import Order, hashed
from one_adapter.plan.pools import Turn, all_on, by_tokens, tokens_note, turns_of
from one_adapter.plan.redirects import Names
from one_adapter.plan.types import Kind, Route, Target
from one_adapter.plan.understanding import Understanding
from one_adapter.vendors.service_types import EMBEDDING_TYPES, OPENAI_SHAPED

RANDOM = "random"
ALL = "all"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A service under one of its names, with its consecutive turns."""

    names: Names
    turns: int

    @property
    def service(self) -> Service:
        """The service that entered itself."""
        return self.names.service


@dataclass(frozen=True, slots=True)
class Routing:
    """All routes of a configuration, and what answers every name (None: nothing does)."""

    routes: tuple[Route, ...]
    any: Route | None


def order_of(gateway: Gateway) -> Order:
    """How the gateway balances under its word for it, which is not always what the word says."""
    return gateway.dialect.balancing.get(gateway.load_balancing, "random")


def routing_of(understanding: Understanding) -> Routing:
    """Every name the gateway answers and where each leads."""
    return _Router(understanding).routing()


class _Router:
    def __init__(self, understanding: Understanding) -> None:
        self.upstream = understanding.upstream
        self.gateway = gateway = understanding.gateway
        self.order = order_of(gateway)
        self.table: dict[str, list[Entry]] = {}
        self.services = understanding.names
        for names in self.services:
            for name, turns in names.turns().items():
                self.table.setdefault(name, []).append(Entry(names, turns))
        self.parts = _parts_matcher(gateway)
        self.chat_models = {names.service.id: frozenset(names.service.models) for names in self.services}

    def routing(self) -> Routing:
        listed = self._listed()
        routes = {name: self._route(name, name in listed) for name in self.table if name != RANDOM}
        added = bool(listed) and self.gateway.dialect.lists_random
        routes[RANDOM] = self._random(RANDOM, added or RANDOM in listed)
        aliases = self.gateway.model_redirect
        if ALL in aliases:
            wanted = RANDOM if aliases[ALL] == ALL else aliases[ALL]
            found = self._under("", wanted) if wanted in routes else None
            everything = found or Route("", False, "chat", self.order, (), alias_of="")
            return Routing(tuple(routes.values()), everything)
        return Routing(tuple(self._with_aliases(routes).values()), None)

    def _with_aliases(self, routes: dict[str, Route]) -> dict[str, Route]:
        """Global redirects: followed once, before anything else, and by chats alone."""
        resolved = dict(routes)
        for name, wanted in self.gateway.model_redirect.items():
            own = routes.get(name)
            if (name == wanted and wanted in routes) or (wanted not in routes and own is None):
                continue
            found = (
                self._under(name, wanted) if wanted in routes else Route(name, False, "chat", self.order, ())
            )
            embeddings = _embeddings(own) if own else ()
            resolved[name] = replace(
                found,
                listed=own is not None and own.listed,
                kind="both" if embeddings else "chat",
                embedding_targets=embeddings or None,
            )
        return resolved

    def _under(self, name: str, goal: str) -> Route:
        """Where chats of a name that a global redirect leads to another one go."""
        found = self._random(name, False) if goal == RANDOM else self._route(goal, False, name)
        return replace(found, name=name, kind="chat", embedding_targets=None, alias_of=goal)

    def _listed(self) -> set[str]:
        """What /v1/models shows: models and redirect keys, less what a redirect leads to."""
        shown: set[str] = set()
        for names in self.services:
            shown.update(names.service.models)
            for key, value in names.redirect.items():
                if names.service.models or names.service.embedding_models:
                    shown.add(key)
                if not names.turned:
                    shown.discard(value)
        return shown

    def _route(self, name: str, listed: bool, client: str | None = None) -> Route:
        """Where a name leads; `client` is what a client wrote for it, where that is another."""
        entries = self.table[name]
        asked = name if client is None else client
        only_embedding = not any(
            name in self.chat_models[entry.service.id] or name in entry.names.redirect for entry in entries
        )
        embeds = [entry for entry in entries if entry.service.type in EMBEDDING_TYPES]
        kind: Kind = "chat" if not embeds else "embedding" if only_embedding else "both"
        chats = self._targets(name, entries, asked)
        notes = tuple(dict.fromkeys(filter(None, (self._note(entry, asked) for entry in entries))))
        route = Route(name, listed, kind, self.order, chats, notes=notes, off=_off(entries))
        alike = all(
            _embeds_alike(entry) and self._turns(entry, None) == self._turns(entry, asked)
            for entry in entries
        )
        if not embeds or (len(embeds) == len(entries) and alike):
            if kind == "embedding":
                chats = tuple(replace(target, flatten=False) for target in chats)
            return replace(route, targets=chats)
        embeddings = self._targets(name, embeds)
        if kind == "embedding":
            return replace(route, targets=embeddings, notes=())
        same = embeddings == tuple(replace(target, flatten=False) for target in chats)
        return replace(route, embedding_targets=None if same else embeddings)

    def _targets(self, name: str, entries: Sequence[Entry], client: str | None = None) -> tuple[Target, ...]:
        """The targets of the entries under one name, with their shares of it.

        `client` is what a client wrote for a chat; None: it is for embeddings.
        """
        found: list[list[Target]] = []
        lost = 0
        for entry in entries:
            drawn = self._credentials(entry, name, client)
            if drawn:
                found.append(_with_more_turns(drawn, lost))
                lost = 0
            elif self.order == "hash":  # the gateway's hash counts it, so that its places are the next one's
                lost += entry.turns
        if lost and found:
            found[-1] = _with_more_turns(found[-1], lost)
        if self.order in ("first", "hash"):
            turns = [place for place, group in enumerate(found) for _ in range(group[0].turns)]
            chosen = turns[hashed(name, len(turns)) if self.order == "hash" else 0] if turns else 0
            return tuple(
                target if place == chosen else replace(target, share=Fraction(0))
                for place, group in enumerate(found)
                if place == chosen or self.gateway.circuit_breaker.enabled
                for target in group
            )
        total = sum(group[0].turns for group in found)
        return tuple(
            replace(target, share=Fraction(target.turns, total) * target.share)
            for group in found
            for target in group
        )

    def _credentials(self, entry: Entry, name: str, client: str | None) -> list[Target]:
        """One target for each credential that may answer, with its share of the entry."""
        service = entry.service
        embedding = client is None
        redirected = entry.names.embedding_model(name)
        model = redirected if embedding else entry.names.upstream_model(name)
        names = tuple(dict.fromkeys((name if client is None else client, name, redirected, model)))
        flatten = not embedding and self._is_flat(service, model)
        each = ((n, self.upstream(service, n, model, embedding)) for n in range(len(service.pool)))
        upstreams = {number: upstream for number, upstream in each if upstream is not None}
        return [
            Target(
                share=turn.share,
                service=service.id,
                credential=turn.credential,
                upstream=upstreams[turn.credential],
                turns=entry.turns,
                flatten=flatten,
                key=turn.key,
                places=turn.places,
                names=names,
            )
            for turn in self._turns(entry, client, upstreams)
        ]

    def _turns(
        self, entry: Entry, client: str | None, able: Collection[int] | None = None
    ) -> tuple[Turn, ...]:
        """The keys of a service; for chats of a client's model their limits of tokens count, too."""
        turns = turns_of(entry.service, self.order, self.gateway.dialect, able)
        return turns if client is None else by_tokens(entry.service, turns, client)

    def _note(self, entry: Entry, client: str) -> str:
        return tokens_note(entry.service, self._turns(entry, client), client)

    def _is_flat(self, service: Service, model: str) -> bool:
        """Whether content in parts is made text: for chats, where the model is not known to take it."""
        shaped = service.chat_type in OPENAI_SHAPED and service.upstream_protocol != "responses"
        return shaped and not self.parts(model)

    def _drawn(self, name: str, among: Sequence[T]) -> Sequence[T]:
        """Those of several that are ever drawn under a name: one of them, or any."""
        if self.order in ("first", "hash") and among:
            start = hashed(name, len(among)) if self.order == "hash" else 0
            return among[start : start + 1]
        return among

    def _random(self, client: str, listed: bool) -> Route:
        """What the model `random` draws: a name, one of its services, one of that service's chat models."""
        by_service: dict[str, tuple[Entry, Fraction]] = {}
        for name in self._drawn(RANDOM, sorted(self.table)):
            each = [entry for entry in self.table[name] for _ in range(entry.turns)]
            drawn = self._drawn(name, each)
            for entry in drawn:
                _, so_far = by_service.get(entry.service.pointer, (entry, Fraction(0)))
                by_service[entry.service.pointer] = (entry, so_far + Fraction(1, len(drawn)))
        weights: dict[tuple[str, int, str], Fraction] = {}
        found: list[Target] = []
        for entry, weight in by_service.values():
            for chat_model in entry.service.models:
                model = entry.names.upstream_model(chat_model)
                for target in self._credentials(replace(entry, turns=1), chat_model, client):
                    label = (entry.service.pointer, target.credential, model)
                    if label not in weights:
                        found.append(target)
                    share = weight / len(entry.service.models) * target.share
                    weights[label] = weights.get(label, Fraction(0)) + share
        total = sum(weights.values(), Fraction(0))
        shares = (weight / total for weight in weights.values())
        targets = tuple(replace(target, share=share) for target, share in zip(found, shares, strict=True))
        notes = dict.fromkeys(filter(None, (self._note(entry, client) for entry, _ in by_service.values())))
        off = _off([entry for entry, _ in by_service.values()])
        keys = self.order if self.order == "rr" and self.gateway.dialect.pools else None
        route = Route(RANDOM, listed, "chat", "random", targets, notes=tuple(notes))
        return replace(route, off=off, key_order=keys)


def _with_more_turns(targets: list[Target], more: int) -> list[Target]:
    return [replace(target, turns=target.turns + more) for target in targets] if more else targets


def _off(entries: Sequence[Entry]) -> str:
    """The first service of a name, where all of them have all of their keys switched off."""
    every = [entry.service for entry in entries]
    return every[0].id if every and not any(map(all_on, every)) else ""


def _embeddings(route: Route) -> tuple[Target, ...]:
    """Where embedding calls under a name go; global redirects do not move them."""
    if route.kind == "chat":
        return ()
    return route.targets if route.embedding_targets is None else route.embedding_targets


def _embeds_alike(entry: Entry) -> bool:
    """Whether a service sends embeddings where it sends chats: to its address, with the same renames."""
    service = entry.service
    return bool(service.server_url) and not service.model_map and service.upstream_protocol == "auto"


def _parts_matcher(gateway: Gateway) -> Callable[[str], bool]:
    """A test whether an upstream model takes content in parts."""
    patterns = (*defaults.MULTI_CONTENT_MODELS, *gateway.multi_content_models)
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return lambda model: model in exact or model.startswith(prefixes)
