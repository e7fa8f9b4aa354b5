"""The judge of each leaf, found by the path of its field."""

from __future__ import annotations

from one_adapter.plan.leaf import Judge, Judgement, Leaf, Scope, inert
from one_adapter.plan.verdicts_service import DEEP, SERVICE
from one_adapter.plan.verdicts_whole import WHOLE

#: Where a service's own fields begin in a path: services, type, index.
SERVICE_DEPTH = 3


def judge(scope: Scope, leaf: Leaf) -> Judgement:
    """The verdict on one leaf. Total: there is no leaf without one."""
    word = leaf.path[-1] if leaf.path else ""
    if word == "?":
        return inert("the gateway knows no such field" if leaf.name != "$schema" else "for editors only")
    if word == "!":
        return inert("a later key of the same meaning counts instead")
    if leaf.path[:1] == ("services",):
        return _judge_service(scope, leaf)
    if leaf.path[:1] == ("params_range",):
        return WHOLE[("params_range",)](scope, leaf)
    return _judge_value(scope, leaf, WHOLE.get(leaf.path))


def _judge_value(scope: Scope, leaf: Leaf, found: Judge | None) -> Judgement:
    if leaf.node.kind == "null":
        return inert("null says nothing")
    if found is None:
        return inert("empty")
    return found(scope, leaf)


def _judge_service(scope: Scope, leaf: Leaf) -> Judgement:
    if len(leaf.path) <= SERVICE_DEPTH:
        return inert("null says nothing" if leaf.node.kind == "null" else "empty")
    service = scope.service_at(leaf)
    if service is None or not service.enabled:
        return inert("the service is switched off")
    field = leaf.path[SERVICE_DEPTH]
    if field in DEEP and leaf.node.kind != "null":
        return DEEP[field](scope, leaf)
    return _judge_value(scope, leaf, SERVICE.get(leaf.path[SERVICE_DEPTH:]))
