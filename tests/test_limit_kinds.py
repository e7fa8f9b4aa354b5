"""Each kind of limit is known wherever one has to be: what a new word in the contract asks of the rooms.

Where a kind is new, these fail one after another until it is read, counted, told and tried everywhere.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from configurations import openai, plan, service

from one_adapter.contract import LIMIT_KINDS
from one_adapter.export.formatting import limit_words
from one_adapter.plan.division import divided
from one_adapter.plan.types import LimitPolicy, Plan
from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.settings import Limit
from one_adapter.runtime.gateway.usage import Usage
from one_adapter.runtime.shared.holding import share_of
from one_adapter.runtime.shared.waiting import chain_of
from one_adapter.verify.playing.headroom import Room
from one_adapter.verify.playing.limits import TESTS

ROOT = Path(__file__).resolve().parent.parent
EVERY_KIND = pytest.mark.parametrize("kind", LIMIT_KINDS)


def limited(kind: str, number: int) -> Plan:
    """A plan whose only service has one limit of a kind."""
    return plan(openai(service("m", limit={kind: number})))


@pytest.mark.parametrize("form", [Limit, LimitPolicy])
def test_the_exported_word_is_a_field_of_what_is_decided_and_of_what_the_proxy_reads(form: Any) -> None:
    assert [one.name for one in fields(form)] == [*LIMIT_KINDS, "wait_seconds"]


@EVERY_KIND
def test_a_kind_is_read_from_the_old_file(kind: str) -> None:
    (found,) = limited(kind, 8).services[0].limits
    assert found.numbers == {kind: 8, "wait_seconds": found.wait_seconds}


@EVERY_KIND
def test_workers_that_share_nothing_divide_it(kind: str) -> None:
    (found,) = divided(limited(kind, 8), 2).services[0].limits
    assert found.numbers[kind] == 4


@EVERY_KIND
def test_a_report_tells_it_in_words(kind: str) -> None:
    assert "8" in limit_words(LimitPolicy(**{kind: 8}))


@EVERY_KIND
def test_after_one_request_the_next_has_to_wait_for_a_limit_of_one(kind: str) -> None:
    usage = Usage(Layer("service", Limit(**{kind: 1.0})))
    assert usage.delay(0.0, cost=1) == 0
    usage.book(0.0, cost=1)
    assert usage.delay(0.0, cost=1) > 0


@EVERY_KIND
def test_what_redis_is_told_of_a_limit_has_its_number(kind: str) -> None:
    ((_, *numbers, _, _, _),) = json.loads(chain_of([Layer("service", Limit(**{kind: 8.0}))]).text)
    assert sorted(numbers) == [*[0] * (len(LIMIT_KINDS) - 1), 8]


@EVERY_KIND
def test_a_worker_without_redis_keeps_its_part(kind: str) -> None:
    assert getattr(share_of(Layer("service", Limit(**{kind: 8.0})), 2).limit, kind) == 4


@EVERY_KIND
def test_a_comparison_tries_it_and_makes_room_for_its_questions(kind: str) -> None:
    assert kind in TESTS
    assert Room(limited(kind, 8).services[0]).has_limit


@EVERY_KIND
def test_the_page_about_the_exported_file_names_it(kind: str) -> None:
    page = (ROOT / "docs" / "model-info.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{kind}\b", page)
