"""Two servers compared: each planted change is named, and nothing else; without one they are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from gateways import KEY, Gateway, Ways, running
from hypothesis import settings

from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.output.as_text import as_text
from one_adapter.verify.result import Verification
from one_adapter.verify.servers.client import server_at
from one_adapter.verify.servers.session import compare_servers

pytestmark = pytest.mark.proxy

#: As often as chance is tried: 20 times where nobody is in a hurry.
TIMES = settings().max_examples // 5
CHAT = ("whole", "stream", "tools", "tool stream", "responses", "messages")
LONG = "an answer that is long enough for several pieces"
HERE = [("https://api.example/v1", "upstream-model", "...cret")]
ECHO = Ways(names=("alias", "plain"), is_echo=True, upstreams={"alias": HERE, "plain": HERE})


@contextmanager
def both(old: Ways, new: Ways) -> Iterator[tuple[Gateway, Gateway]]:
    with running(old) as first, running(new) as second:
        yield first, second


def compare(old: Ways, new: Ways, key: str = KEY, **wish: Any) -> Verification:
    with both(old, new) as (first, second):
        wanted = VerifyOptions(has_agreed=True, **{"max_requests": 2_000, **wish})
        return compare_servers(
            server_at(first.url, old.key and key), server_at(second.url, new.key and key), wanted
        )


def told(verification: Verification, outcome: str = "different") -> set[tuple[str, str, str]]:
    """(model, probe, aspect) of the checks with an outcome."""
    return {
        (check.model, check.probe, check.aspect) for check in verification.checks if check.outcome == outcome
    }


def about(aspect: str, *probes: str, model: str = "m") -> set[tuple[str, str, str]]:
    return {(model, probe, aspect) for probe in probes}


ONE = Ways(names=("m",))
PLANTED: dict[str, tuple[Ways, Ways, set[tuple[str, str, str]]]] = {
    "a finish reason is missing": (ONE, replace(ONE, has_finish=False), about("finish reason", *CHAT)),
    "tool calls are dropped": (
        ONE,
        replace(ONE, has_tools=False),
        about("tool calls", "tools", "tool stream"),
    ),
    "usage is lost": (ONE, replace(ONE, has_usage=False), about("usage", *CHAT)),
    "usage is of zeros": (ONE, replace(ONE, is_usage_zero=True), about("usage", *CHAT)),
    "usage of embeddings is of zeros": (
        Ways(names=("bge-m3",)),
        Ways(names=("bge-m3",), is_usage_zero=True),
        about("usage", "embeddings", model="bge-m3"),
    ),
    "arguments of tools are objects": (
        ONE,
        replace(ONE, calls_as="object"),
        about("tool calls", "tools", "tool stream"),
    ),
    "calls of tools have no id": (
        ONE,
        replace(ONE, calls_as="no id"),
        about("tool calls", "tools", "tool stream"),
    ),
    "answers say nothing": (
        replace(ONE, has_tools=False),
        replace(ONE, has_tools=False, says=" "),
        about("text", *CHAT[:4]) | about("stream", "responses", "messages"),
    ),
    "answers come twice": (ONE, replace(ONE, choices=2), about("choices", *CHAT[:4])),
    "answers call themselves otherwise": (
        ONE,
        replace(ONE, object_word="text_completion"),
        about("kinds", *CHAT[:4]),
    ),
    "reasoning is lost": (
        replace(ONE, reasoning="it is so"),
        ONE,
        about("reasoning", *CHAT[:4]),
    ),
    "a stream has no end": (ONE, replace(ONE, has_done=False), about("stream", "stream", "tool stream")),
    "a stream is none": (
        ONE,
        replace(ONE, is_streaming=False),
        about("content type", "stream", "tool stream"),
    ),
    "a system message is lost": (ONE, replace(ONE, is_system_lost=True), about("prompt tokens", *CHAT)),
    "the first piece is five times slower": (
        replace(ONE, delay=0.06, has_more_routes=False),
        replace(ONE, delay=0.3, has_more_routes=False),
        about("first piece", "stream", "tool stream"),
    ),
    "an unknown name has another status": (
        ONE,
        replace(ONE, unknown_status=404),
        about("status", "unknown model", model=""),
    ),
    "a wrong key has another status": (
        ONE,
        replace(ONE, wrong_key_status=403),
        about("status", "wrong key", "no key", "list without key", model=""),
    ),
    "a key is lost upstream": (ONE, replace(ONE, status={"m": 401}), about("status", *CHAT)),
    "answers name another model": (ONE, replace(ONE, answers_as="other"), about("model", *CHAT)),
    "a field is new": (ONE, replace(ONE, extra={"note": "x"}), about("fields", "whole", "tools")),
    "a field is lost": (replace(ONE, extra={"note": "x"}), ONE, about("fields", "whole", "tools")),
    "errors have another class": (
        ONE,
        replace(ONE, error_type="auth_error"),
        about("error", "wrong key", "no key", "list without key", "unknown model", model=""),
    ),
    "streams come in one piece": (
        replace(ONE, says=LONG),
        replace(ONE, says=LONG, piece_chars=0),
        about("pieces", "stream", "responses", "messages"),
    ),
    "the client's message is changed": (
        ECHO,
        replace(ECHO, message="something else"),
        {(name, probe, "upstream message") for name in ECHO.names for probe in CHAT},
    ),
    "a system message is lost on the way to an echo": (
        ECHO,
        replace(ECHO, is_system_lost=True, has_usage=False),
        {
            (name, probe, aspect)
            for name in ECHO.names
            for aspect, probes in (("usage", CHAT), ("upstream roles", CHAT[:4]))
            for probe in probes
        },
    ),
    "tools are lost on the way to an echo": (
        ECHO,
        replace(ECHO, are_tools_kept=False),
        {(name, probe, "upstream tools") for name in ECHO.names for probe in ("tools", "tool stream")},
    ),
    "vectors are shorter": (
        Ways(names=("bge-m3",)),
        Ways(names=("bge-m3",), dimensions=4),
        about("vectors", "embeddings", model="bge-m3"),
    ),
    "a name is missing in the list": (
        Ways(names=("m", "n")),
        ONE,
        about("listed", "models list", model="n"),
    ),
    "a name is new in the list": (ONE, Ways(names=("m", "n")), about("listed", "models list", model="n")),
    "a route is missing": (
        ONE,
        replace(ONE, has_more_routes=False),
        about("route", "responses", "messages", model=""),
    ),
    "an alias leads elsewhere": (
        ECHO,
        replace(ECHO, upstreams={"alias": [("https://b.example/v1", "b", "...bbbb")], "plain": HERE}),
        about("upstream", "upstream", model="alias"),
    ),
    "another upstream is asked": (
        ECHO,
        replace(ECHO, upstreams={"alias": [("https://b.example/v1", *HERE[0][1:])], "plain": HERE}),
        about("upstream", "upstream", model="alias"),
    ),
    "another model is asked for": (
        ECHO,
        replace(ECHO, upstreams={"alias": [(HERE[0][0], "other", "...cret")], "plain": HERE}),
        about("upstream", "upstream", model="alias"),
    ),
    "another key is used": (
        ECHO,
        replace(ECHO, upstreams={"alias": [(*HERE[0][:2], "...else")], "plain": HERE}),
        about("upstream", "upstream", model="alias"),
    ),
}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_a_planted_change_is_named_and_nothing_else(planted: str) -> None:
    old, new, expected = PLANTED[planted]
    found = compare(old, new)
    assert told(found) == expected, as_text(found)
    assert {check.outcome for check in found.checks} <= {"different", "same"}, as_text(found)
    assert found.exit_code == 1


RANDOM = [
    Ways(names=("通义千问", "text-embedding-v3")),
    Ways(names=("m",), is_prompt_counted=False),
    replace(ECHO, upstreams={"alias": HERE * 2, "plain": HERE}),
]


@pytest.mark.parametrize("ways", RANDOM, ids=["words", "words-and-counts", "echo"])
def test_servers_that_are_random_in_text_length_and_pieces_are_the_same_each_time(ways: Ways) -> None:
    with both(ways, ways) as (first, second):
        for _ in range(TIMES):
            wanted = VerifyOptions(has_agreed=True, max_requests=2_000)
            found = compare_servers(server_at(first.url, KEY), server_at(second.url, KEY), wanted)
            assert {check.outcome for check in found.checks} == {"same"}, as_text(found)
            assert (found.exit_code, found.verdict) == (0, "The same.")


def test_a_share_of_50_that_turned_into_70_is_told_where_an_echo_shows_it_and_requests_are_left() -> None:
    other = ("https://b.example/v1", "b", "...bbbb")
    half = replace(ECHO, names=("alias",), upstreams={"alias": [*HERE, other]}, shares=(0.5, 0.5))
    found = compare(half, replace(half, shares=(0.7, 0.3)), max_requests=3_000)
    assert told(found) == about("upstream", "upstream", model="alias"), as_text(found)
    assert "the shares are not the same" in as_text(found)
    assert sum(found.asked.values()) <= 3_000


def test_two_upstreams_in_equal_shares_are_the_same_and_one_of_them_alone_is_not() -> None:
    other = ("https://b.example/v1", "b", "...bbbb")
    shared = replace(ECHO, names=("alias",), upstreams={"alias": [*HERE, other]})
    for most in (100, 100, 100, 600):
        found = compare(shared, shared, max_requests=most)
        assert told(found) == set(), as_text(found)
    renamed = replace(shared, upstreams={"alias": [*HERE, ("https://b.example/v1", "b", "...cccc")]})
    lines = as_text(compare(shared, renamed, max_requests=600))
    assert "upstream: key ...cccc instead of ...bbbb" in lines
    alone = replace(shared, upstreams={"alias": [("https://c.example/v1", "c", "...cccc")]})
    assert told(compare(shared, alone, max_requests=100)) == about("upstream", "upstream", model="alias")
