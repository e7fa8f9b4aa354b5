"""The pages that people read, in both languages, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CHINESE = DOCS / "zh"
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKED = re.compile(r"<!-- (?!of:)([a-z]+(?:: [^>]+)?) -->\n$")
LINK = re.compile(r"(?<!!)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block: its language, what it holds, and what the comment before it says of its use."""

    language: str
    text: str
    mark: str


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def pages() -> list[Path]:
    """Every page, but those of the rules, of which there is one each."""
    found = [*READMES.values(), *DOCS.rglob("*.md")]
    return sorted(path for path in found if path.parent.name != "rules")


def pairs() -> list[tuple[Path, Path]]:
    """(English, Chinese) of every page that has both."""
    both = [(DOCS / path.relative_to(CHINESE), path) for path in pages() if CHINESE in path.parents]
    return [(READMES["en"], READMES["zh"]), *both]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> list[Block]:
    text = text_of(path)
    marks = (MARKED.search(text[: found.start()]) for found in FENCED.finditer(text))
    return [
        Block(found[1], found[2], mark[1] if mark else "")
        for found, mark in zip(FENCED.finditer(text), marks, strict=True)
    ]


def prose(path: Path) -> str:
    """A page without its fenced blocks and without comments."""
    return re.sub(r"<!--.*?-->", "", FENCED.sub("", text_of(path)), flags=re.DOTALL)


def links(path: Path) -> Iterator[tuple[str, str, str]]:
    """(what is read, file, anchor) of every link of a page that stays inside the project."""
    for text, target in LINK.findall(prose(path)):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield text, file, anchor


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", one.strip().lower().replace(" ", "-")) for one in headings}
