"""A leaf of the source on its way to a verdict, and what the judges may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from one_adapter.config.model import Limit, Service
from one_adapter.config.node import Node, escape
from one_adapter.dialect import Dialect
from one_adapter.language import tr
from one_adapter.plan.limits import found_under, limits_of
from one_adapter.plan.redirects import Names
from one_adapter.plan.types import Decisions, ServicePolicy, Verdict
from one_adapter.plan.understanding import Understanding

#: Where a deployment's own fields stand in the exported file.
INFO = "model_info.one_adapter"
#: Notes of several judges.
EMPTY = tr("empty")
OVERRIDDEN = tr("a later key of the same meaning counts instead")
THE_DEFAULT = tr("the default")
NOT_A_NUMBER = tr("not a number")
LABEL = tr("a label for the web console")


class Judgement(NamedTuple):
    """What became of a leaf: the verdict, where it went, and why."""

    verdict: Verdict
    target: str
    note: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: its pointer, its path in the gateway's words, the keys as written, its node.

    The path has `*` for a user's own key or an index, `?` from an unknown field
    on, and `!` for a key that a later one overrides.
    """

    pointer: str
    path: tuple[str, ...]
    keys: tuple[str, ...]
    node: Node

    def below(self, key: str, word: str, node: Node) -> Leaf:
        """The child under `key`; everything under an unknown or overridden key stays so."""
        stop = self.path[-1:] in (("?",), ("!",))
        path = self.path if stop else (*self.path, word)
        return Leaf(f"{self.pointer}/{escape(key)}", path, (*self.keys, key), node)

    @property
    def name(self) -> str:
        """The last key as written."""
        return self.keys[-1] if self.keys else ""

    @property
    def text(self) -> str:
        """The text of a string leaf; empty for any other."""
        return self.node.value if self.node.kind == "string" else self.node.raw


class Scope:
    """The configuration and its plan, indexed for the judges."""

    def __init__(self, understanding: Understanding, plan: Decisions) -> None:
        self.gateway = understanding.gateway
        self.plan = plan
        self.options = understanding.options
        self.understanding = understanding
        self.first_places: dict[tuple[str, str], str] = {}
        self.bound: dict[str, set[str]] = {}

    @property
    def dialect(self) -> Dialect:
        """The gateway whose rules hold."""
        return self.gateway.dialect

    @cached_property
    def services(self) -> dict[str, Service]:
        """Every service by type and index as written in a pointer."""
        return {f"{service.type}/{service.index}": service for service in self.gateway.services}

    @cached_property
    def policies(self) -> dict[str, ServicePolicy]:
        """The policy of each enabled service, by id."""
        return {policy.id: policy for policy in self.plan.services}

    @cached_property
    def names(self) -> dict[str, Names]:
        """The names of each enabled service, by id."""
        return {names.service.id: names for names in self.understanding.names}

    @cached_property
    def redirected(self) -> dict[str, set[str]]:
        """What each enabled service's redirects make of its names, by the service's id."""
        services = self.names.items()
        return {key: {names.redirect.get(name, name) for name in names.turns()} for key, names in services}

    @cached_property
    def answering(self) -> dict[str, bool]:
        """Each name of the plan, and whether it leads anywhere."""
        return {route.name: bool(route.targets or route.embedding_targets) for route in self.plan.routes}

    @cached_property
    def asked(self) -> dict[str, set[tuple[str, ...]]]:
        """What limits by model are looked up under, name after name, for the calls of each service."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for route in self.plan.routes:
            for target in (*route.targets, *(route.embedding_targets or ())):
                found.setdefault(target.service, set()).add(target.names)
        return found

    def limited(self, service: str, place: str, given: Mapping[str, Limit]) -> set[str]:
        """The names of limits by model, those at `place` in a service, that some call is bound by."""
        if place not in self.bound:
            limits = limits_of(given, self.dialect)
            hits = {name for names in self.asked.get(service, ()) if (name := found_under(limits, names))}
            self.bound[place] = hits if self.plan.any is None else set(limits)
        return self.bound[place]

    def service_at(self, leaf: Leaf) -> Service | None:
        """The service a leaf belongs to."""
        return self.services.get("/".join(leaf.keys[1:3]))


Judge = Callable[[Scope, Leaf], Judgement]


def mapped(target: str, note: str = "") -> Judgement:
    """LiteLLM has the same thing by itself."""
    return Judgement("mapped", target, note)


def emulated(target: str, note: str = "") -> Judgement:
    """It works, and needs one-adapter in the proxy."""
    return Judgement("emulated", target, note)


def approximated(target: str, note: str) -> Judgement:
    """The same intent with other semantics, which `note` names."""
    return Judgement("approximated", target, note)


def inert(note: str) -> Judgement:
    """The gateway reads it and does nothing, or it says what holds anyway."""
    return Judgement("inert", "", note)


def dropped(note: str) -> Judgement:
    """It is lost; `note` says why and what to do."""
    return Judgement("dropped", "", note)
