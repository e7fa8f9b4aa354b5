"""Hold each Chinese page, docs/zh/NAME, to its English one, docs/NAME, section by section.

    python docs/translations.py                 name what is stale, missing or surplus; exit 1
    python docs/translations.py --mark NAME…    say that these pages (verify.md) are translated as they stand

Below each heading of a Chinese page stands the mark of the English section that it translates:
`<!-- of: HASH -->`, the beginning of the SHA-256 of that section's text, its heading included. A section
ends at the next heading of any level. Pages that are written by docs/generate.py have no marks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from pathlib import Path

DOCS = Path(__file__).resolve().parent
CHINESE = DOCS / "zh"
HEADING = re.compile(r"(#{1,6}) (.+)")
MARK = re.compile(r"<!-- of: ([0-9a-f]{12}) -->")
GENERATED = "<!-- Written by docs/generate.py"


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it up to the next one."""

    level: int
    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, without the blank lines at its end."""
        return "\n".join(self.lines).strip()

    @property
    def hash(self) -> str:
        """Twelve digits that change with the text."""
        return sha256(self.text.encode()).hexdigest()[:12]

    @property
    def mark(self) -> str:
        """The hash of the section that this one translates; empty where it says none."""
        found = MARK.fullmatch(self.lines[1]) if len(self.lines) > 1 else None
        return found[1] if found else ""


def sections(text: str) -> list[Section]:
    """The sections of a page; what stands before its first heading belongs to none."""
    parts: list[list[str]] = []
    in_code = False
    for line in text.splitlines():
        in_code ^= line.startswith("```")
        if not in_code and HEADING.fullmatch(line):
            parts.append([line])
        elif parts:
            parts[-1].append(line)
    found = []
    for lines in parts:
        heading = HEADING.fullmatch(lines[0])
        assert heading
        found.append(Section(len(heading[1]), heading[2], tuple(lines)))
    return found


def translated_pages() -> list[str]:
    """The pages that people write in both languages, named from docs/."""
    found = [*DOCS.glob("*.md"), *DOCS.glob("providers/*.md"), *CHINESE.glob("*.md")]
    found += CHINESE.glob("providers/*.md")
    written = {path for path in found if not path.read_text("utf-8").startswith(GENERATED)}
    return sorted({str(path.relative_to(CHINESE if CHINESE in path.parents else DOCS)) for path in written})


def faults(name: str, english: str, chinese: str) -> Iterator[str]:
    """What keeps a Chinese page from saying what the English one says."""
    ours, theirs = sections(english), sections(chinese)
    for kind, start, end, begin, stop in SequenceMatcher(
        None, [one.hash for one in ours], [one.mark for one in theirs], autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        both = min(end - start, stop - begin)
        for one, other in zip(ours[start : start + both], theirs[begin : begin + both], strict=True):
            yield f"docs/zh/{name}: “{other.title}” is stale; “{one.title}” has changed in docs/{name}"
        for one in ours[start + both : end]:
            yield f"docs/zh/{name} lacks “{one.title}” of docs/{name}"
        for other in theirs[begin + both : stop]:
            yield f"docs/zh/{name}: “{other.title}” translates nothing of docs/{name}"
    for one, other in zip(ours, theirs, strict=False):
        if len(ours) == len(theirs) and one.level != other.level:
            yield f"docs/zh/{name}: “{other.title}” has another level than “{one.title}”"


def marked(english: str, chinese: str) -> str:
    """The Chinese page with the mark of the English section at each heading, one after another."""
    ours, theirs = sections(english), sections(chinese)
    if [one.level for one in ours] != [one.level for one in theirs]:
        pairs = "\n".join(f"{one.text.splitlines()[0]}" for one in ours)
        raise SystemExit(f"the pages have other headings; the English ones are\n{pairs}")
    parts = [chinese[: chinese.index(theirs[0].lines[0])]] if theirs else []
    for one, other in zip(ours, theirs, strict=True):
        kept = [line for line in other.lines[1:] if not MARK.fullmatch(line)]
        parts.append("\n".join([other.lines[0], f"<!-- of: {one.hash} -->", *kept]) + "\n")
    return "".join(parts)


def all_faults() -> Iterator[str]:
    """What is wrong with any of the pages."""
    for name in translated_pages():
        english, chinese = DOCS / name, CHINESE / name
        if not english.exists() or not chinese.exists():
            yield f"docs/zh/{name} {'translates no page' if chinese.exists() else 'is missing'}"
        else:
            yield from faults(name, english.read_text("utf-8"), chinese.read_text("utf-8"))


def main(words: list[str]) -> int:
    """Say what is wrong, or mark the pages that are named."""
    if words[:1] == ["--mark"]:
        for name in words[1:]:
            path = CHINESE / name
            path.write_text(marked((DOCS / name).read_text("utf-8"), path.read_text("utf-8")), "utf-8")
        return 0
    wrong = list(all_faults())
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
