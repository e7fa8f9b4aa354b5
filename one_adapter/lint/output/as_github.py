"""Findings as annotations of a pull request on GitHub."""

from __future__ import annotations

from collections.abc import Sequence

from one_adapter.finding import Finding
from one_adapter.language import translated
from one_adapter.lint.output.as_text import Judged, litellm_note, one_line, shown_name, summary
from one_adapter.lint.output.excerpt import harmless

_ANNOTATIONS = {"error": "error", "warning": "warning", "info": "notice"}


def render_github(judged: Sequence[Judged], _colour: bool = False) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request."""
    lines = [_annotation(one, finding) for one in judged for finding in one.findings]
    notes = [translated(note)] if (note := litellm_note(judged)) else []
    return "\n".join([*lines, *notes, summary(judged), ""])


def _annotation(one: Judged, finding: Finding) -> str:
    line, column = one.document.position(finding.span.end)
    place = {
        "file": harmless(shown_name(one.document)),
        "line": finding.line,
        "endLine": line,
        "col": finding.column,
        "endColumn": column,
        "title": f"{finding.code} {finding.name}",
    }
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in place.items())
    text = "\n".join(one_line(part) for part in (finding.message, finding.help) if part)
    return f"::{_ANNOTATIONS[finding.severity]} {properties}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
