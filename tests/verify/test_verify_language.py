"""A comparison of two servers, as a person reads it in Chinese: no English sentence is left."""

from __future__ import annotations

import pytest
from command_runner import runner
from gateways import KEY, Ways, running
from language_check import chinese_in, english_in

from one_adapter.cli import cli
from one_adapter.errors import OneAdapterError
from one_adapter.language import translated
from one_adapter.language.chosen import speaking
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.output.as_html import as_html
from one_adapter.verify.output.as_text import as_text
from one_adapter.verify.playing.judge import different
from one_adapter.verify.result import OUTCOMES, Check, Verification
from one_adapter.verify.vocabulary import word_for

ECHO = {"m": [("https://a.example/v1", "m-1", "sk-1")]}
OTHER = {"m": [("https://b.example/v1", "m-2", "sk-2")]}
#: Ways in which the new side may be another one.
NEW_SIDES = [
    Ways(names=("m", "more"), has_finish=False, has_usage=False, has_tools=False),
    Ways(names=(), status={"m": 404}),
    Ways(names=("m",), status={"m": 500}),
    Ways(names=("m",), status={"m": 429}),
    Ways(names=("m",), has_done=False, answers_as="another", is_gateway=True, has_more_routes=False),
    Ways(names=("m",), is_streaming=False, is_system_lost=True, unknown_status=404, wrong_key_status=200),
    Ways(names=("m",), extra={"odd": {"deep": 1}}, piece_chars=0),
]


def compared(language: str, old: Ways, new: Ways, *words: str) -> str:
    with running(old) as first, running(new) as second:
        arguments = ["verify", "--old", first.url, "--new", second.url, "--old-key-env", "OLD_KEY", "--yes"]
        done = runner().invoke(cli, ["--lang", language, *arguments, *words], env={"OLD_KEY": KEY})
    assert done.exit_code in (0, 1, 2), done.output
    return str(done.stdout + done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(NEW_SIDES)))
def test_whatever_differs_is_told_in_chinese(number: int) -> None:
    said = compared("zh", Ways(names=("m",)), NEW_SIDES[number])
    assert english_in(said) == []
    assert "旧" in said


def test_other_upstreams_a_limit_and_what_both_refuse_are_told_in_chinese() -> None:
    echoes = (
        Ways(names=("m",), is_echo=True, upstreams=ECHO),
        Ways(names=("m",), is_echo=True, upstreams=OTHER),
    )
    for said in (
        compared("zh", *echoes),
        compared("zh", Ways(names=("m",)), Ways(names=("m",)), "--max-requests", "9"),
        compared("zh", Ways(names=("m",), status={"m": 400}), Ways(names=("m",), status={"m": 400})),
        compared("zh", Ways(names=("m",)), Ways(names=("m",), key="sk-another"), "--exact", "--show"),
    ):
        assert english_in(said) == []


def test_in_english_no_chinese_is_told() -> None:
    assert chinese_in(compared("en", Ways(names=("m",)), NEW_SIDES[0])) == []


def everything() -> Verification:
    """A comparison with each outcome, and each aspect of an exchange."""
    checks = [Check("whole", "m", outcome, "", "status") for outcome in OUTCOMES]
    aspects = ("status", "error", "calls", "address", "upstream model", "key", "query", "messages", "fields")
    aspects += ("system message", "tools", "content type", "model", "text", "tool call", "finish_reason")
    aspects += ("usage", "stream", "vectors")
    checks += [different("whole", "m", aspect, "a", "b") for aspect in aspects]
    return Verification("a", "b", tuple(checks), ("c",), "d")


def test_every_outcome_and_every_aspect_has_its_chinese() -> None:
    with speaking("zh"):
        for text in (as_text(everything()), as_html(everything()).partition("</style>")[2]):
            assert english_in(text) == []
            assert not {"different", "unsteady", "finish reason"} & {*text.replace("<", " ").split()}


def test_a_word_that_nobody_knows_stays_and_one_that_is_known_is_itself_to_programs() -> None:
    assert word_for("m-1") == "m-1"
    assert word_for("an end") == "an end"
    with speaking("zh"):
        assert translated(word_for("an end")) == "结束"
        assert translated(word_for("m-1")) == "m-1"


def test_keys_are_taken_out_of_a_sentence_in_every_language() -> None:
    said = compared("zh", Ways(names=("m",)), Ways(names=("m",), answers_as=f"b-{KEY}"))
    assert KEY not in said
    assert "b-***" in said


def test_nobody_to_agree_is_said_in_chinese() -> None:
    with pytest.raises(OneAdapterError) as caught, speaking("zh"):
        VerifyOptions().agree("x")
    with speaking("zh"):
        assert translated(caught.value.message) == "没有人可以确认：用 --yes 表示同意"
