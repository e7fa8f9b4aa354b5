"""`lint --fix --unsafe`: a setting of LiteLLM's moved to where it is read, and so begins to count.

By whole lines, with what is commented beside it. What is written in braces, stands behind a dash or is there
already stays where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from one_adapter.config.document import Document, Span
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.node import Member, Node, segments
from one_adapter.finding import Finding
from one_adapter.language import Message
from one_adapter.lint.fixes import Edit

#: The help of findings about a setting in the wrong place -> the mapping beside it that reads it.
_BESIDE: Mapping[str, str] = {
    "It belongs under litellm_params.": "litellm_params",
    "It belongs under model_info.": "model_info",
}
_SECTION = "It belongs in {places}."
_CODES = ("LIT102", "LIT109", "LIT113")
_NAME = re.compile(r"[a-z_]+")


def moves_for(finding: Finding, document: Document) -> Iterator[Edit]:
    """The edits that move a setting to where it is read; none where that is not plain."""
    if finding.code not in _CODES or not isinstance(document, LiteLLMFile):
        return
    target = _target(finding, document)
    lines = _lines_of(_member(document, finding.pointer), document.text)
    key = segments(finding.pointer)[-1]
    if target is None or lines is None:
        return
    around, _, name = target.rpartition("/")
    home = document.find(target)
    if home is not None and not _is_in_place(_member(document, target)):
        return
    if home is None:
        inside = document.find(around)
        place = _end_of(inside, document.text) if inside is not None else None
        if place is not None:
            at, indent = place
            ending = "" if document.text[at - 1 : at] == "\n" else "\n"
            moved = _indented(document.text[lines.start : lines.end], indent + 2)
            yield from _both(lines, at, f"{ending}{' ' * indent}{name}:\n{moved}" if moved else "")
    elif home.get(key) is None:
        place = _end_of(home, document.text)
        if place is not None:
            at, indent = place
            ending = "" if document.text[at - 1 : at] == "\n" else "\n"
            moved = _indented(document.text[lines.start : lines.end], indent)
            yield from _both(lines, at, f"{ending}{moved}" if moved else "")


def _both(lines: Span, at: int, text: str) -> Iterator[Edit]:
    if text:
        yield Edit(lines, "")
        yield Edit(Span(at, at), text)


def _target(finding: Finding, document: LiteLLMFile) -> str | None:
    """The pointer of the mapping that reads the setting, where there is but one."""
    if not isinstance(finding.help, Message):
        return None
    if finding.help.template == _SECTION:
        name = str(finding.help.values["places"])
        return f"{document.at}/{name}" if _NAME.fullmatch(name) else None
    name = _BESIDE.get(finding.help.template, "")
    entry = re.match(r".*?/model_list/\d+", finding.pointer)
    return f"{entry[0]}/{name}" if name and entry else None


def _member(document: Document, pointer: str) -> Member | None:
    parent = document.find(pointer.rpartition("/")[0])
    key = segments(pointer)[-1]
    return next((one for one in parent.members if one.key == key), None) if parent is not None else None


def _is_in_place(member: Member | None) -> bool:
    """Whether a value is written behind its key, and is no alias of one further up."""
    return member is not None and member.node.span.start >= member.key_span.end


def _lines_of(member: Member | None, text: str) -> Span | None:
    """The whole lines that a member of a block mapping takes up."""
    if member is None or not _is_in_place(member):
        return None
    start = text.rfind("\n", 0, member.key_span.start) + 1
    end = _line_end(text, member.node)
    if text[start : member.key_span.start].strip(" ") or end is None:
        return None
    return Span(start, end)


def _line_end(text: str, node: Node) -> int | None:
    """Behind the line on which a value ends; None where more than a comment stands behind it."""
    # A block ends where the next key begins; comments in front of that are the next one's.
    while text[node.span.start : node.span.start + 1] not in ("{", "[") and (node.members or node.items):
        last = node.members[-1].node if node.members else node.items[-1]
        if last.span.start < node.span.start:
            return None  # an alias of something further up
        node = last
    at = node.span.end
    end = text.find("\n", at) + 1 or len(text)
    rest = text[at:end].strip()
    return end if not rest or rest.startswith("#") else None


def _end_of(mapping: Node, text: str) -> tuple[int, int] | None:
    """Where a block mapping goes on, and how far its keys are indented; None for one that is none."""
    if not mapping.members or text[mapping.span.start : mapping.span.start + 1] == "{":
        return None
    last = mapping.members[-1]
    if last.node.span.start < last.key_span.end or last.key_span.start < mapping.span.start:
        return None
    start = text.rfind("\n", 0, last.key_span.start) + 1
    before = text[start : last.key_span.start]
    end = _line_end(text, last.node)
    return (end, len(before)) if end is not None and not before.strip(" -") else None


def _indented(lines: str, indent: int) -> str:
    """Lines indented so that the first has this many blanks in front; empty where that cannot be."""
    old = len(lines) - len(lines.lstrip(" "))
    made = []
    for line in lines.splitlines(keepends=True):
        if line.strip() and not line.startswith(" " * old):
            return ""
        made.append(" " * indent + line[old:] if line.strip() else line)
    text = "".join(made)
    return text if text.endswith("\n") else f"{text}\n"
