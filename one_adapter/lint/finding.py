"""What a rule notes, and how findings are counted and ordered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from one_adapter.config.document import Span
from one_adapter.finding import SEVERITIES, Finding, Severity


class Note(NamedTuple):
    """What a rule reports: a place, one sentence, and what to do about it.

    `span` is the exact token in the source; `expected` lists what would have been
    right; `also` names a second place (the first of two equal keys).
    `severity` is set only where a rule's own does not hold for this file format.
    """

    pointer: str
    span: Span
    message: str
    help: str = ""
    expected: str = ""
    severity: Severity | None = None
    also: tuple[Span, str] | None = None


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings sorted by position, then by code."""
    return tuple(sorted(findings, key=lambda f: (f.span.start, f.code, f.pointer)))


def at_least(findings: Iterable[Finding], severity: Severity) -> bool:
    """Whether any finding is as grave as `severity` or graver."""
    counted = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return any(finding.severity in counted for finding in findings)


def refused(findings: Iterable[Finding]) -> bool:
    """Whether the gateway would refuse the configuration these findings are about.

    >>> refused(())
    False
    """
    return at_least(findings, "error")
