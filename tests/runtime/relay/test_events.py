"""Streams on their way to the client: whatever a vendor makes of the form, and wherever it is cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
import responder
from hypothesis import given, settings
from hypothesis import strategies as st

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.relay.events import EVENTS, Events

DONE = "data: [DONE]\n\n"


def chunk(text: str = "hi", **more: Any) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return json.dumps({"id": "c", "model": "up", "choices": [choice], **more}, ensure_ascii=False)


FINISH = json.dumps({"model": "up", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
USAGE = json.dumps({"model": "up", "choices": [], "usage": {"total_tokens": 12}})


def stream(*data: str) -> str:
    return "".join(f"data: {one}\n\n" for one in data)


def passed(
    raw: bytes, *cuts: int, kind: str = "chat", model: str = "mine"
) -> tuple[bytes, Refusal | None, bool]:
    """What the client gets of a stream cut at these places, the fault, and whether it is done."""
    events: Events = EVENTS[kind](model)
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    out = [events.feed(raw[begin:end]) for begin, end in pairwise(places)]
    return b"".join([*out, events.end()]), events.fault, events.done


def chunks(text: str, **more: Any) -> list[dict[str, Any]]:
    """The chunks of a stream that went well."""
    out, fault, _ = passed(text.encode(), **more)
    assert fault is None
    assert out.endswith(DONE.encode())
    return [
        json.loads(one.removeprefix("data: ")) for one in out.decode().split("\n\n")[:-2] if one[:1] == "d"
    ]


def fault(text: str, **more: Any) -> Refusal:
    found = passed(text.encode(), **more)[1]
    assert found is not None
    return found


STREAMS = {
    "plain": stream(chunk("a"), chunk("b"), FINISH, "[DONE]"),
    "CRLF": stream(chunk("通\u2028"), FINISH, "[DONE]").replace("\n", "\r\n"),
    "no space": stream(chunk(), FINISH, "[DONE]").replace("data: ", "data:"),
    "no blank lines": stream(chunk(), FINISH, "[DONE]").replace("\n\n", "\n"),
    "comments": ": OPENROUTER PROCESSING\n\n" + stream(chunk()) + ": ping\n" + stream(FINISH, "[DONE]"),
    "other fields": "id: 1\nevent: x\nretry: 5\n" + stream(chunk(), FINISH, "[DONE]"),
    "usage": stream(chunk(), FINISH, USAGE, "[DONE]"),
    "no DONE": stream(chunk(), FINISH),
    "no last newline": stream(chunk(), FINISH, "[DONE]").rstrip(),
    "several lines": stream(chunk().replace(", ", ",\ndata: "), FINISH, "[DONE]"),
    "early end": stream(chunk()),
    "an error in the middle": stream(chunk(), '{"error": {"message": "full", "code": 429}}'),
    "a named error": "event: error\n" + stream('{"message": "full", "code": "x"}'),
    "a JSON error": '{"error": {"message": "no", "code": "1301"}}',
    "a JSON error on several lines": '{\n  "error": {\n    "message": "no", "code": 400}\n}\n',
    "a page": "<html>\n<body>maintenance</body>\n</html>",
    "words": "upstream connect error\nor disconnect",
    "no JSON": stream(chunk(), '{"a": '),
    "no event": stream(chunk(), "[1]"),
    "nothing": "",
}


class TestWhereItIsCut:
    @pytest.mark.parametrize("text", STREAMS.values(), ids=STREAMS)
    @settings(max_examples=20)
    @given(cuts=st.lists(st.integers(0, 600), max_size=8))
    def test_changes_nothing(self, text: str, cuts: list[int]) -> None:
        raw = text.encode()
        out, fault, done = passed(raw, *cuts)
        expected, expected_fault, expected_done = passed(raw)
        assert (out, done) == (expected, expected_done)
        assert repr(fault) == repr(expected_fault)

    @settings(max_examples=20)
    @given(cuts=st.lists(st.integers(0, 3_000), max_size=8))
    def test_changes_nothing_of_a_response(self, cuts: list[int]) -> None:
        told = [json.dumps(event) for event in responder.events("up", "通 hello")]
        raw = stream(*told).replace("data: ", "event: x\r\ndata:").encode()
        out, fault, done = passed(raw, *cuts, kind="responses")
        assert (fault, done) == (None, True)
        said = [json.loads(line[6:]) for line in out.split(b"\n") if line.startswith(b"data: ")]
        assert said == list(responder.events("mine", "通 hello"))

    def test_byte_for_byte_changes_nothing(self) -> None:
        for text in STREAMS.values():
            raw = text.encode()
            assert passed(raw, *range(len(raw)))[0] == passed(raw)[0]


class TestForms:
    @pytest.mark.parametrize(
        "name", ["plain", "CRLF", "no space", "no blank lines", "comments", "other fields", "no last newline"]
    )
    def test_every_form_of_a_stream_is_passed_on(self, name: str) -> None:
        found = chunks(STREAMS[name])
        assert [one["model"] for one in found] == ["mine"] * len(found)
        assert found[-1]["choices"][0]["finish_reason"] == "stop"

    def test_events_are_ended_by_a_blank_line_and_lines_by_one_sign(self) -> None:
        out, _, _ = passed(STREAMS["CRLF"].encode())
        assert b"\r" not in out
        assert out.count(b"\n\n") == 3

    def test_comments_go_on_where_they_stood(self) -> None:
        out, _, _ = passed(STREAMS["comments"].encode())
        assert out.startswith(b": OPENROUTER PROCESSING\n\ndata: ")
        assert b"\n\n: ping\n\ndata: " in out

    def test_a_chunk_goes_on_as_it_came_but_for_the_model(self) -> None:
        choice = '{"index":0,"delta":{"x":1e2},"logprobs":null}'
        odd = f'{{"id":"c" , "model" : "up","created":1.0,"choices":[{choice}]}}'
        out, _, _ = passed(stream(odd).encode())
        mended = odd.replace('"model" : "up"', '"model":"mine"')
        assert out.decode() == stream(mended)

    def test_an_event_of_several_lines_is_one(self) -> None:
        found = chunks(STREAMS["several lines"])
        assert found[0]["choices"][0]["delta"]["content"] == "hi"
        assert passed(STREAMS["several lines"].encode())[0].count(b"\n") == 2 * 3

    def test_nothing_follows_the_end(self) -> None:
        out, fault, done = passed(
            stream(chunk(), FINISH, "[DONE]", chunk("late"), '{"error": "late"}').encode()
        )
        assert (fault, done) == (None, True)
        assert b"late" not in out

    def test_an_empty_event_says_nothing(self) -> None:
        assert len(chunks("data:\n\ndata: \n\n" + stream(chunk(), FINISH, "[DONE]"))) == 2


class TestChunks:
    def test_a_usage_chunk_keeps_its_empty_list_of_choices(self) -> None:
        assert chunks(STREAMS["usage"])[-1] == {**json.loads(USAGE), "model": "mine"}

    def test_all_of_several_choices_come_whole(self) -> None:
        def told(index: int, finish: str | None) -> str:
            return json.dumps(
                {"model": "up", "choices": [{"index": index, "delta": {}, "finish_reason": finish}]}
            )

        text = stream(told(0, None), told(1, None), told(0, "stop"), told(1, "length"))
        assert [one["choices"][0]["finish_reason"] for one in chunks(text)] == [None, None, "stop", "length"]
        assert fault(stream(told(0, None), told(1, None), told(0, "stop"))).status == 502

    @pytest.mark.parametrize("choice", [{}, {"index": None}, {"index": "0"}])
    def test_a_choice_without_an_index_is_the_first(self, choice: dict[str, Any]) -> None:
        said = json.dumps({"choices": [{**choice, "delta": {"content": "a"}, "finish_reason": "stop"}]})
        (found,) = chunks(stream(said))
        assert found["choices"][0]["index"] == 0
        assert found["model"] == "mine"

    def test_two_choices_without_an_index_are_the_first_and_the_second(self) -> None:
        (found,) = chunks(stream(json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}] * 2})))
        assert [one["index"] for one in found["choices"]] == [0, 1]

    @pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
    def test_reasoning_has_both_its_names(self, name: str) -> None:
        choice = {"index": 0, "delta": {name: 'so "that"'}, "finish_reason": "stop"}
        (found,) = chunks(stream(json.dumps({"model": "up", "choices": [choice]})))
        assert found["choices"][0]["delta"] == {"reasoning": 'so "that"', "reasoning_content": 'so "that"'}

    def test_a_think_tag_stays_where_it_is(self) -> None:
        assert chunks(stream(chunk("<think>so</think>"), FINISH))[0]["choices"][0]["delta"] == {
            "content": "<think>so</think>"
        }

    @pytest.mark.parametrize("model", ["通义", 'quo"te', "back\\slash"])
    def test_any_name_is_written_as_json(self, model: str) -> None:
        assert chunks(stream(chunk("model"), FINISH), model=model)[0]["model"] == model

    def test_a_text_that_speaks_of_a_model_keeps_its_words(self) -> None:
        said = '{"model": "up"}'
        assert chunks(stream(chunk(said), FINISH))[0]["choices"][0]["delta"]["content"] == said

    def test_half_of_a_surrogate_pair_does_no_harm(self) -> None:
        out, found, _ = passed(stream('{"choices": [{"delta": {"content": "\\ud83d"}}]}', FINISH).encode())
        assert found is None
        assert b"\\ud83d" in out or "\ufffd".encode() in out


class TestFaults:
    @pytest.mark.parametrize(
        ("error", "status", "words"),
        [
            ({"message": "full", "code": 429}, 429, "full"),
            ({"message": "full", "code": "1301"}, 502, "full"),
            ({"message": "full", "code": "429"}, 429, "full"),
            ({"message": "full", "code": None}, 502, "full"),
            ({"message": "full", "code": 200}, 502, "full"),
            ({"msg": "full"}, 502, "full"),
            ({"status": 503, "message": "full"}, 503, "full"),
            ({"code": {"a": 1}, "message": ["full"]}, 502, "full"),
            ("full", 502, "full"),
            (["full"], 502, "full"),
            (True, 502, "True"),
        ],
    )
    @pytest.mark.parametrize("before", [[], [chunk()]], ids=["first", "in the middle"])
    def test_an_error_event_is_an_error(self, before: list[str], error: Any, status: int, words: str) -> None:
        found = fault(stream(*before, json.dumps({"error": error}), chunk("late")))
        assert found.status == status
        assert words in found.message

    def test_what_came_before_an_error_is_passed_on(self) -> None:
        out, _, _ = passed(STREAMS["an error in the middle"].encode())
        assert out.count(b"data: ") == 1

    @pytest.mark.parametrize("said", ['{"message": "full", "code": "x"}', '{"error": {"message": "full"}}'])
    def test_an_event_named_error_is_one_in_either_form(self, said: str) -> None:
        assert fault(f"event: error\n{stream(said)}").message == "full"

    def test_the_name_of_an_event_is_not_the_next_ones(self) -> None:
        assert len(chunks("event: error\n\n" + stream(chunk(), FINISH))) == 2

    @pytest.mark.parametrize("code", [1004, "1004"])
    def test_minimaxs_base_resp_is_an_error(self, code: object) -> None:
        said = json.dumps({"base_resp": {"status_code": code, "status_msg": "who?"}, "choices": None})
        assert (fault(stream(said)).message, fault(said).message) == ("who?", "who?")

    @pytest.mark.parametrize(
        "said",
        ['{"code": 20012, "message": "no model", "data": null}', '[{"error": {"message": "no model"}}]'],
    )
    def test_an_error_without_its_name_or_in_a_list_is_one(self, said: str) -> None:
        assert (fault(stream(said)).message, fault(said).message) == ("no model", "no model")

    def test_a_base_resp_of_zero_is_none(self) -> None:
        said = json.dumps({"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}})
        assert len(chunks(stream(said, FINISH))) == 2

    @pytest.mark.parametrize(
        ("name", "status", "words"),
        [
            ("a JSON error", 502, "no"),
            ("a JSON error on several lines", 400, "no"),
            ("a page", 502, "maintenance"),
            ("words", 502, "upstream connect error"),
            ("nothing", 502, "ended before"),
        ],
    )
    def test_no_stream_at_all_is_an_error_with_the_upstreams_words(
        self, name: str, status: int, words: str
    ) -> None:
        out, found, done = passed(STREAMS[name].encode())
        assert found is not None
        assert (out, found.status, done) == (b"", status, False)
        assert words in found.message

    def test_a_whole_answer_instead_of_a_stream_is_none(self) -> None:
        whole = json.dumps(
            {"model": "up", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
        )
        assert "answered with none" in fault(whole).message

    def test_only_a_part_of_a_large_page_is_told(self) -> None:
        assert len(fault("<p>\n" * 100_000).message) < 1000

    @pytest.mark.parametrize(
        "text", [stream(chunk()), stream(chunk(), '{"choices": []}'), ": ping\n\n", DONE]
    )
    def test_an_end_without_an_end_is_a_fault(self, text: str) -> None:
        assert "ended before" in fault(text).message

    @pytest.mark.parametrize("said", ["no JSON", '{"a": ', "{'a': 1}", '{"a": 1}{"b": 2}'])
    def test_what_is_no_json_is_a_fault(self, said: str) -> None:
        assert "no JSON" in fault(stream(chunk(), said, FINISH)).message

    @pytest.mark.parametrize("said", ["[1]", "1", '"text"', "null"])
    def test_what_is_no_object_is_a_fault(self, said: str) -> None:
        assert "no event" in fault(stream(said, FINISH)).message

    @pytest.mark.parametrize(
        "piece", [b"x" * (1 << 20), b"data: " + b"x" * (1 << 20) + b"\n", b'data: "' + b"{" * 1000 + b"\n"]
    )
    def test_an_upstream_that_never_ends_a_line_or_an_event_fills_no_memory(self, piece: bytes) -> None:
        events = EVENTS["chat"]("mine")
        fed = 0
        while events.fault is None and fed < 40 << 20:
            assert events.feed(piece) == b""
            fed += len(piece)
        assert events.fault is not None

    def test_nesting_beyond_reason_is_a_fault_and_no_crash(self) -> None:
        assert fault(stream('{"a": ' + "[" * 100_000)).status == 502
        deep = "[" * 900 + "]" * 900
        out, _, _ = passed(
            stream(f'{{"model": "up", "choices": [], "x": {deep}, "y": {{"model": 1}}}}').encode()
        )
        assert out == b"" or b'"mine"' in out


class TestMessages:
    """Anthropic's events."""

    START = '{"type":"message_start","message":{"id":"m","model":"up","content":[]}}'
    TEXT = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}'
    STOP = '{"type":"message_stop"}'

    def told(self, *said: str, name: bool = True) -> str:
        return "".join(
            (f"event: {json.loads(one)['type']}\n" if name else "") + f"data: {one}\n\n" for one in said
        )

    @pytest.mark.parametrize("named", [True, False])
    def test_they_go_on_with_their_names_and_the_clients_model(self, named: bool) -> None:
        ping = '{"type": "ping"}'
        out, fault, done = passed(
            self.told(self.START, ping, self.TEXT, self.STOP, name=named).encode(), kind="messages"
        )
        assert (fault, done) == (None, True)
        start = self.START.replace('"up"', '"mine"')
        assert out.decode() == self.told(start, ping, self.TEXT, self.STOP)

    @pytest.mark.parametrize(
        "start",
        [
            '{"type":"message_start","message":{"id":"m"}}',
            '{"type":"message_start","message":{"model":"up","content":[{"model":"kept"}]}}',
            '{"type":"message_start","model":"kept","message":{}}',
        ],
    )
    def test_the_model_is_the_messages_and_nothing_elses(self, start: str) -> None:
        out, _, _ = passed(self.told(start, self.STOP).encode(), kind="messages")
        said = json.loads(out.decode().split("\n")[1].removeprefix("data: "))
        assert said["message"]["model"] == "mine"
        assert json.dumps(said).count("kept") == start.count("kept")

    @settings(max_examples=20)
    @given(cuts=st.lists(st.integers(0, 400), max_size=8))
    def test_where_they_are_cut_changes_nothing(self, cuts: list[int]) -> None:
        raw = self.told(self.START, self.TEXT, self.STOP).encode()
        assert passed(raw, *cuts, kind="messages") == passed(raw, kind="messages")

    def test_an_end_of_nothing_is_a_fault(self) -> None:
        assert "ended before" in fault(DONE, kind="messages").message

    def test_an_error_is_one(self) -> None:
        error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
        found = fault(self.told(self.START, error), kind="messages")
        assert (found.status, found.message) == (502, "Overloaded")
        assert found.error is not None
        assert found.error["type"] == "overloaded_error"

    def test_an_end_without_a_stop_is_a_fault(self) -> None:
        assert "ended before" in fault(self.told(self.START, self.TEXT), kind="messages").message
        assert "ended before" in fault(stream(FINISH), kind="messages").message

    def test_openais_end_ends_them_too_and_is_not_passed_on(self) -> None:
        out, fault, done = passed((self.told(self.START) + DONE).encode(), kind="messages")
        assert (fault, done, b"DONE" in out) == (None, True, False)
