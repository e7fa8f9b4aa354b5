"""The report as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from one_adapter.export.formatting import json_text
from one_adapter.export.report.model import Report
from one_adapter.export.report.names import Lead, Name

#: The meaning of these fields, for programs.
VERSION = 1


def json_report(report: Report) -> str:
    """The text of the report; characters outside ASCII stand as they are, lone surrogates escaped."""
    shown = {
        "version": VERSION,
        "source": report.source,
        "pure": report.pure,
        "counts": dict(report.counts),
        "todo": [
            {"level": item.level, "code": item.code, "text": item.text, "place": item.place}
            for item in report.items
        ],
        "differences": [{"name": each.name, "title": each.title} for each in report.differences],
        "pure_costs": list(report.costs),
        "names": [_name(name) for name in report.names if name.name or not report.plan.any],
        "any": None if report.plan.any is None else {"targets": _leads(report.names[0].leads)},
        "secrets": [
            {"name": each.name, "purpose": each.purpose, "create": each.create} for each in report.variables
        ],
        "start": [{"command": each.line, "what": each.what} for each in report.commands],
        "findings": [finding.to_json() for finding in report.findings],
        "rows": [
            {
                "pointer": row.pointer,
                "verdict": row.verdict,
                "target": row.target,
                "note": row.note,
                "line": row.line,
                "column": row.column,
            }
            for row in report.rows
        ],
    }
    return f"{json_text(shown, indent=2)}\n"


def _name(name: Name) -> dict[str, Any]:
    return {
        "name": name.name,
        "listed": name.listed,
        "kind": name.kind,
        "answers": name.answers,
        "alias_of": name.alias_of or None,
        "targets": _leads(name.leads),
        **({"embedding_targets": _leads(name.embeddings)} if name.embeddings else {}),
        **({"notes": list(name.notes)} if name.notes else {}),
    }


def _leads(leads: Sequence[Lead]) -> list[dict[str, Any]]:
    return [
        {
            "share": round(float(lead.share), 6),
            "service": lead.service,
            "credential": lead.credential or 0,
            **({"key": lead.key} if lead.key else {}),
            "provider": lead.provider,
            "url": lead.address,
            "model": lead.model,
            "spare": lead.spare,
        }
        for lead in leads
    ]
