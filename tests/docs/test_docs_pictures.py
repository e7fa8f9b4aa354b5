"""The pictures of the READMEs: small, of every kind in both languages, and shown."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from pages import CHINESE, READMES, ROOT, pages, text_of
from pictures import PAGES, PICTURES, TERMINALS, svg

from one_adapter.language import LANGUAGES

NAMES = [f"{name}.{language}.svg" for name in TERMINALS for language in LANGUAGES]
NAMES += [f"{name}.{language}.png" for name in PAGES for language in LANGUAGES]


def test_every_picture_is_there_and_no_other() -> None:
    assert {path.name for path in PICTURES.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_and_can_be_read(name: str) -> None:
    content = (PICTURES / name).read_bytes()
    assert 1000 < len(content) < 200_000
    if name.endswith(".svg"):
        assert ElementTree.fromstring(content).tag.endswith("svg")
    else:
        assert content.startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_shows_pictures_in_its_language_and_each_is_shown_somewhere(language: str) -> None:
    mine = [
        path for path in pages() if (path == READMES["zh"] or CHINESE in path.parents) == (language == "zh")
    ]
    shown: set[str] = set()
    for path in mine:
        for alternative, target in re.findall(r"!?\[([^\]]*)\]\((\S+\.(?:svg|png))\)", text_of(path)):
            assert (path.parent / target).resolve().parent == ROOT / "docs" / "pictures"
            assert alternative
            shown.add(target.rpartition("/")[2])
    assert shown == {name for name in NAMES if f".{language}." in name}


def test_a_terminal_keeps_its_colours_and_its_columns() -> None:
    drawn = ElementTree.fromstring(svg("x", "a\r\n\x1b[31m模型\x1b[0m  b<\r\n\x1b[K 1 s\r2 s"))
    texts = [element for element in drawn.iter() if element.tag.endswith("text")]
    assert [element.text for element in texts] == ["$", "x", "a", "模型", "b<", "2 s"]
    model, after = texts[3], texts[4]
    assert model.get("fill") == "#e06c75"
    assert after.get("fill") is None
    assert float(after.get("x", 0)) - float(model.get("x", 0)) == 6 * 8
