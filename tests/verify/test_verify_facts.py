"""The fingerprint of an answer, where the servers of the other tests do not go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from one_adapter.verify.servers.client import Answer
from one_adapter.verify.servers.facts import facts_of
from one_adapter.verify.servers.fields import PATHS, fields_of
from one_adapter.verify.servers.judge import Finding, differences
from one_adapter.verify.servers.probes import CHAT_PROBES, MESSAGES, RESPONSES, Probe
from one_adapter.verify.servers.upstreams import chance

WHOLE, STREAM, _, TOOL_STREAM = CHAT_PROBES


def streamed(probe: Probe, *events: Any) -> dict[str, Any]:
    texts = tuple(each if isinstance(each, str) else json.dumps(each) for each in events)
    moments = tuple(0.1 * count for count in range(1, len(texts) + 1))
    return facts_of(Answer(200, "text/event-stream", {}, None, texts, moments), probe, "m")


def whole(body: Any, status: int = 200) -> dict[str, Any]:
    return facts_of(Answer(status, "application/json", {}, body), WHOLE, "m")


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"delta": delta, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("events", "form"),
    [
        ([chunk(role="assistant"), chunk(content="a"), chunk("stop"), "[DONE]"], "in order [DONE]"),
        ([chunk(reasoning_content="a"), chunk(content="b"), chunk("stop"), "[DONE]"], "in order [DONE]"),
        ([chunk("stop", content="a"), {"choices": [], "usage": {"x": 1}}, "[DONE]"], "in order [DONE]"),
        ([chunk("stop"), chunk(content="late"), "[DONE]"], "finish content [DONE]"),
        ([chunk(content="a"), {"error": {"message": "no"}}, "[DONE]"], "content error [DONE]"),
        ([chunk(content="a"), '{"cut', "[DONE]"], "content broken event [DONE]"),
        ([chunk(content="a"), "[1]", "[DONE]"], "content broken event [DONE]"),
        ([""], "no events no [DONE]"),
    ],
)
def test_the_order_of_a_streams_events_is_told_where_it_is_not_the_protocols(
    events: list[Any], form: str
) -> None:
    assert streamed(STREAM, *events)["stream"] == form


def test_the_first_piece_is_the_first_that_says_something() -> None:
    events = [chunk(role="assistant", content=""), chunk(content=""), chunk(content="a"), chunk("stop")]
    assert streamed(STREAM, *events)["first piece"] == pytest.approx(0.3)
    assert "first piece" not in streamed(STREAM, chunk(role="assistant"), chunk("stop"))


def test_tool_calls_of_a_stream_are_put_together_and_odd_ones_do_no_harm() -> None:
    calls = [
        {"index": 1, "id": "1", "function": {"name": "b", "arguments": '{"x"'}},
        {"index": 1, "function": {"arguments": ": 1}"}},
        {"function": {"name": "a"}},
        {"index": 2, "id": "2", "function": {"name": "c", "arguments": {"y": 1}}},
        {"function": None},
        "odd",
    ]
    events = [chunk(tool_calls=[call]) for call in calls]
    assert streamed(TOOL_STREAM, *events, "odd", "[DONE]")["tool calls"] == [
        "a(no JSON) without an id",
        "b(x)",
        "c(y) with arguments that are no text",
    ]


def test_pings_and_how_an_ordinary_end_is_called_make_no_difference() -> None:
    start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 9}}}
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}
    ends = [{"type": "message_delta", "delta": {"stop_reason": word}} for word in ("end_turn", "max_tokens")]
    plain = streamed(MESSAGES, start, delta, ends[0])
    pinged = streamed(MESSAGES, start, {"type": "ping"}, delta, ends[1])
    assert differences([plain], [pinged]) == ()
    created = {"type": "response.created", "response": {"status": "in_progress"}}
    whole_ends = [
        streamed(
            RESPONSES, created, {"type": f"response.{word}", "response": {"status": word}}, "[DONE]", "x"
        )
        for word in ("completed", "incomplete")
    ]
    assert differences(whole_ends[:1], whole_ends[1:]) == ()
    assert whole_ends[0]["finish reason"] == ["an end"]
    assert "broken event" in whole_ends[0]["stream"]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ({"error": {"message": "no", "type": "t", "code": None}}, ["message", "type"]),
        ({"error": "no"}, "a text"),
        ({"detail": "no"}, "no error object"),
        (None, "no JSON"),
    ],
)
def test_an_error_has_a_form_and_a_class_and_no_words(body: Any, form: Any) -> None:
    facts = whole(body, 400)
    assert facts["error"]["form"] == form
    assert "no" not in facts["error"].values()


def test_an_error_in_an_answer_of_200_is_an_error() -> None:
    good = whole({"model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]})
    bad = whole({"error": {"message": "no"}})
    assert [finding.aspect for finding in differences([good, good], [bad, bad])] == ["error"]


@pytest.mark.parametrize("body", [None, [], {"choices": "no list"}, {"choices": ["no object"]}])
def test_an_odd_answer_has_facts_all_the_same(body: Any) -> None:
    assert whole(body)["tool calls"] == []


def test_a_large_answers_form_is_followed_to_a_bound() -> None:
    assert len(fields_of({str(number): 1 for number in range(10 * PATHS)})) == PATHS
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert fields_of(deep) == {"[]" * 12 + " list"}


def test_what_the_old_side_does_not_agree_about_takes_more_answers_to_count() -> None:
    steady = differences([{"status": 400}] * 2, [{"status": 404}])
    wavering = differences([{"status": 400}, {"status": 401}], [{"status": 404}])
    assert [finding.rounds for finding in (*steady, *wavering)] == [2, 8]
    assert differences([{"status": 400}, {"status": 404}], [{"status": 404}]) == ()
    assert differences([{"status": 400}] * 2, [{"status": 404}, {"status": 405}]) == ()


def test_a_field_that_comes_and_goes_is_no_difference_and_several_are_told_in_short() -> None:
    one, other = {"fields": ["a string"]}, {"fields": ["a string", "b string"]}
    assert differences([one, other], [other, other]) == ()
    many = {"fields": [f"f{number} string" for number in range(9)]}
    (found,) = differences([{"fields": []}] * 2, [many, many])
    assert found.sentence == "fields new: f0 string, f1 string, f2 string, f3 string and 5 more"


def test_an_aspect_that_only_one_side_has_is_missing_or_new() -> None:
    def sentence(old: Any, new: Any) -> str:
        (found,) = differences([{"content type": old}], [{"content type": new}])
        assert isinstance(found, Finding)
        return found.sentence

    assert sentence("a", None) == "content type a is missing"
    assert sentence(None, "a") == "content type a is new"
    assert sentence(["a"], ["a", "a"]) == "content type: a, a instead of a"
    assert sentence("a", "b" * 100) == f"content type {'b' * 80}... instead of a"


def test_nothing_is_said_of_upstreams_that_are_not_seen() -> None:
    from collections import Counter

    assert chance({"old": Counter(), "new": Counter({("a",): 9})}) == 1.0


ODD = (None, True, 5, -0.5, "x", "", [], [1], [[1]], [None], [{}], {}, {"a": 1}, {"text": 5})
EVENTS: tuple[dict[str, Any], ...] = (
    {
        "model": "m",
        "choices": [
            {
                "delta": {"role": "assistant", "content": "x", "tool_calls": [{"index": 0, "function": {}}]},
                "message": {"content": "x", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1},
    },
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "message": {"usage": {}}},
    {"type": "content_block_delta", "delta": {"text": "x"}, "stop_reason": "end_turn"},
    {"type": "response.completed", "response": {"status": "completed", "usage": {}}, "status": "x"},
    {"error": {"type": "x", "code": "y"}, "data": [{"embedding": [1.0]}]},
)


def with_one_odd(value: Any) -> Iterator[Any]:
    """A value with each of its parts in turn as no protocol has it."""
    yield from ODD
    if isinstance(value, dict):
        for key, each in value.items():
            yield from ({**value, key: odd} for odd in with_one_odd(each))
    elif isinstance(value, list):
        for odd in with_one_odd(value[0]):
            yield [odd]


@pytest.mark.parametrize("event", EVENTS, ids=["chat", "messages", "piece", "responses", "error"])
def test_no_part_of_an_answer_can_be_so_odd_that_it_has_no_facts(event: dict[str, Any]) -> None:
    for odd in with_one_odd(event):
        for probe in (STREAM, RESPONSES, MESSAGES):
            assert streamed(probe, odd)["status"] == 200
        assert whole(odd)["status"] == 200
        assert whole(odd, 500)["status"] == 500
