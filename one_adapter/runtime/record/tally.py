"""What is counted of requests: plain numbers under labels, in a form that other processes can be told.

Labels are names of the configuration, never a client's own; beyond `MOST` of them all are `OTHER`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens

#: Pairs of a service and a model that are counted apart, and what the rest are called.
MOST, OTHER = 1000, "other"
#: The upper ends of the histograms' buckets, in seconds.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
#: Seconds at a limit that are a wait, and not only what it takes to pass one.
WAIT_SECONDS = 0.001
#: The labels of one number.
Labels = tuple[str, ...]
#: What became of a reload: the new configuration holds, or the old one still does.
APPLIED, REFUSED = "applied", "refused"


def _no_reloads() -> dict[Labels, int]:
    return {(APPLIED,): 0, (REFUSED,): 0}


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
    service and status; `tokens` by service, model and whose they are; `reloads` by their result; the
    histograms by service and model.
    """

    requests: dict[Labels, int] = field(default_factory=dict)
    failures: dict[Labels, int] = field(default_factory=dict)
    tokens: dict[Labels, int] = field(default_factory=dict)
    reloads: dict[Labels, int] = field(default_factory=_no_reloads)
    seconds: dict[Labels, Histogram] = field(default_factory=dict)
    first: dict[Labels, Histogram] = field(default_factory=dict)
    waited: dict[Labels, Histogram] = field(default_factory=dict)

    def add(self, other: Numbers) -> None:
        """Add what another process has counted."""
        for mine, theirs in (
            (self.requests, other.requests),
            (self.failures, other.failures),
            (self.tokens, other.tokens),
            (self.reloads, other.reloads),
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

    def reloaded(self, applied: bool) -> None:
        """Count a reload: the new configuration holds, or the old one still does."""
        self.reloads[APPLIED if applied else REFUSED,] += 1

    def to_json(self) -> str:
        """A text that `from_json` reads."""
        counts = [
            [*map(list, one.items())] for one in (self.requests, self.failures, self.tokens, self.reloads)
        ]
        times = [
            [[labels, one.counts, one.sum] for labels, one in many.items()]
            for many in (self.seconds, self.first, self.waited)
        ]
        return json.dumps([counts, times])

    @classmethod
    def from_json(cls, text: str) -> Numbers:
        """What `to_json` was called on.

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


class _Place(NamedTuple):
    """Where requests are counted that are alike."""

    labels: Labels
    service: str
    model: str
    seconds: Histogram
    first: Histogram


class Tally:
    """Counts requests."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.numbers = Numbers()
        self._places: dict[tuple[str, str, str, str, int], _Place] = {}
        self._pairs: set[tuple[str, str]] = set()

    def count(self, one: Finished, tokens: Tokens) -> None:
        """Count a request that is over."""
        numbers = self.numbers
        place = self._places.get((one.kind, one.service, one.group, one.end, one.status))
        labels, service, model, seconds, first = place or self._entered(one)
        numbers.requests[labels] += 1
        seconds.counts[bisect_left(BUCKETS, one.total)] += 1
        seconds.sum += one.total
        if one.first is not None:
            first.counts[bisect_left(BUCKETS, one.first)] += 1
            first.sum += one.first
        if one.waited >= WAIT_SECONDS:
            _histogram(numbers.waited, (service, model)).add(one.waited)
        if tokens.prompt is not None:
            _add(numbers.tokens, (service, model, "prompt"), tokens.prompt)
        if tokens.completion is not None:
            _add(numbers.tokens, (service, model, "completion"), tokens.completion)
        for _, status in one.tries:
            _add(numbers.failures, (service, str(status)), 1)

    def _entered(self, one: Finished) -> _Place:
        numbers, pair = self.numbers, (one.service, one.group)
        if pair not in self._pairs and len(self._pairs) >= MOST:
            pair = OTHER, OTHER
        self._pairs.add(pair)
        labels = (one.kind, *pair, one.end, str(one.status))
        numbers.requests.setdefault(labels, 0)
        seconds, first = _histogram(numbers.seconds, pair), _histogram(numbers.first, pair)
        place = _Place(labels, *pair, seconds, first)
        if OTHER not in pair:
            self._places[one.kind, one.service, one.group, one.end, one.status] = place
        return place


def _histogram(many: dict[Labels, Histogram], labels: Labels) -> Histogram:
    found = many.get(labels)
    if found is None:
        found = many[labels] = Histogram()
    return found


def _add(many: dict[Labels, int], labels: Labels, count: int) -> None:
    many[labels] = many.get(labels, 0) + count
