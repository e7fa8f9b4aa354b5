"""What the operator reads of a call that failed: one line, and nothing of one that did not."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from doorway import (
    CHAT,
    Behaviour,
    Caller,
    Way,
    begin_stream,
    deployment,
    fine,
    litellm,
    loaded_of,
    pool,
    whole,
)
from virtual import run

from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.host.failures import LoggedDoor, install, is_worth_telling
from one_adapter.runtime.redaction import known


class Lines(logging.Handler):
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged of calls, line by line."""
    log, handler = logging.getLogger("one_adapter.calls"), Lines()
    log.addHandler(handler)
    yield handler.told
    log.removeHandler(handler)


def call(behave: Behaviour = fine, body: Any = CHAT, path: str = "/v1/chat/completions", **more: Any) -> int:
    loaded = loaded_of(deployment(service="openai-1", timeout=3))
    status, _, _ = run(Caller(LoggedDoor(litellm, lambda: loaded, [Way(behave)]))("POST", path, body, **more))
    return status


def refusing(status: int, words: str) -> Behaviour:
    async def behave(*_: Any) -> None:
        raise Refusal(status, words, "upstream")

    return behave


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_a_failed_call_is_one_line_with_key_model_service_status_and_reason(
    path: str, lines: list[str]
) -> None:
    assert call(refusing(429, "Quota of the vendor is used up."), {**CHAT, "input": "x"}, path) == 429
    kind = {"/v1/chat/completions": "chat"}.get(path, path[4:])
    (line,) = lines
    assert line == f"429 {kind} m (key CLIENT, service openai-1): Quota of the vendor is used up."


def test_where_a_service_has_several_keys_the_one_that_was_asked_last_is_named(lines: list[str]) -> None:
    loaded = loaded_of(*pool(2, service="openai-1"))
    caller = Caller(LoggedDoor(litellm, lambda: loaded, [Way(refusing(503, "busy"))]))
    assert run(caller("POST", "/v1/chat/completions", CHAT))[0] == 503
    (line,) = lines
    assert line.startswith("503 chat m (key CLIENT, service openai-1 key-2): busy")


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ([503], "200 chat m (key CLIENT, service s key-2): answered (before it failed: key-1 with 503)"),
        ([401, 500, 404], "404 chat m (key CLIENT, service s key-3): no"),
    ],
)
def test_a_key_that_another_one_stood_in_for_is_named(
    statuses: list[int], told: str, lines: list[str]
) -> None:
    left = list(statuses)

    async def behave(_request: Request, send: Any) -> None:
        if left:
            raise Refusal(left.pop(0), "no")
        await whole(send)

    loaded = loaded_of(*pool(3))
    caller = Caller(LoggedDoor(litellm, lambda: loaded, [Way(behave)]))
    run(caller("POST", "/v1/chat/completions", CHAT))
    (line,) = lines
    assert line.startswith(told)
    assert len(statuses) == 1 or line.endswith("(before it failed: key-1 with 401, key-2 with 500)")


def test_an_answer_is_no_line(lines: list[str]) -> None:
    assert call() == 200
    assert lines == []


def test_a_client_that_leaves_is_no_failure(lines: list[str]) -> None:
    async def slow(*_: Any) -> None:
        await asyncio.sleep(2)

    call(slow, leave=1)
    assert lines == []


def test_a_call_that_takes_too_long_is_one_line(lines: list[str]) -> None:
    async def slow(*_: Any) -> None:
        await asyncio.sleep(9)

    assert call(slow) == 504
    assert lines == ["504 chat m (key CLIENT, service openai-1): The upstream did not answer in time."]


def test_a_stream_that_breaks_off_is_one_line_though_its_status_was_200(lines: list[str]) -> None:
    async def breaks(_request: Request, send: Any) -> None:
        await begin_stream(send, b"data: {}\n\n")
        raise Refusal(502, "gone", "upstream")

    assert call(breaks) == 200
    assert lines == ["200 chat m (key CLIENT, service openai-1): the answer broke off"]


def test_a_stream_that_outlasts_its_time_is_one_line(lines: list[str]) -> None:
    async def slow(_request: Request, send: Any) -> None:
        await begin_stream(send, b"data: {}\n\n")
        await asyncio.sleep(9)

    assert call(slow) == 200
    (line,) = lines
    assert line.endswith("): the answer took longer than the service's timeout")


def test_what_never_reaches_a_service_names_what_is_known(lines: list[str]) -> None:
    assert call(key="sk-wrong") == 401
    assert call(body={**CHAT, "model": "nobody"}) == 400
    assert call(body=b"no json") == 400
    assert [line.partition("):")[0] for line in lines] == [
        "401 chat (no key of ours",
        "400 chat nobody (key CLIENT",
        "400 chat (key CLIENT",
    ]


def test_a_reason_stays_one_short_line_without_secrets(lines: list[str]) -> None:
    known.learn(["sk-of-the-vendor"])
    call(refusing(500, "sk-of-the-vendor\n2026-01-01 forged\x1b[31m " + "x" * 900))
    (line,) = lines
    assert "sk-of-the-vendor" not in line
    assert not any(sign in line for sign in "\n\x1b")
    assert len(line) < 400


def test_an_answer_that_is_no_error_object_is_quoted(lines: list[str]) -> None:
    async def page(_request: Request, send: Any) -> None:
        await whole(send, 502, b"<html>Bad gateway")

    assert call(page) == 502
    assert lines == ["502 chat m (key CLIENT, service openai-1): <html>Bad gateway"]


def test_other_routes_are_not_logged(lines: list[str]) -> None:
    loaded = loaded_of()
    status, text, _ = run(Caller(LoggedDoor(litellm, lambda: loaded, []))("GET", "/v1/models/nobody"))
    assert (status, "error" in json.loads(text)) == (404, True)
    assert lines == []


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "LiteLLM Proxy", "msg": text, "levelno": logging.ERROR})


def test_litellms_traceback_of_the_same_call_is_not_logged_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logger = logging.getLogger("LiteLLM Proxy")
    text = "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - %s"
    monkeypatch.setattr(logger, "level", logging.WARNING)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    assert not is_worth_telling(record(text))
    assert is_worth_telling(record("litellm.proxy.proxy_server.get_config(): Exception occured - %s"))
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    assert is_worth_telling(record(text))


def test_a_warning_that_does_not_hold_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    budgets = "custom_auth is configured but 'custom_auth_run_common_checks' is not set."
    assert not is_worth_telling(record(budgets))
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/d")
    assert is_worth_telling(record(budgets)), "with a database there are budgets that are not enforced"
    assert not is_worth_telling(record("trusted_proxy_ranges is not set or not a valid list"))


@pytest.mark.proxy
def test_it_is_installed_once() -> None:
    from litellm._logging import verbose_proxy_logger

    calls = logging.getLogger("one_adapter.calls")
    before, propagates = [*calls.handlers], calls.propagate
    try:
        install(quiet=True)
        install(quiet=True)
        assert len(calls.handlers) == 1
        assert verbose_proxy_logger.filters.count(is_worth_telling) == 1
    finally:
        verbose_proxy_logger.removeFilter(is_worth_telling)
        calls.handlers, calls.propagate = before, propagates
