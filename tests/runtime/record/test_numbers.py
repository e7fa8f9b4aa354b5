"""What is counted is told to Prometheus: under names of the configuration alone, of all workers together."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from virtual import run

from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.settings import BreakerRule
from one_adapter.runtime.record import tally as tallies
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.gauges import Gauges, gauges_of
from one_adapter.runtime.record.metrics_port import MetricsServer
from one_adapter.runtime.record.number_files import STALE_SECONDS, Ledger, NumberFiles
from one_adapter.runtime.record.record import KEPT_BYTES, KEPT_REQUESTS, KEPT_SECONDS, Record
from one_adapter.runtime.record.tally import Tally
from one_adapter.runtime.record.tokens import NONE, Tokens
from one_adapter.runtime.record.totals import Totals

Told = dict[tuple[str, frozenset[tuple[str, str]]], float]
ONE = Finished("chat", 0.2, 200, "answered", model="nick", group="m", service="s", first=0.1)


def told_by(totals: Totals) -> Told:
    body, kind = totals.told()
    assert kind.startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(told: Told, name: str, **labels: str) -> float | None:
    return told.get((f"one_adapter_{name}", frozenset(labels.items())))


def alone(tally: Tally) -> Totals:
    return Totals(tally, Gauges)


def test_requests_tokens_and_times_are_told_by_service_and_model() -> None:
    tally = Tally()
    tally.count(ONE, Tokens(5, 2, 7))
    tally.count(ONE._replace(waited=0.0005), NONE)
    tally.count(ONE._replace(total=3.0, waited=1.5, tries=(("k1", 429), ("k2", 500))), Tokens(1))
    told = told_by(alone(tally))
    labels = {"kind": "chat", "service": "s", "model": "m", "end": "answered", "status": "200"}
    assert value(told, "requests_total", **labels) == 3
    assert value(told, "tokens_total", service="s", model="m", type="prompt") == 6
    assert value(told, "tokens_total", service="s", model="m", type="completion") == 2
    assert value(told, "failed_tries_total", service="s", status="429") == 1
    pair = {"service": "s", "model": "m"}
    assert value(told, "request_seconds_sum", **pair) == pytest.approx(3.4)
    buckets = [value(told, "request_seconds_bucket", **pair, le=le) for le in ("0.1", "0.25", "2.5", "5.0")]
    assert buckets == [0, 2, 2, 3]
    assert value(told, "request_seconds_bucket", **pair, le="+Inf") == 3
    assert value(told, "limit_wait_seconds_count", **pair) == 1
    assert value(told, "first_byte_seconds_count", **pair) == 3


def test_no_name_that_a_client_made_up_becomes_a_label() -> None:
    tally = Tally()
    for number in range(100):
        tally.count(Finished("chat", 0.0, 400, model=f"made-up-{number}"), NONE)
    tally.count(ONE._replace(model="anything", group="catch-all"), NONE)
    body, _ = alone(tally).told()
    assert b"made-up" not in body
    assert b"anything" not in body
    assert len(tally.numbers.requests) == 2


def test_names_beyond_a_number_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST", 3)
    tally = Tally()
    for number in range(10):
        tally.count(ONE._replace(group=f"m{number}"), NONE)
        tally.count(ONE._replace(group="m0"), NONE)
    told = told_by(alone(tally))
    assert value(told, "request_seconds_count", service="s", model="m0") == 11
    assert value(told, "request_seconds_count", service="other", model="other") == 7


async def test_what_holds_now_is_told() -> None:
    from one_adapter.runtime.gateway.layers import Layer
    from one_adapter.runtime.gateway.settings import Limit

    memory = Memory()
    rule = BreakerRule(1, 60.0, 1)
    memory.breakers.failure(("s", "m"), rule, False, 0.0)
    memory.breakers.failure(("s", "k1", "m"), rule, False, 0.0)
    memory.breakers.failure(("s", "k2", "m"), BreakerRule(2, 60.0, 1), False, 0.0)
    release = await memory.limits.acquire([Layer("s:service", Limit(concurrency=1))], 0, 1.0)
    config = replace(Config.empty(), number=2)
    told = told_by(Totals(Tally(), lambda: gauges_of(memory, running=3, lost=4, config=config)))
    release()
    assert value(told, "requests_running") == 3
    assert value(told, "lost_log_lines_total") == 4
    assert value(told, "generation", worker="1") == 2
    assert value(told, "limit_places", limit="s:service") == 1
    assert value(told, "limit_waiting", limit="s:service") == 0
    assert value(told, "breakers_open", service="s", key="", model="m") == 1
    assert value(told, "breakers_open", service="s", key="k1", model="m") == 1
    assert value(told, "breakers_open", service="s", key="k2", model="m") is None


async def test_services_and_keys_are_told_by_their_names_of_now() -> None:
    from one_adapter.runtime.gateway.layers import Layer
    from one_adapter.runtime.gateway.settings import Limit, Policy

    memory = Memory()
    policy = Policy("1", service="openai-1", key="key-2", identity="openai#a1", key_identity="#b2")
    config = replace(Config.empty(), groups={"m": (policy,)})
    memory.breakers.failure(("openai#a1", "#b2", "m"), BreakerRule(1, 60.0, 1), False, 0.0)
    layers = [Layer(f"openai#a1:{name}", Limit(concurrency=1)) for name in ("service", "key:#b2:credential")]
    release = await memory.limits.acquire(layers, 0, 1.0)
    told = told_by(Totals(Tally(), lambda: gauges_of(memory, 0, 0, config)))
    release()
    assert value(told, "limit_places", limit="openai-1:service") == 1
    assert value(told, "limit_places", limit="openai-1:key:key-2:credential") == 1
    assert value(told, "breakers_open", service="openai-1", key="key-2", model="m") == 1


def test_every_worker_tells_the_sum_of_all(tmp_path: Path) -> None:
    several = []
    for number in (1, 2, 3):
        tally = Tally()
        for _ in range(number):
            tally.count(ONE, Tokens(1))
        held = Gauges(number, {"s:service": (number, 0)}, (("s", "", "m"),), number)
        several.append(Totals(tally, lambda held=held: held, NumberFiles(str(tmp_path), number), number))
    for totals in several:
        totals.look()
    for totals in several:
        told = told_by(totals)
        assert value(told, "request_seconds_count", service="s", model="m") == 6
        assert value(told, "tokens_total", service="s", model="m", type="prompt") == 6
        assert value(told, "requests_running") == 6
        assert value(told, "workers") == 3
        assert value(told, "limit_places", limit="s:service") == 6
        assert value(told, "breakers_open", service="s", key="", model="m") == 3
        assert [value(told, "generation", worker=str(number)) for number in (1, 2, 3)] == [1, 2, 3]


def test_of_a_worker_that_is_gone_stays_what_it_counted_and_not_what_it_held(tmp_path: Path) -> None:
    tally = Tally()
    tally.count(ONE, NONE)
    Totals(tally, lambda: Gauges(7), NumberFiles(str(tmp_path), 2), 2).look()
    (file,) = tmp_path.glob("2-*.json")
    laid = file.stat().st_mtime
    for age, workers, running in ((0.0, 2, 7), (STALE_SECONDS + 1, 1, 0)):
        totals = Totals(Tally(), Gauges, NumberFiles(str(tmp_path), 1), 1, now=lambda age=age: laid + age)
        told = told_by(totals)
        assert value(told, "request_seconds_count", service="s", model="m") == 1
        assert (value(told, "workers"), value(told, "requests_running")) == (workers, running)


def counted(folder: Path, worker: int, process: int, held: Gauges) -> tuple[Tally, Totals]:
    """A process of a worker that has counted a request."""
    tally = Tally()
    tally.count(ONE, NONE)
    return tally, Totals(tally, lambda: held, NumberFiles(str(folder), worker, process), worker)


def test_a_worker_that_ends_what_it_does_counts_beside_the_one_in_its_place(tmp_path: Path) -> None:
    tally, leaves = counted(tmp_path, 1, 101, Gauges(3, generation=1))
    _, new = counted(tmp_path, 1, 102, Gauges(1, generation=2))
    _, other = counted(tmp_path, 2, 103, Gauges())
    for count in (3, 4, 5):
        for totals in (leaves, new, other):
            totals.look()
        for totals in (leaves, new, other):
            told = told_by(totals)
            assert value(told, "request_seconds_count", service="s", model="m") == count
            assert (value(told, "requests_running"), value(told, "workers")) == (4, 2)
            assert value(told, "generation", worker="1") == 2
        tally.count(ONE, NONE)


def test_what_a_process_has_counted_that_is_gone_is_told_once_at_every_moment(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    _, stays = counted(tmp_path, 2, 100, Gauges())
    for process in range(101, 131):
        _, goes = counted(tmp_path, 1, process, Gauges(7))
        goes.look()
        (file,) = tmp_path.glob("1-*.json")
        text = file.read_text()
        goes.end()
        before = told_by(stays)
        ledger.ended(process)
        after = told_by(stays)
        file.write_text(text)  # who looked a moment ago has seen it, and then the parent's
        between = told_by(stays)
        file.unlink()
        for told in (before, after, between):
            assert value(told, "request_seconds_count", service="s", model="m") == process - 99
            assert value(told, "requests_running") == 0
    ledger.ended(99)
    assert len([*tmp_path.iterdir()]) == 1


def test_reloads_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    totals = Totals(Tally(), Gauges, NumberFiles(str(tmp_path), 1), 1)
    assert value(told_by(totals), "reloads_total", result="refused") == 0
    for applied in (True, False, True):
        ledger.reloaded(applied)
    told = told_by(totals)
    assert value(told, "reloads_total", result="applied") == 2
    assert value(told, "reloads_total", result="refused") == 1
    assert value(told, "workers") == 1


def test_what_lies_in_the_folder_and_is_no_workers_is_passed_over(tmp_path: Path) -> None:
    for name, text in (("2.json", "{"), ("x.json", "[]"), ("3.json", json.dumps(["[]", [], []]))):
        (tmp_path / name).write_text(text)
    told = told_by(Totals(Tally(), Gauges, NumberFiles(str(tmp_path), 1), 1))
    assert value(told, "workers") == 1


def test_a_folder_without_room_costs_no_more_than_the_others_view(tmp_path: Path) -> None:
    totals = Totals(Tally(), Gauges, NumberFiles(str(tmp_path / "gone"), 1), 1)
    totals.look()
    assert value(told_by(totals), "workers") == 1


def test_requests_are_counted_from_their_beginning_to_their_end() -> None:
    tally = Tally()
    record = Record(None, tally)
    record.begin()
    record.begin()
    assert record.running == 2
    record.told(ONE._replace(pieces=[b'{"usage":{"prompt_tokens":3}}']))
    assert record.running == 1
    record.settle()
    assert tally.numbers.tokens == {("s", "m", "prompt"): 3}


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_of_what_is_kept_for_a_moment_no_long_answer_is_a_part(size: int) -> None:
    tally = Tally()
    record = Record(None, tally)
    answer = b'{"a": "%b", "usage":{"prompt_tokens":3}}' % (b"x" * size)
    for _ in range(KEPT_REQUESTS - 1):
        record.begin()
        record.told(ONE._replace(pieces=[answer]))
    assert tally.numbers.requests == {}
    assert sum(len(piece) for one, _, _ in record._kept for piece in one.pieces) < KEPT_REQUESTS * KEPT_BYTES
    record.begin()
    record.told(ONE._replace(pieces=[b"data: a", answer]))
    assert tally.numbers.tokens == {("s", "m", "prompt"): 3 * KEPT_REQUESTS}


def test_what_is_kept_is_counted_within_a_moment() -> None:
    tally = Tally()
    record = Record(None, tally)

    async def one() -> None:
        record.begin()
        record.told(ONE)
        assert tally.numbers.requests == {}
        await asyncio.sleep(KEPT_SECONDS)

    run(one())
    assert sum(tally.numbers.requests.values()) == 1


def get(port: int, path: str = "/metrics", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, b""


def test_a_port_of_loopback_tells_them_without_a_key() -> None:
    tally = Tally()
    tally.count(ONE, NONE)
    server = MetricsServer(0, alone(tally).last_told)
    try:
        port = server.server_address[1]
        status, body = get(port)
        assert (status, b'one_adapter_requests_total{end="answered"' in body) == (200, True)
        status, body = get(port, accept="application/openmetrics-text")
        assert (status, body.endswith(b"# EOF\n")) == (200, True)
        assert get(port, "/else")[0] == 404
        assert get(port, host="a-page.example:80")[0] == 404
        assert server.server_address[0] == "127.0.0.1"
        with pytest.raises(OSError, match=str(os.strerror(errno.EADDRINUSE))):
            MetricsServer(port, alone(tally).last_told)
    finally:
        server.shutdown()
        server.server_close()


def test_the_times_of_two_workers_add_up() -> None:
    one, two = Tally(), Tally()
    one.count(ONE, NONE)
    two.count(ONE._replace(total=3.0), NONE)
    one.numbers.add(two.numbers)
    (seconds,) = one.numbers.seconds.values()
    assert seconds.sum == pytest.approx(3.2)
    assert sum(seconds.counts) == 2
