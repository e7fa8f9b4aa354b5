"""`lint --fix`: puts right what can be put right by itself, where nothing new is found afterwards."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from one_adapter.config.document import Document, parse
from one_adapter.config.litellm_file import LiteLLMFile, parse_litellm
from one_adapter.config.store import is_store
from one_adapter.errors import OneAdapterError
from one_adapter.finding import Finding
from one_adapter.language import tr
from one_adapter.lint.fixes import Edit, applied, edits_for
from one_adapter.lint.moving import moves_for
from one_adapter.lint.output.excerpt import harmless
from one_adapter.lint.output.masking import Secrets

#: One thing put right may show the next, such as `/v1` before a path of a call that was cut off.
_MOST_ROUNDS = 5
#: Findings that are tried one by one where all together do harm.
_MOST_ALONE = 50
Find = Callable[[Document], tuple[Finding, ...]]
Choice = Callable[[tuple[Finding, ...]], tuple[Finding, ...]]


class Fixed(NamedTuple):
    """A document before and after, and how many findings are gone, where it has changed at all."""

    before: Document
    after: Document
    gone: int


def fixed(document: Document, find: Find, choice: Choice = tuple, unsafe: bool = False) -> Fixed:
    """The document with everything put right that can be, of the findings that are chosen.

    `unsafe` moves settings, too, to where they begin to count.
    A change after which any rule finds something new is not made.
    """
    first = find(document)
    codes = {one.code for one in first}
    now, found = document, first
    for _ in range(_MOST_ROUNDS):
        better = _better(now, found, find, choice, codes, unsafe)
        if better is None:
            break
        if now.root is None:
            # What can be read now was never judged before.
            codes |= {one.code for one in better[1]}
        now, found = better
    return Fixed(document, now, max(len(first) - len(found), 1))


def _better(
    now: Document, found: tuple[Finding, ...], find: Find, choice: Choice, codes: set[str], unsafe: bool
) -> tuple[Document, tuple[Finding, ...]] | None:
    """The document one round further: with all edits, or, where they do harm, with some that do none."""
    each = [made for one in choice(found) if (made := _edits(one, now, unsafe))]
    best = _tried(now, found, find, codes, [edit for made in each for edit in made])
    if best is not None or not 1 < len(each) <= _MOST_ALONE:
        return best
    kept: list[Edit] = []
    for made in each:
        step = _tried(now, best[1] if best else found, find, codes, [*kept, *made])
        if step is not None:
            kept += made
            best = step
    return best


def _edits(finding: Finding, document: Document, unsafe: bool) -> list[Edit]:
    return list(edits_for(finding, document)) or (list(moves_for(finding, document)) if unsafe else [])


def _tried(
    now: Document, found: tuple[Finding, ...], find: Find, codes: set[str], edits: list[Edit]
) -> tuple[Document, tuple[Finding, ...]] | None:
    """The document with these edits; None where they change nothing, or do harm."""
    text = applied(now.text, list(dict.fromkeys(edits)))
    if text == now.text:
        return None
    after = reread(now, text)
    findings = find(after)
    fine = after.problem is None and (now.root is None or not _is_worse(findings, found, codes))
    return (after, findings) if fine else None


def _grave(findings: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in findings if one.severity != "info"]


def _is_worse(findings: tuple[Finding, ...], found: tuple[Finding, ...], codes: set[str]) -> bool:
    """Whether there is an error or a warning of a rule that had none before, or there are more than before.

    A pointer changes with a key that is put right, so that a rule may say the same of another place.
    """
    grave = _grave(findings)
    return any(one.code not in codes for one in grave) or len(grave) > len(_grave(found))


def reread(document: Document, text: str) -> Document:
    """A document of the same kind with another text."""
    data = text.encode("utf-8", "surrogatepass")
    if isinstance(document, LiteLLMFile):
        return parse_litellm(data, document.name, document.at, document.part)
    return parse(data, document.name)


def diff(one: Fixed) -> str:
    """The change as a unified diff, secrets masked; empty where there is none."""
    name = one.before.name
    lines = unified_diff(_masked(one.before), _masked(one.after), name, f"{name} (fixed)", n=2)
    return "".join(harmless(line.rstrip("\r\n")) + "\n" for line in lines)


def _masked(document: Document) -> list[str]:
    return Secrets(document).mask(0, len(document.text)).splitlines(keepends=True)


def write(one: Fixed) -> None:
    """Write the text into the file that was read; `OneAdapterError` where it is not as it was read."""
    path = Path(one.before.name)
    if one.before.name == "-" or is_store(one.before.name):
        raise OneAdapterError(tr("{name}: only a file can be put right", name=one.before.name))
    try:
        if path.read_bytes() != one.before.text.encode("utf-8"):
            raise OneAdapterError(tr("{name}: is not as it was read, nothing is written", name=str(path)))
        # In place: links, owner and rights stay, and no second file holds the secrets of this one.
        with path.open("r+b") as file:
            file.write(one.after.text.encode("utf-8"))
            file.truncate()
    except OSError as problem:
        raise OneAdapterError(
            tr("{name}: cannot be written: {reason}", name=str(path), reason=problem.strerror or "")
        ) from None
