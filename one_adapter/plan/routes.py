"""Client name -> upstreams with shares, as the gateway works it out for each request.

Every enabled service enters itself under its models, its embedding models and its
redirect keys; a redirect key once for every model it lists, which multiplies that
service's share. A request draws an entry, then a credential, then follows the
redirect and the map, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from one_adapter.config import defaults
from one_adapter.config.model import Gateway, Service
from one_adapter.plan.redirects import Names, names_of
from one_adapter.plan.types import Kind, Order, Route, Target, Upstream
from one_adapter.plan.vendors import Options, embedding_upstream_of, upstream_of
from one_adapter.vendors.service_types import EMBEDDING_TYPES, OPENAI_SHAPED

RANDOM = "random"
ALL = "all"


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
    """How the gateway really balances: `round_robin` and `hash` behave as random, only `rr` rotates."""
    if gateway.load_balancing == "first":
        return "first"
    return "rr" if gateway.load_balancing == "rr" else "random"


def routing_of(gateway: Gateway, options: Options) -> Routing:
    """Every name the gateway answers and where each leads."""
    return _Router(gateway, options).routing()


class _Router:
    def __init__(self, gateway: Gateway, options: Options) -> None:
        self.gateway = gateway
        self.options = options
        self.order = order_of(gateway)
        self.table: dict[str, list[Entry]] = {}
        self.services = names_of(gateway, options.redirects)
        for names in self.services:
            for name, turns in names.turns().items():
                self.table.setdefault(name, []).append(Entry(names, turns))
        self.parts = _parts_matcher(gateway)
        self.chat_models = {names.service.id: frozenset(names.service.models) for names in self.services}
        self.upstreams: dict[tuple[str, str, int, bool], Upstream | None] = {}

    def routing(self) -> Routing:
        listed = self._listed()
        routes = {name: self._route(name, name in listed) for name in self.table if name != RANDOM}
        routes[RANDOM] = Route(RANDOM, bool(listed), "chat", "random", self._random_targets())
        aliases = self.gateway.model_redirect
        if ALL in aliases:
            wanted = RANDOM if aliases[ALL] == ALL else aliases[ALL]
            found = routes.get(wanted)
            targets = found.targets if found else ()
            order = found.order if found else self.order
            everything = Route("", False, "chat", order, targets, alias_of=wanted if found else "")
            return Routing(tuple(routes.values()), everything)
        return Routing(tuple(self._with_aliases(routes).values()), None)

    def _with_aliases(self, routes: dict[str, Route]) -> dict[str, Route]:
        """Global redirects: followed once, before anything else, and by chats alone."""
        resolved = dict(routes)
        for name, wanted in self.gateway.model_redirect.items():
            goal, own = routes.get(wanted), routes.get(name)
            if (name == wanted and goal) or (goal is None and own is None):
                continue
            listed = own is not None and own.listed
            embeddings = _embeddings(own) if own else ()
            kind: Kind = "both" if embeddings else "chat"
            order, targets = (goal.order, goal.targets) if goal else (self.order, ())
            alias_of = wanted if goal else ""
            resolved[name] = Route(name, listed, kind, order, targets, embeddings or None, alias_of)
        return resolved

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

    def _route(self, name: str, listed: bool) -> Route:
        entries = self.table[name]
        only_embedding = not any(
            name in self.chat_models[entry.service.id] or name in entry.names.redirect for entry in entries
        )
        embeds = [entry for entry in entries if entry.service.type in EMBEDDING_TYPES]
        kind: Kind = "chat" if not embeds else "embedding" if only_embedding else "both"
        chats = self._targets(name, entries, embedding=False)
        if not embeds or (len(embeds) == len(entries) and all(map(_embeds_alike, entries))):
            if kind == "embedding":
                chats = tuple(replace(target, flatten=False) for target in chats)
            return Route(name, listed, kind, self.order, chats)
        embeddings = self._targets(name, embeds, embedding=True)
        if kind == "embedding":
            return Route(name, listed, kind, self.order, embeddings)
        same = embeddings == tuple(replace(target, flatten=False) for target in chats)
        return Route(name, listed, kind, self.order, chats, None if same else embeddings)

    def _targets(self, name: str, entries: Sequence[Entry], embedding: bool) -> tuple[Target, ...]:
        """The targets of the entries under one name, with their shares of it."""
        found: list[list[Target]] = []
        for entry in entries:
            model = entry.names.embedding_model(name) if embedding else entry.names.upstream_model(name)
            drawn = self._credentials(entry, model, embedding)
            if drawn:
                found.append(drawn)
        if self.order == "first":
            spares = found[1:] if self.gateway.circuit_breaker.enabled else []
            chosen = found[0] if found else []
            return (*chosen, *(replace(t, share=Fraction(0), spare=True) for group in spares for t in group))
        total = sum(group[0].turns for group in found)
        return tuple(
            replace(target, share=Fraction(target.turns, total) * target.share)
            for group in found
            for target in group
        )

    def _credentials(self, entry: Entry, model: str, embedding: bool) -> list[Target]:
        """One target for each credential a request may draw, with its share of the entry."""
        service = entry.service
        count = 1 if self.order == "first" else len(service.each_credential)
        targets = []
        for index in range(count):
            upstream = self._upstream(service, index, model, embedding)
            if upstream is None:
                return []
            flatten = not embedding and service.type in OPENAI_SHAPED and not self.parts(model)
            share = Fraction(1, count)
            targets.append(Target(share, service.id, index, upstream, entry.turns, flatten=flatten))
        return targets

    def _upstream(self, service: Service, index: int, model: str, embedding: bool) -> Upstream | None:
        key = (service.pointer, model, index, embedding)
        if key not in self.upstreams:
            find = embedding_upstream_of if embedding else upstream_of
            self.upstreams[key] = find(service, index, model, self.options)
        return self.upstreams[key]

    def _random_targets(self) -> tuple[Target, ...]:
        """What the model `random` draws: a name, one of its services, one of that service's chat models."""
        weights: dict[tuple[str, str], Fraction] = {}
        by_service: dict[str, tuple[Entry, Fraction]] = {}
        names = sorted(self.table)
        for name in names[:1] if self.order == "first" else names:
            entries = self.table[name][:1] if self.order == "first" else self.table[name]
            total = sum(entry.turns for entry in entries)
            for entry in entries:
                _, so_far = by_service.get(entry.service.pointer, (entry, Fraction(0)))
                by_service[entry.service.pointer] = (entry, so_far + Fraction(entry.turns, total))
        found: list[Target] = []
        for entry, weight in by_service.values():
            for chat_model in entry.service.models:
                model = entry.names.upstream_model(chat_model)
                each = weight / len(entry.service.models)
                for target in self._credentials(replace(entry, turns=1), model, embedding=False):
                    label = (f"{entry.service.pointer}/{target.credential}", model)
                    if label not in weights:
                        found.append(replace(target, share=Fraction(0)))
                    weights[label] = weights.get(label, Fraction(0)) + each * target.share
        drawn = sum(weights.values(), Fraction(0))
        shares = (weight / drawn for weight in weights.values())
        return tuple(replace(target, share=share) for target, share in zip(found, shares, strict=True))


def _embeddings(route: Route) -> tuple[Target, ...]:
    """Where embedding calls under a name go; global redirects do not move them."""
    if route.kind == "chat":
        return ()
    return route.targets if route.embedding_targets is None else route.embedding_targets


def _embeds_alike(entry: Entry) -> bool:
    """Whether a service sends embeddings where it sends chats: to its address, with the same renames."""
    return bool(entry.service.server_url) and not entry.service.model_map


def _parts_matcher(gateway: Gateway) -> Callable[[str], bool]:
    """A test whether an upstream model takes content in parts."""
    patterns = (*defaults.MULTI_CONTENT_MODELS, *gateway.multi_content_models)
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return lambda model: model in exact or model.startswith(prefixes)
