"""The judge of each leaf, found by the path of its field."""

from __future__ import annotations

from one_adapter.language import tr
from one_adapter.plan.ledger.leaf import EMPTY, OVERRIDDEN, Judge, Judgement, Leaf, Scope, inert
from one_adapter.plan.ledger.services import DEEP, SERVICE
from one_adapter.plan.ledger.top_level import WHOLE

#: Where a service's own fields begin in a path: services, type, index.
SERVICE_DEPTH = 3
NULL = tr("null says nothing")


def judge(scope: Scope, leaf: Leaf) -> Judgement:
    """The verdict on one leaf. Total: there is no leaf without one."""
    word = leaf.path[-1] if leaf.path else ""
    if word == "?":
        known = leaf.name == "$schema"
        return inert(tr("for editors only") if known else tr("the gateway knows no such field"))
    if word == "!":
        return inert(OVERRIDDEN)
    if leaf.path[:1] == ("services",):
        return _judge_service(scope, leaf)
    if leaf.path[:1] == ("params_range",):
        return WHOLE[("params_range",)](scope, leaf)
    return _judge_value(scope, leaf, WHOLE.get(leaf.path))


def _judge_value(scope: Scope, leaf: Leaf, found: Judge | None) -> Judgement:
    if leaf.node.kind == "null":
        return inert(NULL)
    if found is None:
        return inert(EMPTY)
    return found(scope, leaf)


def _judge_service(scope: Scope, leaf: Leaf) -> Judgement:
    if len(leaf.path) <= SERVICE_DEPTH:
        return inert(NULL if leaf.node.kind == "null" else EMPTY)
    service = scope.service_at(leaf)
    if service is None or not service.enabled:
        return inert(tr("the service is switched off"))
    field = leaf.path[SERVICE_DEPTH]
    if field in DEEP and leaf.node.kind != "null":
        return DEEP[field](scope, leaf)
    return _judge_value(scope, leaf, SERVICE.get(leaf.path[SERVICE_DEPTH:]))
