"""What the terminal says after an export."""

from __future__ import annotations

from collections import Counter

from one_adapter.export.pure.plan import pure_plan
from one_adapter.export.report.hiding import Hider
from one_adapter.export.report.lines import lines_of
from one_adapter.export.report.model import GRAVEST
from one_adapter.export.secrets.variables import Secrets
from one_adapter.export.wording import counted, visible
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
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    lines = [f"{counted(len(plan.ledger), 'setting')}: {', '.join(parts)}"] if parts else []
    bad = strict_rows(plan)
    joined = lines_of(bad)
    for line in joined[:SETTINGS_SHOWN]:
        row = line.row
        more = f" and {line.number - 1} more beside it" if line.number > 1 else ""
        lines.append(visible(f"  {row.verdict} {line.place} {row.pointer}{more}: {hide(row.note)}"))
    if len(joined) > SETTINGS_SHOWN:
        left = sum(line.number for line in joined[SETTINGS_SHOWN:])
        lines.append(f"  and {left} more; --report FILE names them all")
    lines += [visible(f"  to do: {hide(task.message)}") for task in plan.tasks if task.level != "info"]
    if secrets.to_fill:
        lines.append(f"  to be filled in: {', '.join(secrets.to_fill)}")
    if secrets.to_create:
        lines.append(f"  to be created and filled in: {', '.join(secrets.to_create)}")
    return lines
