"""A comparison for a terminal: a line for each name, counts, and the differences with both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from one_adapter.errors import visible
from one_adapter.export.table import table
from one_adapter.export.wording import counted
from one_adapter.verify.result import Check, Verification

#: Heading of what is about no name.
ALL = "(all names)"
#: Differences that are shown with both sides, and characters of a side.
SHOWN, FACT_CHARS = 20, 200


def as_text(verification: Verification) -> str:
    """The table, the differences, what a reader should know, and the verdict."""
    rows = [row for model in ("", *verification.models) for row in _rows(model, verification.of(model))]
    parts = [f"old: {visible(verification.old)}\nnew: {visible(verification.new)}"]
    if rows:
        parts.append(table(("NAME", "OUTCOME", "WHAT"), rows))
    parts += _differences(verification)
    if verification.notes:
        parts.append("\n".join(f"Note: {visible(note)}" for note in verification.notes))
    parts.append(summary(verification))
    return "\n\n".join(parts) + "\n"


def summary(verification: Verification) -> str:
    """Verdict and counts in one line."""
    numbers = ", ".join(f"{number} {outcome}" for outcome, number in verification.counts.items() if number)
    return (
        f"{visible(verification.verdict)} {counted(len(verification.checks), 'check')}: {numbers or 'none'}."
    )


def _rows(model: str, checks: Sequence[Check]) -> Iterator[tuple[str, str, str]]:
    name = model or ALL
    same = tuple(dict.fromkeys(check.probe for check in checks if check.outcome == "same"))
    if same:
        yield name, "same", ", ".join(same)
        name = ""
    for check in checks:
        if check.outcome != "same":
            yield name, check.outcome, sentence(check)
            name = ""


def sentence(check: Check) -> str:
    """The probe and what was found, in one line, with the name of a known difference."""
    words = f"{check.probe}: {check.difference}" if check.difference else check.probe
    return visible(f"{words} [{check.known}]" if check.known else words)


def _differences(verification: Verification) -> Iterator[str]:
    found = [check for check in verification.checks if check.outcome == "different"]
    for check in found[:SHOWN]:
        where = ", ".join(filter(None, (check.model or ALL, check.probe, check.aspect)))
        yield f"{visible(where)}\n  old: {_fact(check.old)}\n  new: {_fact(check.new)}"
    if len(found) > SHOWN:
        yield f"and {counted(len(found) - SHOWN, 'difference')} more: --format json has them all"


def _fact(value: Any) -> str:
    words = visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return words if len(words) <= FACT_CHARS else f"{words[:FACT_CHARS]}..."
