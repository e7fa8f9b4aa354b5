"""A line of the access log is one JSON object of bounded length: no secret, nothing that moves a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from one_adapter.runtime.record.access_log import LINE_BYTES, line
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens
from one_adapter.runtime.redaction import known

AT = 1_795_680_000.25


def told(one: Finished, tokens: Tokens = Tokens(), worker: int | None = None) -> dict[str, Any]:  # noqa: B008
    raw = line(one, tokens, AT, worker)
    assert raw.endswith(b"}\n")
    assert raw.count(b"\n") == 1
    assert len(raw) <= LINE_BYTES
    found: dict[str, Any] = json.loads(raw)
    return found


def test_a_line_tells_everything_that_is_known_of_a_request() -> None:
    one = Finished(
        *("chat", 2.5, 200, "answered", "a-name", "fcbd5fa622e5", "SOA_CLIENT_KEY_1", "gpt-4o", "gpt-4o"),
        *(True, "openai-1", "k2", "relay", 200, (("k1", 429),), 0.5, 0.25, 1.75),
    )
    assert told(one, Tokens(5, 2, 7), worker=3) == {
        "time": "2026-11-26T07:59:57.750Z",
        "id": "a-name",
        "key": "fcbd5fa622e5",
        "key_name": "SOA_CLIENT_KEY_1",
        "model": "gpt-4o",
        "kind": "chat",
        "stream": True,
        "service": "openai-1",
        "credential": "k2",
        "way": "relay",
        "status": 200,
        "upstream_status": 200,
        "tries": [{"credential": "k1", "status": 429}],
        "waited_ms": 500.0,
        "first_ms": 250.0,
        "upstream_ms": 1750.0,
        "total_ms": 2500.0,
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "total_tokens": 7,
        "end": "answered",
        "worker": 3,
    }


def test_what_was_not_there_is_null() -> None:
    found = told(Finished("chat", 0.001, 401))
    assert {name for name, value in found.items() if value is None} == {
        *("id", "key", "key_name", "model", "service", "credential", "upstream_status", "first_ms"),
        *("prompt_tokens", "completion_tokens", "total_tokens"),
    }
    assert "worker" not in found
    assert told(Finished("chat", 1.0, 0, "left"))["status"] is None


@pytest.mark.parametrize(
    "name", ["a\nb", 'a"b\\', "\x1b[31m", "\x9b31m", "‮gnp", "通义千问", "\ud83d", "\x00"]
)
def test_a_name_that_a_client_made_up_is_written_out_where_it_is_no_text(name: str) -> None:
    one = Finished("chat", 0.0, 400, model=name)
    assert told(one)["model"] == name
    raw = line(one, Tokens(), AT)
    assert raw.decode().rstrip("\n").isprintable()


def test_a_long_name_is_cut() -> None:
    assert told(Finished("chat", 0.0, 400, model="x" * 100_000))["model"] == "x" * 200 + "…"


def test_a_secret_in_a_name_is_not_told() -> None:
    known.learn(["sk-of-the-line-test"])
    found = told(Finished("chat", 0.0, 400, model="x" * 190 + "sk-of-the-line-test"))
    assert found["model"] == "x" * 190 + "***"


@pytest.mark.parametrize("sign", ["x", "通", "\x07", "\U0001f600", "\U000e0001"])
def test_a_line_of_the_longest_names_can_still_be_written_in_one_piece(sign: str) -> None:
    long = sign * 5000
    one = Finished(
        *("responses", 99999.9, 504, "upstream_fault", "n" * 36, "f" * 12, "K" * 200, long, "", True, long),
        *(long, "litellm", 503, ((long, 503),) * 1000, 99999.9, 99999.9, 99999.9),
    )
    found = told(one, Tokens(1 << 52, 1 << 52, 1 << 52), 1000)
    assert found["service"].startswith(sign * 40)
    assert len(found["tries"]) in (2, 8)
