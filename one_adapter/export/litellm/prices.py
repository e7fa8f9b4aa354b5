"""Which models LiteLLM has a price for: by the list of the LiteLLM that is installed, else by one that ships.

LiteLLM is not imported for it. A deployment names its model in that list (`base_model`), and LiteLLM counts
by the price it has then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from one_adapter.export.litellm.groups import Group
from one_adapter.plan.addresses import split_url
from one_adapter.plan.types import Target, Upstream
from one_adapter.vendors.hosts import PRICED_AS, priced_as

CHOICES = ("litellm", "none")
#: LiteLLM's list inside its package, and what ships of it.
LIST, SHIPPED = "model_prices_and_context_window_backup.json", "prices.json"
MODES = ("chat", "responses", "embedding")
#: Tokens that the prices of the shipped list are for.
MILLION = 1e6
#: US dollars a token, of the prompt and of the answer, by a model's name in the list.
Rates = Mapping[str, tuple[float, float]]
#: Vendors whose models stand in the list without the vendor's name before them.
BARE = ("openai", "anthropic", "vertex_ai")


@dataclass(frozen=True, slots=True)
class Prices:
    """The models with a price, by their names in LiteLLM's list; `unpriced` names those that have none."""

    names: frozenset[str] = frozenset()

    def name_of(self, upstream: Upstream) -> str:
        """The name under which the list has an upstream's model; "" where it has none.

        A model counts only at its vendor's own address: a reseller has prices of its own.
        """
        vendor = priced_as(split_url(upstream.url).host)
        if not vendor:
            return ""
        names = [f"{vendor}/{upstream.model}"]
        names += [upstream.model] if vendor in BARE else []
        return next((name for name in names if name in self.names), "")

    def of_target(self, group: Group, target: Target) -> str:
        """The same for one target of a group; "" too where its embeddings come from another model.

        LiteLLM has one price for all calls to a deployment.
        """
        name = self.name_of(target.upstream)
        for twin in (group.twins or {}).values():
            if (twin.service, twin.credential) == (target.service, target.credential):
                return name if twin.upstream.model == target.upstream.model else ""
        return name

    def unpriced(self, groups: Iterable[Group]) -> tuple[str, ...]:
        """The upstream models of `groups` that have no price, each once, in their order."""
        return tuple(
            dict.fromkeys(
                target.upstream.name
                for group in groups
                for target in group.targets
                if not self.of_target(group, target)
            )
        )


NO_PRICES = Prices()


def prices_of(choice: str = "litellm") -> Prices:
    """The prices for one of `CHOICES`: LiteLLM's list, of the version that is installed, or none at all."""
    if choice == "none":
        return NO_PRICES
    installed = _installed()
    names = None if installed is None else _names_of(*installed)
    return shipped() if names is None else Prices(names)


def shipped() -> Prices:
    """The prices that ship with one-adapter."""
    return Prices(frozenset(_shipped()))


def rates_of() -> Rates:
    """What the models with a price cost: by the list of the LiteLLM that is installed, else what ships."""
    installed = _installed()
    document = None if installed is None else _read(installed[0])
    if document is not None:
        return rates_in(document)
    return {name: (rate[0] / MILLION, rate[1] / MILLION) for name, rate in _shipped().items()}


def _installed() -> tuple[Path, int] | None:
    """The list of the LiteLLM that is installed, and when it was written."""
    spec = find_spec("litellm")
    if spec is None or not spec.origin:
        return None
    path = Path(spec.origin).with_name(LIST)
    try:
        return path, path.stat().st_mtime_ns
    except OSError:
        return None  # a LiteLLM that has its list elsewhere


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=1)
def _names_of(path: Path, _written_ns: int) -> frozenset[str] | None:
    """What `Prices` needs of a list: the list itself is large, and takes long to read."""
    document = _read(path)
    return None if document is None else names_in(document)


def _shipped() -> dict[str, list[float]]:
    text = files("one_adapter.vendors").joinpath(SHIPPED).read_text(encoding="utf-8")
    names: dict[str, list[float]] = json.loads(text)["names"]
    return names


def rates_in(document: Mapping[str, Any]) -> Rates:
    """US dollars a token of each name in `names_in`, the prompt's and the answer's.

    >>> row = {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1e-07}
    >>> rates_in({"groq/a": {**row, "output_cost_per_token": 2e-07}})
    {'groq/a': (1e-07, 2e-07)}
    """
    return {name: _rate(document[name]) for name in sorted(names_in(document))}


def _rate(row: Mapping[str, Any]) -> tuple[float, float]:
    tiers = row.get("tiered_pricing")
    tier = tiers[0] if isinstance(tiers, list) and tiers and isinstance(tiers[0], dict) else {}
    prompt, answer = (
        row.get(key) if row.get(key) is not None else tier.get(key)
        for key in ("input_cost_per_token", "output_cost_per_token")
    )
    return float(prompt or 0), float(answer or 0)


def names_in(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of a price list's models that `Prices` can ask for.

    >>> row = {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1e-07}
    >>> sorted(names_in({"groq/a": row, "b": row, "groq/c": {**row, "mode": "audio_speech"}, "groq/d": {}}))
    ['groq/a']
    """
    return frozenset(name for name, row in document.items() if isinstance(row, dict) and _is_ours(name, row))


def _is_ours(name: str, row: Mapping[str, Any]) -> bool:
    if row.get("mode") not in MODES:
        return False
    vendor, has_vendor, _ = name.partition("/")
    provider = str(row.get("litellm_provider") or "")
    if provider.startswith("vertex_ai"):
        provider = "vertex_ai"
    is_named = vendor == provider if has_vendor else provider in BARE
    is_priced = row.get("input_cost_per_token") is not None or bool(row.get("tiered_pricing"))
    return is_named and is_priced and provider in PRICED_AS.values()
