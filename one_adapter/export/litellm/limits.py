"""A deployment's limits, layer by layer, as the exported file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from one_adapter.export.yaml_writer import Flow
from one_adapter.plan.limits import found_under
from one_adapter.plan.types import LayerPolicies, LimitPolicy, Limits


@dataclass(frozen=True, slots=True)
class Bound:
    """The field `limits`, and the name `redirected` without which one of them would not be found."""

    layers: dict[str, Any]
    redirected: str = ""


def bound_by(
    found: LayerPolicies, known: Sequence[str], chains: Sequence[Sequence[str]], every: bool
) -> Bound:
    """Which limits bind a deployment, and how they are found again by a model's name.

    `known` are the names a deployment is known by anyhow: its group's and its upstream's. Each of `chains`
    holds the names that one kind of call looks a limit up under; with `every` clients send any name.
    """
    by_model = {"credential_models": found.credential_models, "service_models": found.service_models}
    hits = [name for chain in chains for limits in by_model.values() if (name := found_under(limits, chain))]
    redirected = next((name for name in hits if name not in known), "")
    layers: dict[str, Any] = {}
    if found.credential:
        layers["credential"] = _limit(found.credential)
    for layer, limits in by_model.items():
        names = limits if every else dict.fromkeys(filter(None, (found_under(limits, one) for one in chains)))
        if names:
            layers[layer] = _by_name(limits, list(names), () if every else (*known, redirected))
    if found.service:
        layers["service"] = _limit(found.service)
    if found.embeddings:
        layers["embeddings"] = _limit(found.embeddings)
    return Bound(layers, redirected)


def _by_name(limits: Limits, names: Sequence[str], known: Sequence[str]) -> dict[str, Flow]:
    """Limits by name; one that would not be found under its own stands under the group's."""
    return {name if not known or name in known else known[0]: _limit(limits[name]) for name in names}


def _limit(limit: LimitPolicy) -> Flow:
    return Flow(limit.numbers)
