"""The names by which a limit can be seen by itself, and what its minute has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from one_adapter.plan.limits import found_under
from one_adapter.plan.types import LimitPolicy, Plan, ServicePolicy, Target
from one_adapter.verify.playing.clock import now
from one_adapter.verify.playing.names import chats_of, named
from one_adapter.verify.playing.player import Player
from one_adapter.verify.playing.probes import BY_NAME, Probe
from one_adapter.verify.playing.promise import Place, embedding_targets, places_of

#: More requests than that are not made to reach a limit of a minute.
MOST_A_MINUTE = 150


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
        moment = now()

        def left(layer: Layer) -> float:
            used = sum(_counts(layer, player.plan, each.kind, each.target) for each in recent)
            return max(1.0, float(int(layer.limit.qpm))) - used if layer.limit.qpm else inf

        recent = [each for each in player.called if moment - each.moment < window]
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
