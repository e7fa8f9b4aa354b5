"""What the linter has to say: rules, findings, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from one_adapter.config.document import Document, Span
from one_adapter.dialect import DIALECTS, Dialect

if TYPE_CHECKING:
    from one_adapter.lint.context import Context

Severity = Literal["error", "warning", "info"]

#: Gravest first: the order in which `--fail-on` counts.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


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


Check = Callable[["Context"], Iterator[Note]]
When = Callable[[Dialect], bool]


def always(_: Dialect) -> bool:
    """Of a rule that holds under every version of the gateway."""
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable code and name, how grave a breach is, and the function that finds breaches.

    The function's docstring is the rule's documentation page. `when` says under which versions of the
    gateway it holds.
    """

    code: str
    name: str
    severity: Severity
    check: Check
    when: When = always

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """The versions of the gateway under which it holds, the newest last."""
        return tuple(one for one in DIALECTS.values() if self.when(one))

    @property
    def doc(self) -> str:
        """The rule's documentation as written above its function, without indentation."""
        from inspect import cleandoc  # only --explain and the page generator need it

        return cleandoc(self.check.__doc__ or "")


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


def found(rule: Rule, note: Note, document: Document) -> Finding:
    """A rule's note as a finding in a document."""
    line, column = document.position(note.span.start)
    return Finding(
        rule.code,
        rule.name,
        note.severity or rule.severity,
        note.pointer,
        note.span,
        line,
        column,
        note.message,
        note.help,
        note.expected,
        note.also,
    )


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


def listed(words: Sequence[str], last: str = "or") -> str:
    """Words as a person lists them.

    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
