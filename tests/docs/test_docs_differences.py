"""The page of named differences, the table the report uses, and the list for the recordings agree."""

from __future__ import annotations

import json
import re
from pathlib import Path

from one_adapter.dialect import DIALECTS
from one_adapter.export.report.differences import DIFFERENCES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
LIST = json.loads((ROOT / "tests" / "differences.json").read_text(encoding="utf-8"))
PARAGRAPHS = re.findall(r"^### (.+)\n((?:(?!#).*\n)*)", PAGE, flags=re.M)


def test_every_name_of_the_recordings_and_of_the_report_has_its_paragraph_and_no_other_has_one() -> None:
    used = {entry["name"] for entry in LIST} | {difference.name for difference in DIFFERENCES}
    assert used == {name for name, _ in PARAGRAPHS}


def test_a_paragraph_says_what_the_gateway_does_and_what_happens_here() -> None:
    every = [(name, " ".join(text.split())) for name, text in PARAGRAPHS]
    assert [name for name, _ in every if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", name)] == []
    assert [name for name, words in every if "gateway" not in words] == []
    assert [name for name, words in every if not re.search(r"\b[Hh]ere\b", words)] == []
    assert [(name, len(words)) for name, words in every if not 100 < len(words) < 900] == []


def test_the_page_the_table_and_the_list_agree_about_the_gateway_that_is_meant() -> None:
    alone = {each.name: each.gateway for each in DIFFERENCES if each.gateway}
    assert set(alone.values()) == set(DIALECTS)
    for name, text in PARAGRAPHS:
        assert name not in alone or re.search(rf"\b[Gg]ateway {alone[name]}\b", text), name
    assert {entry["gateway"] for entry in LIST if "gateway" in entry} <= set(DIALECTS)
    assert all(entry.get("gateway") == alone[entry["name"]] for entry in LIST if entry["name"] in alone)


def test_no_name_stands_twice() -> None:
    names = [name for name, _ in PARAGRAPHS]
    assert len(names) == len(set(names))
    table = [difference.name for difference in DIFFERENCES]
    assert len(table) == len(set(table))


def test_a_title_is_one_sentence_without_an_end() -> None:
    titles = [str(each.title) for each in DIFFERENCES]
    assert [title for title in titles if not 20 < len(title) < 110 or title.endswith(".")] == []


def test_the_list_for_the_recordings_names_cases_and_aspects_narrowly() -> None:
    for entry in LIST:
        assert {"case", "aspect", "name"} <= set(entry) <= {"case", "aspect", "name", "gateway"}
        assert entry["case"].strip("*?-")
    places = [(entry["case"], entry["aspect"], entry["name"]) for entry in LIST]
    assert len(places) == len(set(places))
