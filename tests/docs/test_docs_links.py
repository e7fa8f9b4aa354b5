"""Links lead somewhere, and who reads Chinese gets everywhere without leaving the Chinese pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import CHINESE, DOCS, READMES, ROOT, anchors, links, named, pages

#: What is in English alone, and said to be: for those who work on the project.
ENGLISH_ALONE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/results.md")
OTHERS = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "examples" / "README.md"]
SWITCH = "English"


def led_to(path: Path, file: str) -> Path:
    return (path.parent / file).resolve() if file else path


def is_chinese(path: Path) -> bool:
    return path == READMES["zh"] or CHINESE in path.parents


@pytest.mark.parametrize("path", [*pages(), *OTHERS], ids=named)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(path: Path) -> None:
    for text, file, anchor in links(path):
        target = led_to(path, file)
        assert target.exists(), f"[{text}]({file})"
        assert not anchor or anchor in anchors(target), f"[{text}]({file}#{anchor})"


@pytest.mark.parametrize("path", [path for path in pages() if is_chinese(path)], ids=named)
def test_a_chinese_page_leads_to_chinese_pages_to_code_or_says_that_it_leaves(path: Path) -> None:
    for text, file, _ in links(path):
        target = led_to(path, file)
        if text != SWITCH and target.suffix == ".md" and not is_chinese(target):
            assert named(target) in ENGLISH_ALONE, f"[{text}]({file})"
            after = path.read_text("utf-8").partition(f"[{text}]({file})")[2]
            assert after.startswith("（英文）"), f"[{text}]({file})"


@pytest.mark.parametrize("path", [path for path in pages() if not is_chinese(path)], ids=named)
def test_an_english_page_leads_to_no_chinese_one(path: Path) -> None:
    assert [file for text, file, _ in links(path) if text != "中文" and is_chinese(led_to(path, file))] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_reached_from_the_readme(language: str) -> None:
    reached: set[Path] = set()
    waiting = [READMES[language]]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            found = [led_to(path, file) for text, file, _ in links(path) if text not in (SWITCH, "中文")]
            waiting += [each for each in found if each.suffix == ".md" and ROOT in each.parents]
    mine = [path for path in DOCS.rglob("*.md") if is_chinese(path) == (language == "zh")]
    assert [named(path) for path in mine if path not in reached] == []
