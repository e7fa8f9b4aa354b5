from __future__ import annotations

import pytest

from one_adapter.dialect import DIALECTS, V0_10, V0_12, Dialect
from one_adapter.runtime.gateway.outcome import Outcome, is_answer, of_status

BOTH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_in_0_10_what_the_client_did_wrong_speaks_for_the_upstream(status: int) -> None:
    assert of_status(status, V0_10) is Outcome.CLIENT_FAULT
    assert of_status(status, V0_10).verdict(V0_10) is True


@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 418, 422, 425])
def test_in_0_12_what_the_client_did_wrong_says_nothing_of_the_upstream(status: int) -> None:
    assert of_status(status, V0_12) is Outcome.CLIENT_FAULT
    assert of_status(status, V0_12).verdict(V0_12) is None


@pytest.mark.parametrize("status", [402, 405, 408, 418, 429])
def test_in_0_10_all_others_speak_against_the_upstream(status: int) -> None:
    assert of_status(status, V0_10).verdict(V0_10) is False


@pytest.mark.parametrize("status", [401, 403, 408, 409, 429])
def test_in_0_12_what_another_key_may_not_have_speaks_against_the_upstream(status: int) -> None:
    assert of_status(status, V0_12).verdict(V0_12) is False


@BOTH
@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_what_the_upstream_could_not_do_speaks_against_it(status: int, dialect: Dialect) -> None:
    assert of_status(status, dialect).verdict(dialect) is False


@BOTH
@pytest.mark.parametrize("status", [200, 201, 302])
def test_an_answer_speaks_for_it(status: int, dialect: Dialect) -> None:
    assert of_status(status, dialect) is Outcome.ANSWERED
    assert Outcome.ANSWERED.verdict(dialect) is True


def test_a_client_that_left_and_a_request_that_never_arrived_say_nothing_of_the_upstream() -> None:
    assert [one for one in Outcome if one.verdict(V0_10) is None] == [Outcome.LEFT, Outcome.REFUSED]
    assert Outcome.EXPIRED.verdict(V0_10) is False
    assert len({one.value for one in Outcome}) == len(Outcome)


def test_in_0_12_a_timeout_says_nothing_either() -> None:
    silent = [one for one in Outcome if one.verdict(V0_12) is None]
    assert silent == [Outcome.CLIENT_FAULT, Outcome.EXPIRED, Outcome.LEFT, Outcome.REFUSED]


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[" * 100_000, b"[]", b"{}", b'{"error": {"code": 1}}'])
def test_what_says_nothing_or_an_error_is_no_answer(raw: bytes) -> None:
    assert not is_answer(raw)


def test_an_object_without_an_error_is_an_answer() -> None:
    assert is_answer(b'{"choices": [], "error": null}')
