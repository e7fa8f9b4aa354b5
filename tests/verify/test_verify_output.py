"""What a comparison says of itself, in each format, and the exit code that follows from it."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from one_adapter.language import width
from one_adapter.verify.output import FORMATS
from one_adapter.verify.output.as_text import as_text
from one_adapter.verify.result import Check, Verification

SAME = Check("whole", "deepseek-chat", "same")
LOST = Check(
    "stream",
    "通义千问",
    "different",
    "the finish reason is missing",
    "finish_reason",
    old=["stop"],
    new=[None],
)
KNOWN = Check("whole", "通义千问", "known", "a status differs", "status", 500, 401, "status-kept")
BUSY = Check("whole", "busy", "not compared", "the old side answered 429")
KEYS = Check("wrong key", "", "same")


def verification(*checks: Check, interrupted: str = "") -> Verification:
    return Verification("http://old:9090", "http://new:9091", checks, interrupted=interrupted)


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ((SAME, KEYS), 0),
        ((SAME, KNOWN), 0),
        ((SAME, LOST), 1),
        ((SAME, LOST, BUSY), 1),
        ((SAME, BUSY), 2),
        ((SAME, Check("stream", "deepseek-chat", "not compared")), 0),
        ((BUSY,), 2),
        ((), 2),
    ],
    ids=[
        "same",
        "known",
        "different",
        "different-first",
        "a-name-left-out",
        "a-probe-left-out",
        "none",
        "no",
    ],
)
def test_the_exit_code_says_same_different_or_could_not_compare(checks: tuple[Check, ...], code: int) -> None:
    assert verification(*checks).exit_code == code


def test_an_early_end_is_2_whatever_was_found_before_it() -> None:
    cut = verification(SAME, LOST, interrupted="it was interrupted")
    assert cut.exit_code == 2
    assert "Not finished: it was interrupted." in as_text(cut)


def test_the_text_has_a_line_for_each_name_and_both_sides_of_a_difference() -> None:
    lines = as_text(verification(KEYS, SAME, LOST, KNOWN)).splitlines()
    assert "通义千问       different  stream: the finish reason is missing" in lines
    assert "               known      whole: a status differs [status-kept]" in lines
    assert '  old: ["stop"]' in lines
    assert lines[-1] == "Different. 4 checks: 1 different, 1 known, 2 same."


def test_chinese_names_take_the_columns_they_need() -> None:
    lines = as_text(verification(SAME, LOST)).splitlines()
    rows = [line for line in lines if line.startswith(("deepseek-chat", "通义千问 "))]
    starts = [width(row[: row.index(word)]) for row, word in zip(rows, ("same", "different"), strict=True)]
    assert len(set(starts)) == 1


def test_a_name_cannot_act_on_the_terminal() -> None:
    text = as_text(
        verification(Check("whole", "a\x1b[31m", "different", "x\x07", "status", "\x1b", "\x1b]0;"))
    )
    assert text.replace("\n", "").isprintable()


def test_the_json_has_the_facts_of_what_is_not_the_same() -> None:
    shown = json.loads(FORMATS["json"](verification(SAME, LOST, KNOWN)))
    assert shown["exit_code"] == 1
    assert shown["counts"] == {"different": 1, "not compared": 0, "unsteady": 0, "known": 1, "same": 1}
    assert shown["checks"][0] == {"model": "deepseek-chat", "probe": "whole", "outcome": "same"}
    assert shown["checks"][1]["old"] == ["stop"]
    assert shown["checks"][2]["known"] == "status-kept"


def test_the_junit_counts_a_difference_as_failure_and_what_was_not_compared_as_skipped() -> None:
    root = ElementTree.fromstring(FORMATS["junit"](verification(KEYS, SAME, LOST, KNOWN, BUSY)))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    failure = cases["通义千问", "stream"].find("failure")
    assert failure is not None
    assert failure.get("message") == "the finish reason is missing"
    known = cases["通义千问", "whole"].find("system-out")
    assert known is not None
    assert known.text == "known differences: status-kept"
    assert cases["busy", "whole"].find("skipped") is not None
    for suite in root.iter("testsuite"):
        assert int(suite.get("tests") or 0) == len(suite.findall("testcase"))


def test_the_junit_tells_an_early_end_as_an_error() -> None:
    root = ElementTree.fromstring(FORMATS["junit"](verification(SAME, interrupted="it was interrupted")))
    assert root.get("errors") == "1"
    assert [error.get("message") for error in root.iter("error")] == ["it was interrupted"]


def test_the_junit_stays_xml_whatever_a_name_holds() -> None:
    hostile = Check("whole", 'a\x00<&"\ud800\ufffe', "different", "]]>\x01", "status", "\x02", "\ud800")
    text = FORMATS["junit"](verification(hostile))
    assert ElementTree.fromstring(text.encode()).get("failures") == "1"


def test_more_differences_than_are_shown_are_counted_and_long_facts_cut() -> None:
    many = [
        Check("whole", f"m{number}", "different", "x", "fields", "y" * 500, ["z"]) for number in range(23)
    ]
    text = as_text(verification(*many))
    assert text.count("  old: y") == 20
    assert "and 3 differences more: --format json has them all" in text
    assert max(map(len, text.splitlines())) < 300


def test_notes_and_requests_are_told_and_a_page_without_differences_says_so() -> None:
    told = Verification("a", "b", (SAME, KNOWN), ("Something to know.",), asked={"old": 2, "new": 1})
    assert "Note: Something to know." in as_text(told)
    assert json.loads(FORMATS["json"](told))["requests"] == {"old": 2, "new": 1}
    page = FORMATS["html"](told)
    assert "No difference was found that is not on purpose." in page
    assert "<li>Something to know.</li>" in page
    assert "<code>status-kept</code>" in page


def test_a_page_shows_both_sides_of_a_difference_nothing_included() -> None:
    gone = Check("whole", "m", "different", "tool calls are missing", "tool calls", ["get_time(city)"], None)
    page = FORMATS["html"](verification(gone))
    assert "get_time(city)" in page
    assert '<span class="quiet">nothing</span>' in page
