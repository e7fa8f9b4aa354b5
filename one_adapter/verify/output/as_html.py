"""A comparison as one HTML page that loads nothing, alike to the export's report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from one_adapter.export.page.frame import code, page, section, table, text
from one_adapter.export.wording import counted
from one_adapter.verify.output.as_text import ALL
from one_adapter.verify.result import MEANINGS, OUTCOMES, Check, Outcome, Verification, gravest

#: The style's colours, by what they stand for here.
COLOURS: Mapping[Outcome, str] = {
    "different": "dropped",
    "not compared": "approximated",
    "unsteady": "inert",
    "known": "emulated",
    "same": "mapped",
}


def as_html(verification: Verification) -> str:
    """The text of the page: the verdict, the differences with both sides, and every name with its probes."""
    body = "".join(
        (
            _head(verification),
            "<main>",
            _differences(verification),
            _notes(verification),
            _names(verification),
            "</main>",
        )
    )
    return page(f"{verification.verdict} {verification.old} and {verification.new}", body)


def _head(verification: Verification) -> str:
    total = len(verification.checks) or 1
    present = [outcome for outcome in reversed(OUTCOMES) if verification.count(outcome)]
    bars = "".join(
        f'<i class="v-{COLOURS[outcome]}" '
        f'style="flex:{max(verification.count(outcome) / total, 0.012):.4f}"></i>'
        for outcome in present
    )
    keys = "".join(
        f'<li class="v-{COLOURS[outcome]}" title="{MEANINGS[outcome]}">'
        f"<b>{verification.count(outcome):,}</b> {outcome}</li>"
        for outcome in present
    )
    return (
        f'<header><p class="from">{text(verification.old)} → {text(verification.new)}</p>'
        f"<h1>{text(verification.verdict)}</h1>"
        f'<p class="lead">{counted(len(verification.models), "name")}, '
        f"{counted(len(verification.checks), 'check')}</p>"
        f'<div class="bars" aria-hidden="true">{bars}</div><ul class="keys">{keys}</ul></header>'
    )


def _differences(verification: Verification) -> str:
    found = [check for check in verification.checks if check.outcome == "different"]
    if not found:
        words = '<p class="fine">No difference was found that is not on purpose.</p>'
        return section("differs", "What differs", words)
    rows = (
        (_name(check.model), text(check.probe), text(check.difference), _fact(check.old), _fact(check.new))
        for check in found
    )
    return section("differs", "What differs", table(("Name", "Probe", "Difference", "Old", "New"), rows))


def _notes(verification: Verification) -> str:
    notes = [text(note) for note in verification.notes]
    if not notes:
        return ""
    return section("notes", "What to know", f"<ul>{''.join(f'<li>{note}</li>' for note in notes)}</ul>")


def _names(verification: Verification) -> str:
    rows = []
    for model in ("", *verification.models):
        checks = verification.of(model)
        if checks:
            rows.append((_name(model), _badge(gravest(checks)), _probes(checks)))
    return section("names", "Every name", table(("Name", "Outcome", "Probes"), rows, "names"))


def _probes(checks: Sequence[Check]) -> str:
    same = dict.fromkeys(text(check.probe) for check in checks if check.outcome == "same")
    lines = [f'<span class="quiet">same: {", ".join(same)}</span>'] if same else []
    for check in checks:
        if check.outcome != "same":
            known = f" <code>{text(check.known)}</code>" if check.known else ""
            words = f"{check.probe}: {check.difference}" if check.difference else check.probe
            lines.append(f"{_badge(check.outcome)} {text(words)}{known}")
    return "<br>".join(lines)


def _badge(outcome: Outcome) -> str:
    return f'<span class="badge v-{COLOURS[outcome]}">{outcome}</span>'


def _name(model: str) -> str:
    return code(model) if model else f'<span class="quiet">{ALL}</span>'


def _fact(value: Any) -> str:
    if value is None:
        return '<span class="quiet">nothing</span>'
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return code(words)
