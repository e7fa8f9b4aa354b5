"""Every page is there in both languages, section by section, and says the same in each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from language_check import chinese_in, english_in
from pages import CHINESE, FENCED, blocks, named, pages, pairs, prose, text_of
from translations import all_faults, faults, marked, sections

ENGLISH = "# A\n\none\n\n## B\n\ntwo\n\n```sh\n# no heading\n```\n\n## C\n\nthree\n"
TRANSLATED = "# 甲\n\n一\n\n## 乙\n\n二\n\n```sh\n# no heading\n```\n\n## 丙\n\n三\n"
#: Words of the program that stand in Chinese pages as it prints them.
AS_PRINTED = ("not compared", "out of balance")


def test_no_section_is_stale_missing_or_surplus() -> None:
    assert list(all_faults()) == []


def test_a_section_ends_at_the_next_heading_outside_of_code() -> None:
    assert [(one.level, one.title) for one in sections(ENGLISH)] == [(1, "A"), (2, "B"), (2, "C")]


def test_a_page_that_is_marked_has_no_fault_until_a_section_changes() -> None:
    page = marked(ENGLISH, TRANSLATED)
    assert marked(ENGLISH, page) == page
    assert list(faults("x.md", ENGLISH, page)) == []
    (fault,) = faults("x.md", ENGLISH.replace("two", "two and a half"), page)
    assert fault == "docs/zh/x.md: “乙” is stale; “B” has changed in docs/x.md"


def test_a_section_that_is_new_or_gone_is_named() -> None:
    page = marked(ENGLISH, TRANSLATED)
    assert list(faults("x.md", ENGLISH + "\n## D\n\nfour\n", page)) == ["docs/zh/x.md lacks “D” of docs/x.md"]
    (fault,) = faults("x.md", ENGLISH.partition("## C")[0], page)
    assert fault == "docs/zh/x.md: “丙” translates nothing of docs/x.md"


def test_a_page_with_other_headings_cannot_be_marked() -> None:
    with pytest.raises(SystemExit, match="other headings"):
        marked(ENGLISH, TRANSLATED.replace("## 丙", "### 丙"))


def without_comments(text: str) -> str:
    """Code as a machine reads it: what is said to people in it may be translated."""
    return re.sub(r"(?m)(^|\s+)#\s.*$", "", text).replace("你的镜像", "MIRROR")


@pytest.mark.parametrize(("english", "chinese"), pairs(), ids=lambda path: named(path))
def test_code_is_the_same_in_both_languages_but_for_its_comments(english: Path, chinese: Path) -> None:
    """What a command prints is in the page's language; a graph's labels are words for people too."""
    for one, other in zip(blocks(english), blocks(chinese), strict=True):
        assert one.language == other.language
        assert one.mark == other.mark
        if one.language == "mermaid":
            assert re.sub('".*?"', "", one.text) == re.sub('".*?"', "", other.text)
        elif one.language != "text" and not one.mark.startswith("output"):
            assert without_comments(one.text) == without_comments(other.text)


@pytest.mark.parametrize("path", [path for path in pages() if CHINESE in path.parents], ids=named)
def test_a_chinese_page_has_no_english_comment_in_its_code(path: Path) -> None:
    for block in blocks(path):
        comments = re.findall(r"(?m)(?:^|\s)#\s(.*)$", block.text)
        assert english_in("\n".join(comments), AS_PRINTED) == []


def table_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Of every row of a page's tables: how many cells, and the code in the first one."""
    rows = [line.replace("\\|", "") for line in prose(path).splitlines() if line.startswith("|")]
    return [(row.count("|"), sorted(re.findall("`[^`]+`", row.split(" | ")[0]))) for row in rows]


@pytest.mark.parametrize(("english", "chinese"), pairs(), ids=lambda path: named(path))
def test_tables_have_the_same_rows_in_both_languages(english: Path, chinese: Path) -> None:
    assert table_rows(english) == table_rows(chinese)


@pytest.mark.parametrize("path", [path for path in pages() if CHINESE in path.parents], ids=named)
def test_a_chinese_page_speaks_chinese_alone(path: Path) -> None:
    assert english_in(prose(path), AS_PRINTED) == []


@pytest.mark.parametrize("path", [path for path in pages() if CHINESE not in path.parents], ids=named)
def test_an_english_page_speaks_english_alone(path: Path) -> None:
    if path.name != "README.zh-CN.md":
        quoted = "".join(found[0] for found in FENCED.finditer(text_of(path)))
        assert chinese_in(prose(path).replace("[中文](README.zh-CN.md)", ""), quoted) == []
