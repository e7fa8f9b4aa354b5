"""Findings as JSON, for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from one_adapter.finding import SEVERITIES, Finding
from one_adapter.lint.kinds import LITELLM
from one_adapter.lint.output.as_text import Judged


def render_json(judged: Sequence[Judged], _colour: bool = False) -> str:
    """Every finding as one JSON object, with a count of each severity."""
    counts: Counter[str] = Counter(finding.severity for one in judged for finding in one.findings)
    report = {
        "version": 1,
        "files": [one.document.name for one in judged],
        **_kinds(judged),
        "findings": [
            {"path": one.document.name, **finding.to_json(), **_end(one, finding)}
            for one in judged
            for finding in one.findings
        ],
        "summary": {severity: counts[severity] for severity in SEVERITIES},
    }
    return json.dumps(report, ensure_ascii=True, indent=2) + "\n"


def _kinds(judged: Sequence[Judged]) -> dict[str, Any]:
    """Where a file is one of LiteLLM's: the kind of each file, and by which version it was judged."""
    if all(one.kind != LITELLM for one in judged):
        return {}
    return {
        "judged": [
            {"path": one.document.name, "kind": one.kind, **({"version": one.version} if one.version else {})}
            for one in judged
        ]
    }


def _end(one: Judged, finding: Finding) -> dict[str, Any]:
    line, column = one.document.position(finding.span.end)
    return {"end_line": line, "end_column": column, "expected": finding.expected}
