"""What machines read: JSON, GitHub annotations, SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from one_adapter.commands.lint import FORMS
from one_adapter.config.document import parse
from one_adapter.lint import judge
from one_adapter.lint.catalogue import rules
from one_adapter.lint.output.as_github import render_github
from one_adapter.lint.output.as_json import render_json
from one_adapter.lint.output.as_sarif import render_sarif
from one_adapter.lint.output.as_text import Judged, summary
from one_adapter.lint.output.formats import FORMATS

TEXT = '{\n  "load_balancing": "智,:%",\n  "zzz": 1\n}'


def judged(name: str = "a b/config.json") -> list[Judged]:
    document = parse(TEXT.encode(), name)
    return [Judged(document, judge(document))]


def test_json_names_the_place_from_first_to_last_character() -> None:
    report = json.loads(render_json(judged()))
    found = {one["code"]: one for one in report["findings"]}
    assert found["SOA202"] == {
        "path": "a b/config.json",
        "code": "SOA202",
        "name": "unknown-load-balancing",
        "severity": "error",
        "pointer": "/load_balancing",
        "line": 2,
        "column": 21,
        "end_line": 2,
        "end_column": 27,
        "message": "the gateway knows no load_balancing of this name",
        "help": "",
        "expected": "first, random, rand, round_robin, rr or hash",
    }
    assert report["summary"] == {"error": 1, "warning": 2, "info": 0}
    assert report["files"] == ["a b/config.json"]


def test_github_gets_one_command_for_each_finding() -> None:
    lines = render_github(judged("a,b:c.json")).splitlines()
    place = "file=a%2Cb%3Ac.json,line=2,endLine=2,col=21,endColumn=27"
    assert f"::error {place},title=SOA202 unknown-load-balancing::" in lines[1]
    assert lines[2].startswith("::warning ")
    assert "%0A" in lines[2]
    assert lines[-1] == "1 error, 2 warnings in 1 file."


def test_an_info_is_a_notice_on_github_and_a_note_in_sarif() -> None:
    document = parse(b'{"services": {"openai": [{"models": ["a", "a"]}]}}', "config.json")
    one = [Judged(document, judge(document))]
    assert "::notice file=config.json" in render_github(one)
    assert {result["level"] for result in sarif(one)["results"]} == {"note", "warning"}


def sarif(one: list[Judged]) -> dict[str, Any]:
    log = json.loads(render_sarif(one))
    assert log["version"] == "2.1.0"
    run: dict[str, Any] = log["runs"][0]
    return run


def test_sarif_describes_every_rule_once() -> None:
    driver = sarif([])["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in rules()]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")


def test_sarif_describes_a_rule_up_to_what_becomes_of_a_breach() -> None:
    described = {one["id"]: one["fullDescription"]["text"] for one in sarif([])["tool"]["driver"]["rules"]}
    for rule in rules():
        title, _, rest = rule.doc.partition("\n\n")
        assert described[rule.code] == (rest.partition("\n\nGateway:")[0] or title)


def test_sarif_results_point_to_their_rule_and_place() -> None:
    run = sarif(judged())
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    result = next(one for one in run["results"] if one["ruleId"] == "SOA202")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/config.json"
    assert place["region"] == {"startLine": 2, "startColumn": 21, "endLine": 2, "endColumn": 27}
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_parts_a_findings_message_from_its_help() -> None:
    one = judged()
    said = [finding.message + (f". {finding.help}" if finding.help else "") for finding in one[0].findings]
    assert [result["message"]["text"] for result in sarif(one)["results"]] == said
    assert any(finding.help for finding in one[0].findings)


def test_sarif_has_an_address_for_whole_paths_and_for_standard_input(tmp_path: Path) -> None:
    uris = [
        sarif(judged(name))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for name in (str(tmp_path / "c.json"), "-")
    ]
    assert uris == [(tmp_path / "c.json").as_uri(), "stdin"]


def test_the_summary_counts_files_and_severities() -> None:
    assert summary([]) == "No problems in 0 files."
    assert summary([*judged(), *judged()]) == "2 errors, 4 warnings in 2 files."


def test_the_summary_says_when_a_rule_was_cut_off() -> None:
    text = "{" + ",".join(f'"k{n}":1' for n in range(2000)) + "}"
    document = parse(text.encode(), "config.json")
    assert "No rule reports more than 1,000" in summary([Judged(document, judge(document))])


def test_sarif_names_the_other_place_of_a_duplicate() -> None:
    document = parse(b'{"debug": true,\n "debug": false}', "config.json")
    result = next(
        one for one in sarif([Judged(document, judge(document))])["results"] if one["ruleId"] == "SOA005"
    )
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 2}
    assert related["message"]["text"] == "first here"


def test_every_form_that_can_be_asked_for_is_written_by_something() -> None:
    assert tuple(FORMATS) == FORMS
