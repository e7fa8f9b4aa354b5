"""Findings as text for a person: place, problem, excerpt with a caret, what was expected, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from one_adapter.config.document import Document
from one_adapter.config.model import Gateway
from one_adapter.config.others import is_litellm
from one_adapter.finding import SEVERITIES, Finding
from one_adapter.lint.finding import refused
from one_adapter.lint.output.excerpt import excerpt, harmless
from one_adapter.lint.output.masking import Secrets
from one_adapter.lint.rule import MOST_FINDINGS

_COLOURS = {"error": "31", "warning": "33", "info": "36"}


class Judged(NamedTuple):
    """A document and what was found in it; and what it says, for those who are told more than findings."""

    document: Document
    findings: tuple[Finding, ...]
    gateway: Gateway | None = None


class _Paint:
    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def render_text(findings: Sequence[Finding], document: Document, colour: bool = False) -> str:
    """Findings about one document, each with its excerpt. No secret of the document is in it.

    >>> from one_adapter.config.document import parse
    >>> from one_adapter.lint.catalogue import judge
    >>> document = parse(b'{"api_key": 5}', "config.json")
    >>> print(render_text(judge(document)[-1:], document))
    config.json:1:13: error: api_key must be text, this is a number [SOA102 wrong-type]
      |
    1 | {"api_key": *}
      |             ^
      = expected: text (Client key)
      = help: Put it in quotes.
    <BLANKLINE>
    """
    paint = _Paint(colour)
    secrets = Secrets(document)
    return "\n".join(_finding(finding, document, secrets, paint) for finding in findings)


def render_all(judged: Sequence[Judged], colour: bool = False) -> str:
    """The findings about each file, what is to be said of open ones, and a last line that counts."""
    parts = [render_text(one.findings, one.document, colour) for one in judged if one.findings]
    parts += [note] if (note := open_note(judged)) else []
    return "\n".join([*parts, summary(judged)]) + "\n"


def _finding(finding: Finding, document: Document, secrets: Secrets, paint: _Paint) -> str:
    colour = _COLOURS[finding.severity]
    place = paint(f"{harmless(shown_name(document))}:{finding.line}:{finding.column}:", "1")
    severity = paint(f"{finding.severity}:", f"1;{colour}")
    rule = paint(f"[{finding.code} {finding.name}]", "2")
    lines = [f"{place} {severity} {one_line(finding.message)} {rule}"]
    shown = excerpt(document, finding.span, secrets)
    gutter = len(str(finding.line))
    if shown and shown.text:
        margin = paint(f"{' ' * gutter} |", "2")
        lines.append(margin)
        lines.append(f"{paint(f'{shown.line} |', '2')} {shown.text}")
        lines.append(f"{margin} {paint(shown.carets, colour)}")
    for label, text in (("expected", finding.expected), ("help", finding.help)):
        if text:
            lines.append(f"{' ' * gutter} = {paint(label + ':', '1')} {one_line(text)}")
    return "\n".join(lines) + "\n"


def shown_name(document: Document) -> str:
    """What a document is called in messages."""
    return "<stdin>" if document.name == "-" else document.name


def one_line(text: str, longest: int = 300) -> str:
    """A message as one harmless line: it may quote names somebody invented."""
    flat = harmless(text.replace("\n", " ").replace("\t", " "))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def summary(judged: Iterable[Judged]) -> str:
    """The last line: how many of each, and in how many files.

    >>> summary([])
    'No problems in 0 files.'
    """
    counts: Counter[str] = Counter()
    files = 0
    for one in judged:
        files += 1
        counts.update(finding.severity for finding in one.findings)
    where = f"in {files} file{'' if files == 1 else 's'}"
    if not counts:
        return f"No problems {where}."
    words = [_count(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    limited = " No rule reports more than 1,000 of one file." if max(counts.values()) >= MOST_FINDINGS else ""
    return f"{', '.join(words)} {where}.{limited}"


def open_note(judged: Iterable[Judged]) -> str:
    """A line about the files that ask clients for no key; empty where every file asks for one.

    The gateway takes such a file as it is meant, so that this is no finding.
    """
    accepted = [one for one in judged if one.document.root is not None and not refused(one.findings)]
    told = [one.gateway for one in accepted if one.gateway is not None and not is_litellm(one.document)]
    keyless = [one for one in told if one.services and not one.api_key and not one.api_keys]
    if not keyless:
        return ""
    who = "It asks" if len(accepted) == 1 else f"{len(keyless)} of them ask"
    return f"{who} clients for no key: anybody who reaches the port may call. api_key closes it."


def _count(number: int, severity: str) -> str:
    return f"{number} {severity}{'s' if number > 1 and severity != 'info' else ''}"
