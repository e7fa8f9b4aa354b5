from __future__ import annotations

import pytest

from one_adapter.runtime.gateway.outcome import Outcome, is_answer, of_status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_what_the_client_did_wrong_speaks_for_the_upstream(status: int) -> None:
    assert of_status(status) is Outcome.CLIENT_FAULT
    assert of_status(status).verdict is True


@pytest.mark.parametrize("status", [402, 408, 418, 429, 500, 502, 503, 504, 599])
def test_what_the_upstream_could_not_do_speaks_against_it(status: int) -> None:
    assert of_status(status).verdict is False


@pytest.mark.parametrize("status", [200, 201, 302])
def test_an_answer_speaks_for_it(status: int) -> None:
    assert of_status(status) is Outcome.ANSWERED


def test_a_client_that_left_and_a_request_that_never_arrived_say_nothing_of_the_upstream() -> None:
    silent = [one for one in Outcome if one.verdict is None]
    assert silent == [Outcome.LEFT, Outcome.REFUSED]
    assert Outcome.EXPIRED.verdict is False
    assert len({one.meaning for one in Outcome}) == len(Outcome)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[" * 100_000, b"[]", b"{}", b'{"error": {"code": 1}}'])
def test_what_says_nothing_or_an_error_is_no_answer(raw: bytes) -> None:
    assert not is_answer(raw)


def test_an_object_without_an_error_is_an_answer() -> None:
    assert is_answer(b'{"choices": [], "error": null}')
