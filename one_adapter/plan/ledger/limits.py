"""What becomes of the waiting limits of a service and of its keys."""

from __future__ import annotations

from collections.abc import Mapping

from one_adapter.config.model import Limit, Service
from one_adapter.config.reading import trim
from one_adapter.language import tr
from one_adapter.plan.ledger.leaf import INFO, OVERRIDDEN, Judgement, Leaf, Scope, emulated, inert
from one_adapter.plan.limits import LIMIT_FIELDS, counting_field, limit_of
from one_adapter.vendors.service_types import EMBEDDING_TYPES

NEVER_ASKED = tr("the service is never asked: nothing leads to it")
NO_LIMIT = tr("0: no limit")
ALONE = tr("no limit above 0 stands beside it")


def limit(scope: Scope, leaf: Leaf) -> Judgement:
    """Waiting limits, kept by the proxy, with their timeout: all numbers above 0, of qpm and rpm the smaller;
    in gateway 0.10 the first above 0 of qps, qpm, rpm and concurrency."""
    service = scope.services["/".join(leaf.keys[1:3])]
    kind = leaf.path[3]
    if service.id not in scope.asked:
        return inert(NEVER_ASKED)
    if kind == "model_limits":
        return model_limit(scope, leaf, service, service.model_limits, f"{INFO}.limits.service_models")
    if kind == "embedding_limit" and service.type not in EMBEDDING_TYPES:
        return inert(tr("the gateway has no embeddings for type {type}", type=service.type))
    given = service.embedding_limit if kind == "embedding_limit" else service.limit
    layer = "embeddings" if kind == "embedding_limit" else "service"
    return number(scope, leaf, given, f"{INFO}.limits.{layer}")


def model_limit(
    scope: Scope, leaf: Leaf, service: Service, given: Mapping[str, Limit], target: str
) -> Judgement:
    """A number of a limit that stands under a model's name."""
    key = leaf.keys[-2]
    name = trim(key)
    if not name:
        return inert(tr("no model has an empty name"))
    found = given.get(name)
    if found is None:
        return inert(
            tr("one of the key's model_limits has the wrong type, so that the gateway reads none of them")
        )
    if found.pointer != leaf.pointer.rpartition("/")[0]:
        return inert(OVERRIDDEN)
    said = number(scope, leaf, found, target)
    place = found.pointer.rpartition("/")[0]
    if said.verdict == "emulated" and name not in scope.limited(service.id, place, given):
        return inert(
            tr("no call of this service is looked up under this name, or another limit is found first")
        )
    return said


def number(scope: Scope, leaf: Leaf, given: Limit, target: str) -> Judgement:
    """One number of a limit, or its timeout."""
    values = {name: getattr(given, name) for name, _ in LIMIT_FIELDS}
    exists = limit_of(given, scope.dialect) is not None
    field = leaf.path[-1]
    if not scope.dialect.limits_add_up:
        return single(leaf, exists, counting_field(values), field, target)
    if not leaf.node.value or not exists:
        return inert(ALONE if leaf.node.value else NO_LIMIT)
    other = {"qpm": "rpm", "rpm": "qpm"}.get(field)
    if other and values[other] > 0 and (values[other], other) < (values[field], field):
        return inert(tr("{other} counts: both are windows of a minute, and it is not larger", other=other))
    return emulated(target)


def single(leaf: Leaf, exists: bool, counting: str | None, field: str, target: str) -> Judgement:
    """The same where one number of a limit counts alone: `counting`."""
    if not leaf.node.value or not exists:
        return inert(ALONE if leaf.node.value else NO_LIMIT)
    if field in ("timeout", counting):
        return emulated(target)
    return inert(
        tr(
            "{counting} counts; of several limits only the first of qps, qpm, rpm, concurrency",
            counting=counting,
        )
    )
