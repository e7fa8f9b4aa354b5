"""Numbers and present values as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from one_adapter.runtime.record.gauges import Gauges
from one_adapter.runtime.record.tally import BUCKETS, Histogram, Labels, Numbers

#: What all names begin with.
PREFIX = "one_adapter_"
#: Field of `Numbers` -> name, what it is, labels.
COUNTERS = {
    "requests": (
        "requests",
        "Requests that have ended, by how; status 0: nothing was sent, for the client had left.",
        ("kind", "service", "model", "end", "status"),
    ),
    "failures": (
        "failed_tries",
        "Tries of a request that failed and that another key of the service followed.",
        ("service", "status"),
    ),
    "tokens": ("tokens", "Tokens as the upstreams told them.", ("service", "model", "type")),
    "reloads": ("reloads", "Changed configurations by what became of them.", ("result",)),
}
HISTOGRAMS = {
    "seconds": ("request_seconds", "From a request's beginning to its end."),
    "first": ("first_byte_seconds", "From asking the upstream to the first byte of its answer."),
    "waited": ("limit_wait_seconds", "Time that requests waited at limits, of those that did."),
}


class _Found(Collector):
    """What the registry asks."""

    def __init__(self, numbers: Numbers, workers: Sequence[tuple[int, Gauges]]) -> None:
        self._numbers, self._workers = numbers, workers

    def collect(self) -> Iterable[Metric]:
        """Every metric."""
        yield from _counted(self._numbers)
        yield from _held(self._workers)


def exposed(numbers: Numbers, workers: Sequence[tuple[int, Gauges]], accept: str = "") -> tuple[bytes, str]:
    """What is told and its content type, in the form that an Accept header asks for.

    `numbers` are all workers' together, `workers` the number and present values of each process: of two with
    one number, one only ends what it has begun.
    """
    registry = CollectorRegistry()
    registry.register(_Found(numbers, workers))
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


def _counted(numbers: Numbers) -> Iterator[Metric]:
    for field, (name, about, labels) in COUNTERS.items():
        counter = CounterMetricFamily(PREFIX + name, about, labels=labels)
        counts: dict[Labels, int] = getattr(numbers, field)
        for values, count in counts.items():
            counter.add_metric(values, count)
        yield counter
    for field, (name, about) in HISTOGRAMS.items():
        family = HistogramMetricFamily(PREFIX + name, about, labels=("service", "model"))
        times: dict[Labels, Histogram] = getattr(numbers, field)
        for values, histogram in times.items():
            family.add_metric(values, _buckets(histogram), histogram.sum)
        yield family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """The buckets as Prometheus has them: each holds those before it."""
    found, below = [], 0
    for end, count in zip((*map(str, BUCKETS), "+Inf"), histogram.counts, strict=True):
        below += count
        found.append((end, float(below)))
    return found


def _held(workers: Sequence[tuple[int, Gauges]]) -> Iterator[Metric]:
    every = [one for _, one in workers]
    generations: dict[int, int] = {}
    for number, one in workers:
        generations[number] = max(one.generation, generations.get(number, 0))
    yield _gauge("workers", "Workers that serve.", len(generations))
    running = sum(one.running for one in every)
    yield _gauge("requests_running", "Requests that have begun and not ended.", running)
    lost = sum(one.lost for one in every)
    yield CounterMetricFamily(PREFIX + "lost_log_lines", "Lines of the access log that were lost.", lost)
    generation = GaugeMetricFamily(
        PREFIX + "generation", "Generation of the configuration, from 1 on.", labels=("worker",)
    )
    for number, value in sorted(generations.items()):
        generation.add_metric((str(number),), value)
    yield generation
    places = GaugeMetricFamily(PREFIX + "limit_places", "Places held at a limit.", labels=("limit",))
    waiting = GaugeMetricFamily(PREFIX + "limit_waiting", "Requests that wait at a limit.", labels=("limit",))
    for name in sorted({name for one in every for name in one.limits}):
        both = [one.limits.get(name, (0, 0)) for one in every]
        places.add_metric((name,), sum(held for held, _ in both))
        waiting.add_metric((name,), sum(queue for _, queue in both))
    yield places
    yield waiting
    breakers = GaugeMetricFamily(
        PREFIX + "breakers_open", "Workers for which a breaker is open.", labels=("service", "key", "model")
    )
    opened = [breaker for one in every for breaker in one.breakers]
    for breaker in sorted(set(opened)):
        breakers.add_metric(breaker, opened.count(breaker))
    yield breakers


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, about, value)
