"""One finding about a configuration: what the linter says and a report passes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from one_adapter.config.document import Span

Severity = Literal["error", "warning", "info"]

#: Gravest first: the order in which `--fail-on` counts.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule at one place.

    `line` and `column` count from 1, columns in characters; `span` counts characters
    of the document's text.
    """

    code: str
    name: str
    severity: Severity
    pointer: str
    span: Span
    line: int
    column: int
    message: str
    help: str = ""
    expected: str = ""
    also: tuple[Span, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding as `explain --format json` and `lint --format json` show it.

        >>> Finding("SOA101", "unknown-field", "warning", "/x", Span(1, 4), 1, 2, "…").to_json()["line"]
        1
        """
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "pointer": self.pointer,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "help": self.help,
        }
