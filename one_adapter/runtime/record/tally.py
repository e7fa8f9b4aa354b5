"""What is counted of requests: plain numbers under labels, in a form that other processes can be told.

Labels are names of the configuration, never a client's own; beyond `MOST` of them all are `OTHER`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens

#: Pairs of a service and a model that are counted apart, and what the rest are called.
MOST, OTHER = 1000, "other"
#: The upper ends of the histograms' buckets, in seconds.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
#: The labels of one number.
Labels = tuple[str, ...]


class Histogram:
    """How long something took: `counts` by bucket, the last one for what is longer, and the `sum`."""

    __slots__ = ("counts", "sum")

    def __init__(self, counts: Sequence[int] = (), sum: float = 0.0) -> None:
        """Begin with nothing, or with what was counted elsewhere."""
        self.counts = list(counts) or [0] * (len(BUCKETS) + 1)
        self.sum = sum

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds


@dataclass
class Numbers:
    """Everything that only grows.

    `requests` by kind, service, model, end and status; `failures`: tries that another key followed, by
    service and status; `tokens` by service, model and whose they are; the histograms by service and model.
    """

    requests: dict[Labels, int] = field(default_factory=dict)
    failures: dict[Labels, int] = field(default_factory=dict)
    tokens: dict[Labels, int] = field(default_factory=dict)
    seconds: dict[Labels, Histogram] = field(default_factory=dict)
    first: dict[Labels, Histogram] = field(default_factory=dict)
    waited: dict[Labels, Histogram] = field(default_factory=dict)

    def add(self, other: Numbers) -> None:
        """Add what another process has counted."""
        for mine, theirs in (
            (self.requests, other.requests),
            (self.failures, other.failures),
            (self.tokens, other.tokens),
        ):
            for labels, count in [*theirs.items()]:  # it may be counting meanwhile
                mine[labels] = mine.get(labels, 0) + count
        for ours, others in (
            (self.seconds, other.seconds),
            (self.first, other.first),
            (self.waited, other.waited),
        ):
            for labels, histogram in [*others.items()]:
                own = ours.setdefault(labels, Histogram())
                own.counts = [one + two for one, two in zip(own.counts, histogram.counts, strict=True)]
                own.sum += histogram.sum

    def to_json(self) -> str:
        """Return it as text that `from_json` reads."""
        counts = [[*map(list, one.items())] for one in (self.requests, self.failures, self.tokens)]
        times = [
            [[labels, one.counts, one.sum] for labels, one in many.items()]
            for many in (self.seconds, self.first, self.waited)
        ]
        return json.dumps([counts, times])

    @classmethod
    def from_json(cls, text: str) -> Numbers:
        """Return what `to_json` was called on.

        >>> one = Numbers({("chat", "s", "m", "answered", "200"): 2}, first={("s", "m"): Histogram()})
        >>> again = Numbers.from_json(one.to_json())
        >>> again.requests == one.requests, again.first["s", "m"].counts == [0] * 13
        (True, True)
        """
        counts, times = json.loads(text)
        return cls(
            *({tuple(labels): count for labels, count in one} for one in counts),
            *({tuple(labels): Histogram(many, total) for labels, many, total in one} for one in times),
        )


class Tally:
    """Counts requests; `running` are those that have begun and not ended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.numbers = Numbers()
        self.running = 0
        self._pairs: dict[tuple[str, str], Labels] = {}

    def count(self, one: Finished, tokens: Tokens) -> None:
        """Count a request that is over."""
        numbers = self.numbers
        pair = self._pairs.get((one.service, one.group)) or self._entered(one.service, one.group)
        service, model = pair
        labels = (one.kind, service, model, one.end, str(one.status))
        numbers.requests[labels] = numbers.requests.get(labels, 0) + 1
        _histogram(numbers.seconds, pair).add(one.total)
        if one.first is not None:
            _histogram(numbers.first, pair).add(one.first)
        if one.waited:
            _histogram(numbers.waited, pair).add(one.waited)
        if tokens.prompt is not None:
            _add(numbers.tokens, (service, model, "prompt"), tokens.prompt)
        if tokens.completion is not None:
            _add(numbers.tokens, (service, model, "completion"), tokens.completion)
        for _, status in one.tries:
            _add(numbers.failures, (service, str(status)), 1)

    def _entered(self, service: str, group: str) -> Labels:
        if len(self._pairs) >= MOST:
            return OTHER, OTHER
        self._pairs[service, group] = service, group
        return service, group


def _histogram(many: dict[Labels, Histogram], labels: Labels) -> Histogram:
    found = many.get(labels)
    if found is None:
        found = many[labels] = Histogram()
    return found


def _add(many: dict[Labels, int], labels: Labels, count: int) -> None:
    many[labels] = many.get(labels, 0) + count
