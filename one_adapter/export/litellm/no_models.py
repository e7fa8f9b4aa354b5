"""A plan without any model: nothing to export or to run, and why."""

from __future__ import annotations

from collections.abc import Iterable

from one_adapter.contract import HANDLERS
from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.groups import groups_of
from one_adapter.finding import Finding
from one_adapter.language import changed, tr, without_stop
from one_adapter.plan.types import Plan

#: Findings of the linter that say why no model is there; the first of them that was made tells most.
_REASONS = ("nothing-enabled", "key-case", "unknown-field")
#: Tasks of the plan that say why one is left out.
_LEFT_OUT = ("keys-off", "no-address", "wildcard-name")


def refuse_nothing(source_name: str, plan: Plan, findings: Iterable[Finding], pure: bool = False) -> None:
    """Raise `OneAdapterError` (exit code 1), with the reason, where a plan has no model to serve."""
    targets = [target for group in groups_of(plan) for target in group.targets]
    if any(not (pure and target.upstream.provider in HANDLERS) for target in targets):
        return
    if targets:
        why: str = tr("--pure leaves out every upstream there is, because LiteLLM has no provider for them")
    else:
        why = _why(plan, list(findings)) or tr("no service that is switched on has a model")
    raise OneAdapterError(tr("{source}: there is no model to serve: {why}", source=source_name, why=why), 1)


def _why(plan: Plan, findings: list[Finding]) -> str:
    left_out = [task.message for task in plan.tasks if task.code in _LEFT_OUT]
    if left_out:
        return without_stop(left_out[0])
    for name in _REASONS:
        for found in findings:
            if found.name == name and found.severity != "info":
                if not found.help:
                    return tr("line {line}: {message}", line=found.line, message=found.message)
                advice = changed(without_stop(found.help), _lowered)
                return tr(
                    "line {line}: {message}; {advice}", line=found.line, message=found.message, advice=advice
                )
    return ""


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
