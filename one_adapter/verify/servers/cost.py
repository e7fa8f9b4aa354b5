"""What a comparison will cost, from LiteLLM's price list: a rough figure, told before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from one_adapter.export.litellm.prices import Rates
from one_adapter.language import joined, tr, trn
from one_adapter.verify.servers.probes import PROMPT_TOKENS, Probe

#: US dollars a token, of the prompt and of the answer, that a name without a price is reckoned with: dear.
DEAR = (15e-6, 75e-6)
#: How often a name is asked each probe: the old side twice, the new side once.
ASKED = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """Requests and US dollars; `unknown` are the names without a price, `at_most` what they may cost."""

    requests: int
    known: float
    unknown: tuple[str, ...]
    at_most: float

    @property
    def cost(self) -> float:
        """The whole, with the unknown ones reckoned dear."""
        return self.known + self.at_most

    @property
    def sentence(self) -> str:
        """What it comes to, for whoever is to agree."""
        words: list[str] = [tr("{requests:,} requests", requests=self.requests)]
        if self.known or not self.unknown:
            words.append(tr("about {cost} by LiteLLM's price list", cost=dollars(self.known)))
        if self.unknown:
            dear = trn(
                "{count} name has no known price and may cost some {cost} if dear",
                "{count} names have no known price and may cost some {cost} if dear",
                len(self.unknown),
                cost=dollars(self.at_most),
            )
            words.append(dear)
        return joined(words, ", ", "，")


def dollars(amount: float) -> str:
    """An amount of money, small ones to their first digits.

    >>> dollars(0), dollars(0.000123), dollars(12.5)
    ('$0', '$0.00012', '$12.50')
    """
    if not amount:
        return "$0"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.2g}" if amount >= 1e-4 else f"${amount:.5f}"


def estimate(asked: Iterable[tuple[str, Iterable[Probe]]], sides: int, rates: Rates) -> Estimate:
    """The estimate for names with their probes, and `sides` requests of the servers themselves."""
    requests, known, dear = sides, 0.0, 0.0
    unknown: list[str] = []
    for model, probes in asked:
        rate = rate_of(model, rates)
        cost = 0.0
        for probe in probes:
            requests += ASKED
            prompt, answer = rate or DEAR
            cost += ASKED * (PROMPT_TOKENS * prompt + probe.tokens * answer)
        if rate is None:
            unknown.append(model)
            dear += cost
        else:
            known += cost
    return Estimate(requests, known, tuple(unknown), dear)


def rate_of(model: str, rates: Rates) -> tuple[float, float] | None:
    """US dollars a token of a name: its own in the list, else the dearest of the vendors that have it.

    >>> rate_of("m", {"a/m": (1.0, 2.0), "b/m": (3.0, 1.0)}), rate_of("n", {})
    ((3.0, 2.0), None)
    """
    if model in rates:
        return rates[model]
    found = [rate for name, rate in rates.items() if name.partition("/")[2] == model]
    return (max(rate[0] for rate in found), max(rate[1] for rate in found)) if found else None
