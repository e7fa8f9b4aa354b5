"""A comparison as one HTML page that loads nothing, alike to the export's report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from one_adapter.export.page.frame import code, page, section, table, text
from one_adapter.language import enumerated, tr, translated, trn
from one_adapter.verify.output.as_text import ALL, probe_and_difference
from one_adapter.verify.result import MEANINGS, OUTCOMES, Check, Outcome, Verification, gravest
from one_adapter.verify.vocabulary import enumeration, word_for

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
    title = tr(
        "{verdict} {old} and {new}", verdict=verification.verdict, old=verification.old, new=verification.new
    )
    return page(translated(title), body)


def _head(verification: Verification) -> str:
    total = len(verification.checks) or 1
    names = trn("{count:,} name", "{count:,} names", len(verification.models))
    checks = trn("{count:,} check", "{count:,} checks", len(verification.checks))
    present = [outcome for outcome in reversed(OUTCOMES) if verification.count(outcome)]
    bars = "".join(
        f'<i class="v-{COLOURS[outcome]}" '
        f'style="flex:{max(verification.count(outcome) / total, 0.012):.4f}"></i>'
        for outcome in present
    )
    keys = "".join(
        f'<li class="v-{COLOURS[outcome]}" title="{_said(MEANINGS[outcome])}">'
        f"<b>{verification.count(outcome):,}</b> {_said(word_for(outcome))}</li>"
        for outcome in present
    )
    return (
        f'<header><p class="from">{_said(verification.old)} → {_said(verification.new)}</p>'
        f"<h1>{_said(verification.verdict)}</h1>"
        f'<p class="lead">{_said(enumerated([names, checks]))}</p>'
        f'<div class="bars" aria-hidden="true">{bars}</div><ul class="keys">{keys}</ul></header>'
    )


def _differences(verification: Verification) -> str:
    found = [check for check in verification.checks if check.outcome == "different"]
    if not found:
        fine = tr("No difference was found that is not on purpose.")
        return section("differs", translated(tr("What differs")), f'<p class="fine">{_said(fine)}</p>')
    rows = (
        (
            _name(check.model),
            _said(word_for(check.probe)),
            _said(check.difference),
            _fact(check.old),
            _fact(check.new),
        )
        for check in found
    )
    heads = tr("Name"), tr("Probe"), tr("Difference"), tr("Old"), tr("New")
    return section("differs", translated(tr("What differs")), table([*map(translated, heads)], rows))


def _notes(verification: Verification) -> str:
    notes = [_said(note) for note in verification.notes]
    if not notes:
        return ""
    items = "".join(f"<li>{note}</li>" for note in notes)
    return section("notes", translated(tr("What to know")), f"<ul>{items}</ul>")


def _names(verification: Verification) -> str:
    rows = []
    for model in ("", *verification.models):
        checks = verification.of(model)
        if checks:
            rows.append((_name(model), _badge(gravest(checks)), _probes(checks)))
    heads = [*map(translated, (tr("Name"), tr("Outcome"), tr("Checks")))]
    return section("names", translated(tr("Every name")), table(heads, rows, "names"))


def _probes(checks: Sequence[Check]) -> str:
    same = [*dict.fromkeys(check.probe for check in checks if check.outcome == "same")]
    told = _said(tr("same: {probes}", probes=enumeration(same)))
    lines = [f'<span class="quiet">{told}</span>'] if same else []
    for check in checks:
        if check.outcome != "same":
            known = f" <code>{text(check.known)}</code>" if check.known else ""
            lines.append(f"{_badge(check.outcome)} {_said(probe_and_difference(check))}{known}")
    return "<br>".join(lines)


def _badge(outcome: Outcome) -> str:
    return f'<span class="badge v-{COLOURS[outcome]}">{_said(word_for(outcome))}</span>'


def _name(model: str) -> str:
    return code(model) if model else f'<span class="quiet">{_said(ALL)}</span>'


def _fact(value: Any) -> str:
    if value is None:
        return f'<span class="quiet">{_said(word_for("nothing"))}</span>'
    words = translated(word_for(value)) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return code(words)


def _said(words: str) -> str:
    return text(translated(words))
