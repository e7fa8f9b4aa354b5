"""A comparison as JSON, for programs."""

from __future__ import annotations

from typing import Any

from one_adapter.export.formatting import json_text
from one_adapter.verify.result import Check, Verification

#: The meaning of these fields, for programs.
VERSION = 1


def as_json(verification: Verification) -> str:
    """One object: what was compared, the counts, and every check with both sides' facts."""
    shown = {
        "version": VERSION,
        "verdict": verification.verdict,
        "exit_code": verification.exit_code,
        "old": verification.old,
        "new": verification.new,
        "interrupted": verification.interrupted or None,
        "requests": dict(verification.asked),
        "counts": verification.counts,
        "uncompared": list(verification.uncompared),
        "notes": list(verification.notes),
        "checks": [_check(check) for check in verification.checks],
    }
    return f"{json_text(shown, indent=2)}\n"


def _check(check: Check) -> dict[str, Any]:
    shown = {"model": check.model or None, "probe": check.probe, "outcome": check.outcome}
    if check.outcome == "same":
        return shown
    facts = {"old": check.old, "new": check.new}
    return {
        **shown,
        "aspect": check.aspect or None,
        "difference": check.difference or None,
        **({"known": check.known} if check.known else {}),
        **facts,
    }
