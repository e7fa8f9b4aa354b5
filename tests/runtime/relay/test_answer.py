"""Whole answers: told apart from failures, and passed on byte for byte but for the model's name."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.relay.answer import ERROR_BYTES, PARSED_BYTES, answer, dumps, failed, fault_in, loads

WHOLE = (
    '{"id":"c", "object":"chat.completion","created":1.0,"model":"up","service_tier":null,"choices":'
    '[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop","logprobs":null}],'
    '"usage":{"total_tokens":12,"details":{"x":1e2}}, "unknown":[1.50]}'
)


def refused(raw: bytes, kind: str = "chat") -> Refusal:
    with pytest.raises(Refusal) as found:
        answer(raw, kind, "mine")
    return found.value


class TestAnswers:
    def test_everything_but_the_models_name_stays_as_it_came(self) -> None:
        assert answer(WHOLE.encode(), "chat", "mine").decode() == WHOLE.replace(
            '"model":"up"', '"model":"mine"'
        )
        assert answer(WHOLE.encode(), "chat", None).decode() == WHOLE

    @pytest.mark.parametrize(
        ("raw", "mended"),
        [
            ('{"choices":[]}', '{"model":"mine","choices":[]}'),
            ('{ "model" : null, "choices":[]}', '{ "model":"mine", "choices":[]}'),
            ('{"choices":[{"model":"kept"}],"model":"up"}', '{"choices":[{"model":"kept"}],"model":"mine"}'),
            ('{"choices":["\\"model\\": 1"],"model":"up"}', '{"choices":["\\"model\\": 1"],"model":"mine"}'),
            ('{"choices":[],"model":{"id":"up"}}', '{"choices":[],"model":"mine"}'),
            ('{"choices":[],"model":7}', '{"choices":[],"model":"mine"}'),
            ('{"choices":[{"model":"kept"}]}', '{"model":"mine","choices":[{"model":"kept"}]}'),
            ('{"choices":["model"],"model":"a\\"b"}', '{"choices":["model"],"model":"mine"}'),
        ],
    )
    def test_the_name_is_found_wherever_it_stands(self, raw: str, mended: str) -> None:
        assert answer(raw.encode(), "chat", "mine").decode() == mended

    @given(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
    def test_any_name_for_any_name(self, theirs: str, ours: str) -> None:
        raw = json.dumps({"model": theirs, "choices": [], "said": '"model": "x"'})
        assert json.loads(answer(raw.encode(), "chat", ours)) == {
            "model": ours,
            "choices": [],
            "said": '"model": "x"',
        }

    @pytest.mark.parametrize(
        ("kind", "field"), [("chat", "choices"), ("embeddings", "data"), ("messages", "content")]
    )
    def test_each_kind_has_its_content(self, kind: str, field: str) -> None:
        raw = json.dumps({"model": "up", field: []}).encode()
        assert json.loads(answer(raw, kind, "mine"))["model"] == "mine"
        for other in {"chat", "embeddings", "messages"} - {kind}:
            assert refused(raw, other).status == 502

    def test_content_that_is_a_list_of_parts_is_passed_on(self) -> None:
        raw = '{"model":"mine","choices":[{"message":{"content":[{"type":"text","text":"a"}]}}]}'
        assert answer(raw.encode(), "chat", "mine").decode() == raw

    @pytest.mark.parametrize(
        ("message", "mended"),
        [
            ('{"reasoning_content":"so"}', {"reasoning": "so", "reasoning_content": "so"}),
            (
                '{"reasoning":"so \\"it\\" is"}',
                {"reasoning": 'so "it" is', "reasoning_content": 'so "it" is'},
            ),
            ('{"reasoning":"a","reasoning_content":"b"}', {"reasoning": "a", "reasoning_content": "b"}),
            ('{"reasoning":null}', {"reasoning": None}),
            ('{"reasoning":""}', {"reasoning": ""}),
            ('{"content":"\\"reasoning\\":\\"so\\""}', {"content": '"reasoning":"so"'}),
            ('{"content":"<think>so</think>hi"}', {"content": "<think>so</think>hi"}),
        ],
    )
    def test_reasoning_has_both_names_by_which_clients_look_for_it(
        self, message: str, mended: dict[str, Any]
    ) -> None:
        raw = f'{{"model":"up","choices":[{{"message":{message}}}]}}'
        assert json.loads(answer(raw.encode(), "chat", "mine"))["choices"][0]["message"] == mended

    def test_embeddings_have_no_reasoning_to_name(self) -> None:
        raw = b'{"model":"up","data":[{"reasoning":"a"}]}'
        assert answer(raw, "embeddings", "up") == raw

    def test_half_of_a_surrogate_pair_does_no_harm(self) -> None:
        raw = b'{"model":"up","choices":["\\ud83d"]}'
        assert answer(raw, "chat", "mine") == b'{"model":"mine","choices":["\\ud83d"]}'

    def test_what_is_no_number_of_json_goes_on_unless_the_answer_has_to_be_written_anew(self) -> None:
        raw = b'{"model":"up","choices":[{"logprob":NaN}]}'
        assert answer(raw, "chat", "mine") == raw.replace(b"up", b"mine")
        raw = b'{"model":"up","choices":[{"logprob":NaN,"model":1}]}'
        assert json.loads(answer(raw, "chat", "mine"))["choices"] == [{"logprob": None, "model": 1}]


class TestLargeAnswers:
    """Above 2 MiB nothing is parsed: everybody else would wait for it."""

    TEXT = "x" * PARSED_BYTES

    @pytest.mark.parametrize(
        ("raw", "mended"),
        [
            ('{"model":"up","choices":["%s"]}', '{"model":"mine","choices":["%s"]}'),
            ('{"choices":["%s"], "model": "up"}', '{"choices":["%s"], "model":"mine"}'),
            ('{"choices":["%s"]}', '{"model":"mine","choices":["%s"]}'),
        ],
    )
    def test_their_model_is_found_at_either_end(self, raw: str, mended: str) -> None:
        found = answer((raw % self.TEXT).encode(), "chat", "mine")
        assert found == (mended % self.TEXT).encode()

    def test_without_a_name_to_give_they_stay_as_they_came(self) -> None:
        raw = f'{{"data":["{self.TEXT}"]}}'.encode()
        assert answer(raw, "embeddings", None) == raw

    @pytest.mark.parametrize("raw", ["<html>%s</html>", '{"error":"%s"}', '["choices","%s"]'])
    def test_what_is_no_answer_is_none(self, raw: str) -> None:
        found = refused((raw % self.TEXT).encode())
        assert found.status == 502
        assert len(found.message) < 2 * ERROR_BYTES


class TestFailuresToldAsSuccess:
    @pytest.mark.parametrize(
        ("document", "status", "words", "code"),
        [
            ({"error": {"code": "1301", "message": "no"}}, 502, "no", "1301"),
            ({"error": {"code": 429, "message": "no"}}, 429, "no", "429"),
            ({"error": {"message": "no"}, "choices": []}, 502, "no", ""),
            ({"error": "no"}, 502, "no", ""),
            ({"error": {"code": 99_999_999_999, "msg": "no"}}, 502, "no", "99999999999"),
            ({"error": {"code": "²", "message": "no"}}, 502, "no", "²"),
            ({"error": {"detail": "no"}}, 502, '{"detail": "no"}', ""),
            ({"base_resp": {"status_code": 1004, "status_msg": "no"}}, 502, "no", "1004"),
            ({"base_resp": {"status_code": 1004}}, 502, "1004", "1004"),
            ({"code": 20015, "message": "no", "data": None}, 502, "no", "20015"),
            ({"code": "InvalidApiKey", "message": "no", "request_id": "1"}, 502, "no", "InvalidApiKey"),
            ({"code": 401, "msg": "no", "success": False}, 401, "no", "401"),
            ({"error_code": 110, "error_msg": "no"}, 502, "no", "110"),
        ],
    )
    def test_is_a_failure(self, document: dict[str, Any], status: int, words: str, code: str) -> None:
        found = refused(json.dumps(document).encode())
        assert (found.status, found.code) == (status, code)
        assert words in found.message

    @pytest.mark.parametrize(
        "more",
        [
            {"error": None},
            {"error": ""},
            {"error": {}},
            {"base_resp": None},
            {"base_resp": {"status_code": 0}},
            {"code": 0, "message": "Success"},
            {"code": "200", "msg": "ok"},
            {"code": 7},
            {"code": {"a": 1}, "message": "odd"},
        ],
    )
    def test_an_error_that_says_nothing_is_none(self, more: dict[str, Any]) -> None:
        assert fault_in(more) is None
        assert answer(json.dumps({"choices": [], **more}).encode(), "chat", None)

    def test_a_code_beside_an_answer_is_no_failure(self) -> None:
        assert answer(b'{"code": 7, "message": "busy", "choices": []}', "chat", None)

    def test_an_error_in_a_list_is_the_error(self) -> None:
        assert refused(b'[{"error": {"message": "quota", "code": 429}}]').message == "quota"
        assert failed(400, b'[{"error": {"message": "bad key"}}]').message == "bad key"

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b'[{"choices":[]}]',
            b"<html>maintenance</html>",
            b"null",
            b"[]",
            b"7",
            b'"words"',
            b"{}",
            b'{"choices":null}',
            b'{"a":',
        ],
    )
    def test_what_is_no_answer_is_told_with_its_words(self, raw: bytes) -> None:
        found = refused(raw)
        assert found.status == 502
        assert raw.decode() in found.message

    def test_nesting_beyond_reason_is_no_answer_and_no_crash(self) -> None:
        assert refused(b'{"choices":' + b"[" * 100_000).status == 502
        assert refused(b'{"choices":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}").status == 502

    @pytest.mark.parametrize("depth", [500, 900, 980, 1000, 1020])
    def test_nesting_that_one_reader_takes_and_another_does_not_is_an_answer_or_a_refusal(
        self, depth: int
    ) -> None:
        deep = "[" * depth + "]" * depth
        raw = f'{{"model":"up","choices":[],"x":{deep},"y":{{"model":1}}}}'.encode()
        with contextlib.suppress(Refusal):
            assert b'"model":"mine"' in answer(raw, "chat", "mine")


class TestFailures:
    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b'{"error": {"message": "slow down"}}', "slow down"),
            (b'{"error": "slow down"}', "slow down"),
            (b'{"detail": "slow down"}', "slow down"),
            (b'{"detail": [{"msg": "slow down"}]}', "slow down"),
            (b'{"message": "slow down", "request_id": "1"}', "slow down"),
            (b'{"other": "slow down"}', '{"other": "slow down"}'),
            (b"slow down\n", "slow down"),
            (b"", "The upstream answered 429."),
            (b"[]", "[]"),
            (b'{"error": {"message": "cut off', '{"error": {"message": "cut off'),
            (b"\xff\xfe", "\ufffd\ufffd"),
        ],
    )
    def test_keep_their_status_and_their_words(self, raw: bytes, words: str) -> None:
        found = failed(429, raw)
        assert found.status == 429
        assert words in found.message

    def test_keep_the_upstreams_own_fields_and_its_status_even_where_the_code_says_another(self) -> None:
        found = failed(503, b'{"error": {"message": "no", "code": 429, "type": "busy", "limit": 5}}')
        assert (found.status, found.code) == (503, "429")
        assert found.error == {"message": "no", "code": 429, "type": "busy", "limit": 5}

    @pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 399])
    def test_a_redirect_is_not_followed_and_its_address_not_told(self, status: int) -> None:
        found = failed(status, b'{"error": {"message": "http://inner.invalid"}}')
        assert found.status == 502
        assert "inner.invalid" not in found.message

    @pytest.mark.parametrize(
        ("given", "seconds"),
        [("", None), ("7", 7.0), ("soon", None), ("-1", None), ("9" * 30, None), ("1.5", None)],
    )
    def test_the_time_to_try_again_is_kept_where_it_is_one(self, given: str, seconds: float | None) -> None:
        for raw in (b"", b'{"error": {"message": "no"}}', b'{"error": "no"}'):
            assert failed(429, raw, given).retry_after == seconds

    def test_only_as_much_is_told_as_a_person_reads(self) -> None:
        for raw in (b"x" * 50_000, json.dumps({"error": {"message": "通" * 50_000}}).encode()):
            found = failed(500, raw)
            assert len(found.message.encode()) < ERROR_BYTES + 10
            assert found.error is None


def test_what_is_read_can_be_written_again() -> None:
    for raw in (b'{"a":"\\ud83d"}', b'{"a":1}', '{"a":"通"}'.encode()):
        assert loads(dumps(loads(raw))) == loads(raw)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="deeply"):
        dumps(deep)
