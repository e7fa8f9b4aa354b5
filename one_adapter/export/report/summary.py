"""What the terminal says after an export."""

from __future__ import annotations

from collections import Counter

from one_adapter.export.formatting import settings_words, visible
from one_adapter.export.pure.plan import pure_plan
from one_adapter.export.report.hiding import Hider
from one_adapter.export.report.lines import Line, lines_of
from one_adapter.export.report.model import GRAVEST, VERDICT_WORDS
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import changed, enumerated, tr
from one_adapter.plan.types import VERDICTS, Plan, Row

#: How many lost or changed settings the terminal names.
SETTINGS_SHOWN = 5


def strict_rows(plan: Plan, pure: bool = False) -> list[Row]:
    """The rows `--strict` fails for: what is approximated or dropped, gravest first."""
    ledger = pure_plan(plan).ledger if pure else plan.ledger
    bad = [row for row in ledger if row.verdict in ("dropped", "approximated")]
    return sorted(bad, key=lambda row: (GRAVEST.index(row.verdict), row.line, row.column))


def summary_lines(plan: Plan, secrets: Secrets, pure: bool = False) -> list[str]:
    """A few lines for the terminal after an export: the counts, what is lost, what must be created."""
    hide = Hider(plan, secrets)
    plan = pure_plan(plan) if pure else plan
    counts = Counter(row.verdict for row in plan.ledger)
    parts = [
        tr("{count:,} {verdict}", count=counts[verdict], verdict=VERDICT_WORDS[verdict])
        for verdict in VERDICTS
        if counts[verdict]
    ]
    lines: list[str] = []
    if parts:
        settings = settings_words(len(plan.ledger))
        lines.append(tr("{settings}: {counts}", settings=settings, counts=enumerated(parts)))
    bad = strict_rows(plan)
    joined = lines_of(bad)
    for line in joined[:SETTINGS_SHOWN]:
        lines.append(changed(_told(line, hide), visible))
    if len(joined) > SETTINGS_SHOWN:
        left = sum(line.number for line in joined[SETTINGS_SHOWN:])
        lines.append(tr("  and {count} more; --report FILE names them all", count=left))
    for task in plan.tasks:
        if task.level != "info":
            lines.append(changed(tr("  to do: {message}", message=hide(task.message)), visible))
    if secrets.to_fill:
        lines.append(tr("  to be filled in: {names}", names=enumerated(secrets.to_fill)))
    if secrets.to_create:
        lines.append(tr("  to be created and filled in: {names}", names=enumerated(secrets.to_create)))
    return lines


def _told(line: Line, hide: Hider) -> str:
    row = line.row
    told: dict[str, object] = {
        "verdict": VERDICT_WORDS[row.verdict],
        "place": line.place,
        "pointer": row.pointer,
        "note": hide(row.note),
    }
    if line.number > 1:
        more = line.number - 1
        return tr("  {verdict} {place} {pointer} and {more} more beside it: {note}", more=more, **told)
    return tr("  {verdict} {place} {pointer}: {note}", **told)
