"""A comparison for a terminal: a line for each name, counts, and the differences with both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from one_adapter.errors import visible
from one_adapter.export.table import table
from one_adapter.language import Message, changed, enumerated, sentences, tr, translated, trn
from one_adapter.verify.result import Check, Verification
from one_adapter.verify.vocabulary import enumeration, word_for

#: Heading of what is about no name.
ALL = tr("(all names)")
#: Differences that are shown with both sides, and characters of a side.
SHOWN_DIFFERENCES, FACT_CHARACTERS = 20, 200


def as_text(verification: Verification) -> str:
    """The table, the differences, what a reader should know, and the verdict."""
    rows = [row for model in ("", *verification.models) for row in _rows(model, verification.of(model))]
    parts = [translated(_sides(_shown(verification.old), _shown(verification.new)))]
    if rows:
        parts.append(table([*map(translated, (tr("NAME"), tr("OUTCOME"), tr("WHAT")))], rows))
    parts += _differences(verification)
    if verification.notes:
        parts.append("\n".join(_shown(tr("Note: {note}", note=note)) for note in verification.notes))
    parts.append(translated(summary(verification)))
    return "\n\n".join(parts) + "\n"


def summary(verification: Verification) -> str:
    """Verdict and counts in one line."""
    numbers = enumerated(
        [
            tr("{count} {outcome}", count=number, outcome=word_for(outcome))
            for outcome, number in verification.counts.items()
            if number
        ]
    )
    total = trn(
        "{count:,} check: {numbers}.",
        "{count:,} checks: {numbers}.",
        len(verification.checks),
        numbers=numbers or tr("none"),
    )
    return sentences(changed(verification.verdict, visible), total)


def _rows(model: str, checks: Sequence[Check]) -> Iterator[tuple[str, str, str]]:
    name = model or translated(ALL)
    same = [*dict.fromkeys(check.probe for check in checks if check.outcome == "same")]
    if same:
        yield name, translated(word_for("same")), translated(enumeration(same))
        name = ""
    for check in checks:
        if check.outcome != "same":
            yield name, translated(word_for(check.outcome)), sentence(check)
            name = ""


def sentence(check: Check) -> str:
    """The probe and what was found, in one line, with the name of a known difference."""
    words = probe_and_difference(check)
    return _shown(tr("{what} [{known}]", what=words, known=check.known) if check.known else words)


def probe_and_difference(check: Check) -> str:
    """The probe and what was found."""
    probe = word_for(check.probe)
    return tr("{probe}: {what}", probe=probe, what=check.difference) if check.difference else probe


def _differences(verification: Verification) -> Iterator[str]:
    found = [check for check in verification.checks if check.outcome == "different"]
    for check in found[:SHOWN_DIFFERENCES]:
        where = enumeration([*filter(None, (check.model or ALL, check.probe, check.aspect))])
        sides = _sides(_fact(check.old), _fact(check.new), "  ")
        yield f"{_shown(where)}\n{translated(sides)}"
    if len(found) > SHOWN_DIFFERENCES:
        more = trn(
            "and {count:,} difference more: --format json has them all",
            "and {count:,} differences more: --format json has them all",
            len(found) - SHOWN_DIFFERENCES,
        )
        yield translated(more)


def _shown(text: str) -> str:
    return visible(translated(text))


def _sides(old: str, new: str, indent: str = "") -> Message:
    return tr("{indent}old: {old}\n{indent}new: {new}", indent=indent, old=old, new=new)


def _fact(value: Any) -> str:
    words = _shown(word_for(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return words if len(words) <= FACT_CHARACTERS else f"{words[:FACT_CHARACTERS]}..."
