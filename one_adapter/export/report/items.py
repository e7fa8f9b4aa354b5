"""What is left to do and to know by hand: the plan's tasks, and findings that no task tells."""

from __future__ import annotations

from collections.abc import Iterable

from one_adapter.export.litellm.groups import groups_of
from one_adapter.export.litellm.prices import Prices
from one_adapter.export.report.hiding import Hider
from one_adapter.export.report.model import Item
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.finding import Finding
from one_adapter.language import enumerated, tr, trn, without_stop
from one_adapter.plan.types import Level, Plan

#: Findings of the linter, by name, that say what a task of the plan says too.
TOLD_BY_TASK = {
    "control-character-in-key": "credential-unusable",
    "default-models-retired": "model-retired",
    "malformed-credential": "credential-unusable",
    "masked-credential": "credential-unusable",
    "no-default-address": "no-address",
    "placeholder-credential": "credential-unusable",
    "proxy-covers-nothing": "proxy-unused",
    "redirects-reversed": "redirects-turned",
    "retired-model": "model-retired",
    "several-keys-in-one": "credential-unusable",
    "variable-for-credential": "credential-unusable",
    "vendor-ended": "vendor-ended",
    "wildcard-in-name": "wildcard-name",
}


def items_of(plan: Plan, secrets: Secrets, findings: Iterable[Finding], hide: Hider) -> Iterable[Item]:
    """Tasks and findings, errors first; what is nothing to do comes last."""
    places = _places(plan)
    items = [
        Item(task.level, task.code, hide(task.message), places.get(task.pointer, "")) for task in plan.tasks
    ]
    items += [
        Item("warning", "secret-missing", tr("{name} is empty in the old file: fill it in.", name=name))
        for name, value in secrets.values.items()
        if not value and name not in (*secrets.to_create, *secrets.to_fill, *client_key_names(plan.access))
    ]
    told = {(task.code, task.pointer.lower()) for task in plan.tasks}
    for finding in findings:
        if finding.severity == "info" or _is_told(finding, told):
            continue
        place = f"{finding.line}:{finding.column}"
        items.append(Item(finding.severity, finding.code, _sentences(finding), place))
    levels: tuple[Level, ...] = ("error", "warning", "info")
    yield from sorted(items, key=lambda item: levels.index(item.level))


def _sentences(finding: Finding) -> str:
    message, help_ = map(without_stop, (finding.message, finding.help))
    if not help_:
        return tr("{message}.", message=message)
    return tr("{message}. {help}.", message=message, help=help_)


def unpriced_of(plan: Plan, prices: Prices, hide: Hider) -> Iterable[Item]:
    """The models for which spend is counted as nothing, unless nobody wants it counted."""
    names = prices.unpriced(groups_of(plan)) if prices.names else ()
    if names:
        told = trn(
            "LiteLLM's price list has nothing for {count:,} model at its address: the price is written as 0; "
            "put yours there to have the spend counted: {names}.",
            "LiteLLM's price list has nothing for {count:,} models at its address: the price is written as "
            "0; put yours there to have the spend counted: {names}.",
            len(names),
            names=enumerated(names),
        )
        yield Item("info", "price-unknown", hide(told))


def _is_told(finding: Finding, told: set[tuple[str, str]]) -> bool:
    """Whether a task at or above a finding's place says the same."""
    code, pointer = TOLD_BY_TASK.get(finding.name), finding.pointer.lower()
    while code and pointer:
        if (code, pointer) in told:
            return True
        pointer = pointer.rpartition("/")[0]
    return False


def _places(plan: Plan) -> dict[str, str]:
    """Line and column of the first leaf at or below each pointer; the whole file has no place."""
    places: dict[str, str] = {}
    for row in plan.ledger:
        pointer = row.pointer
        while pointer:
            places.setdefault(pointer, f"{row.line}:{row.column}")
            pointer = pointer.rpartition("/")[0]
    return places
