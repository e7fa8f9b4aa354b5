"""The threads of a comparison, and what an interruption or a fault of ours leaves."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from one_adapter.verify.servers.client import Answer
from one_adapter.verify.servers.jobs import EndedError, work
from one_adapter.verify.servers.judge import ROUNDS, STEADY_ROUNDS, UNSTEADY_ROUNDS
from one_adapter.verify.servers.samples import FIRST, NEW, OLD, Asked, is_busy, settle


def asked(statuses: dict[str, Iterator[int]], probe: str = "whole") -> Asked:
    """A probe whose sides answer with these statuses, one after another."""
    return Asked(
        probe, "m", lambda side: Answer(next(statuses[side])), lambda answer: {"status": answer.status}
    )


def forever(status: int) -> Iterator[int]:
    while True:
        yield status


def test_jobs_are_done_and_their_steps_counted() -> None:
    shown: list[tuple[int, int]] = []
    jobs = [[asked({OLD: forever(200), NEW: forever(200)})] for _ in range(5)]

    def do(job: Sequence[Asked], order: random.Random) -> Iterator[None]:
        job[0].go(FIRST, order)
        yield

    assert work(jobs, do, 2, lambda *how_far: shown.append(how_far))
    assert shown == [(count, 5) for count in range(1, 6)]
    assert all(job[0].is_whole for job in jobs)


def test_a_fault_of_ours_is_not_taken_for_an_answer() -> None:
    def do(_job: Sequence[Asked], _order: random.Random) -> Iterator[None]:
        raise RuntimeError("a fault")
        yield

    with pytest.raises(RuntimeError, match="a fault"):
        work([[asked({})]], do, 1, lambda *_: None)


def test_the_end_of_requests_ends_a_job_and_the_others_find_out_by_themselves() -> None:
    done: list[int] = []

    def do(job: Sequence[Asked], _order: random.Random) -> Iterator[None]:
        done.append(len(job))
        raise EndedError
        yield

    assert work([[asked({})], [asked({})] * 2], do, 1, lambda *_: None)
    assert done == [1, 2]


def test_an_interruption_while_it_is_shown_ends_the_work() -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    def do(_job: Sequence[Asked], _order: random.Random) -> Iterator[None]:
        yield

    assert not work([[asked({})]], do, 1, interrupted)


def test_a_difference_that_could_not_be_asked_again_is_not_compared() -> None:
    probe = asked({OLD: forever(404), NEW: forever(400)})
    probe.go(FIRST, random.Random())
    (check,) = probe.checks(is_exact=False, is_shown=False)
    assert (check.outcome, check.difference) == ("not compared", "not asked again: status 400 instead of 404")
    settle([probe], random.Random(), is_exact=False)
    assert len(probe.answers[NEW]) == ROUNDS
    assert [check.outcome for check in probe.checks(is_exact=False, is_shown=False)] == ["different"]


def test_a_difference_that_only_some_of_a_names_probes_show_takes_more_answers() -> None:
    plain = asked({OLD: forever(404), NEW: forever(404)}, "stream")
    odd = asked({OLD: forever(404), NEW: forever(400)})
    for probe in (plain, odd):
        probe.go(FIRST, random.Random())
    settle([plain, odd], random.Random(), is_exact=False)
    assert (len(plain.answers[NEW]), len(odd.answers[NEW])) == (1, STEADY_ROUNDS)


def test_a_difference_takes_most_answers_where_the_old_side_wavers_in_another_probe() -> None:
    wavering = asked({OLD: iter([404, 400]), NEW: forever(400)}, "stream")
    odd = asked({OLD: forever(404), NEW: forever(400)})
    for probe in (wavering, odd):
        probe.go(FIRST, random.Random())
    settle([wavering, odd], random.Random(), is_exact=False)
    assert (len(wavering.answers[NEW]), len(odd.answers[NEW])) == (1, UNSTEADY_ROUNDS)


def test_a_difference_that_goes_away_when_it_is_asked_again_is_none() -> None:
    probe = asked({OLD: forever(404), NEW: iter([400, 404])})
    probe.go(FIRST, random.Random())
    settle([probe], random.Random(), is_exact=False)
    assert [check.outcome for check in probe.checks(is_exact=False, is_shown=False)] == ["same"]


def test_what_the_old_side_wavers_about_is_told_where_the_new_side_is_as_it_never_was() -> None:
    probe = asked({OLD: iter([400, 404]), NEW: iter([403])})
    probe.go(FIRST, random.Random())
    probe.answers[NEW].append({"status": 402})
    probe.answers[NEW].append({"status": 403})
    (check,) = probe.checks(is_exact=False, is_shown=False)
    assert (check.outcome, check.aspect) == ("unsteady", "status")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (forever(200), iter([500, 500, 500, 200])),
        (iter([200, 200, 200, 503, 200]), forever(503)),
        (forever(200), iter([502, 502, 429, 502])),
    ],
    ids=["the new side answers at last", "the old side fails too", "it may be a limit"],
)
def test_a_failure_that_may_be_chance_is_not_compared(old: Iterator[int], new: Iterator[int]) -> None:
    probe = asked({OLD: old, NEW: new})
    while not probe.failures[NEW]:
        probe.go(FIRST, random.Random(1))
    probe.ask_failed(random.Random(1))
    (check,) = probe.checks(is_exact=False, is_shown=False)
    assert check.outcome == "not compared"


@pytest.mark.parametrize("status", [0, 429, 500, 502])
def test_a_busy_side_is_not_asked_again(status: int) -> None:
    asks: list[str] = []

    def ask(side: str) -> Answer:
        asks.append(side)
        return Answer(status, trouble="" if status else "no answer")

    probe = Asked("whole", "m", ask, lambda _: {})
    probe.go(FIRST, random.Random())
    probe.go(FIRST, random.Random())
    assert len(asks) == 1
    assert is_busy(Answer(status, trouble="" if status else "no answer"))
    (check,) = probe.checks(is_exact=False, is_shown=False)
    assert check.outcome == "not compared"
