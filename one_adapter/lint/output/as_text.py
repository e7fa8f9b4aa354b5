"""Findings as text for a person: place, problem, excerpt with a caret, what was expected, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from one_adapter.config.document import Document
from one_adapter.config.foreign_files import is_litellm
from one_adapter.config.model import Gateway
from one_adapter.finding import SEVERITIES, Finding, Severity
from one_adapter.language import Message, sentences, tr, translated, trn
from one_adapter.lint.finding import refused
from one_adapter.lint.kinds import LITELLM
from one_adapter.lint.output.excerpt import excerpt, harmless
from one_adapter.lint.output.masking import Secrets
from one_adapter.lint.rule import MOST_FINDINGS

_LABELS = {"error": tr("error:"), "warning": tr("warning:"), "info": tr("info:")}
_COLOURS = {"error": "31", "warning": "33", "info": "36"}


class Judged(NamedTuple):
    """A document and what was found in it; and what it says, for those who are told more than findings.

    `kind` and `version` say whose file it is, and by which version of that program it was judged: the
    gateway's own is told by `gateway`.
    """

    document: Document
    findings: tuple[Finding, ...]
    gateway: Gateway | None = None
    kind: str = "simple-one-api"
    version: str = ""


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
    parts += [translated(note)] if (note := open_note(judged)) else []
    parts += [translated(note)] if (note := litellm_note(judged)) else []
    return "\n".join([*parts, translated(summary(judged))]) + "\n"


def _finding(finding: Finding, document: Document, secrets: Secrets, paint: _Paint) -> str:
    colour = _COLOURS[finding.severity]
    place = paint(f"{harmless(shown_name(document))}:{finding.line}:{finding.column}:", "1")
    rule = paint(f"[{finding.code} {finding.name}]", "2")
    message = _labelled(paint, _LABELS[finding.severity], finding.message, f"1;{colour}")
    lines = [f"{place} {message} {rule}"]
    shown = excerpt(document, finding.span, secrets)
    gutter = len(str(finding.line))
    if shown and shown.text:
        margin = paint(f"{' ' * gutter} |", "2")
        lines.append(margin)
        lines.append(f"{paint(f'{shown.line} |', '2')} {shown.text}")
        lines.append(f"{margin} {paint(shown.carets, colour)}")
    for label, text in ((tr("expected:"), finding.expected), (tr("help:"), finding.help)):
        if text:
            lines.append(f"{' ' * gutter} = {_labelled(paint, label, text, '1')}")
    return "\n".join(lines) + "\n"


def _labelled(paint: _Paint, label: str, text: str, code: str) -> str:
    """A text behind its label, in the chosen language; a full-width colon brings its own blank."""
    said = translated(label)
    return f"{paint(said, code)}{'' if said.endswith('：') else ' '}{one_line(translated(text))}"


def shown_name(document: Document) -> str:
    """What a document is called in messages."""
    return "<stdin>" if document.name == "-" else document.name


def one_line(text: str, longest: int = 300) -> str:
    """A message as one harmless line: it may quote names somebody invented."""
    flat = harmless(text.replace("\n", " ").replace("\t", " "))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def summary(judged: Iterable[Judged]) -> Message:
    """The last line: how many of each, and in how many files.

    >>> summary([])
    'No problems in 0 files.'
    """
    counts: Counter[str] = Counter()
    files = 0
    for one in judged:
        files += 1
        counts.update(finding.severity for finding in one.findings)
    if not counts:
        return trn("No problems in {count} file.", "No problems in {count} files.", count=files)
    words = [_count(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    found = reduce(lambda one, other: tr("{one}, {other}", one=one, other=other), words)
    said = trn("{found} in {count} file.", "{found} in {count} files.", count=files, found=found)
    if max(counts.values()) < MOST_FINDINGS:
        return said
    return sentences(said, tr("No rule reports more than 1,000 of one file."))


def open_note(judged: Iterable[Judged]) -> str:
    """A line about the files that ask clients for no key; empty where every file asks for one.

    The gateway takes such a file as it is meant, so that this is no finding.
    """
    accepted = [one for one in judged if one.document.root is not None and not refused(one.findings)]
    told = [one.gateway for one in accepted if one.gateway is not None and not is_litellm(one.document)]
    keyless = [one for one in told if one.services and not one.api_key and not one.api_keys]
    if not keyless:
        return ""
    if len(accepted) == 1:
        return tr("It asks clients for no key: anybody who reaches the port may call. api_key closes it.")
    return tr(
        "{count} of them ask clients for no key: anybody who reaches the port may call. api_key closes it.",
        count=len(keyless),
    )


def _count(number: int, severity: Severity) -> Message:
    if severity == "error":
        return trn("{count} error", "{count} errors", count=number)
    if severity == "warning":
        return trn("{count} warning", "{count} warnings", count=number)
    return tr("{count} info", count=number)


def litellm_note(judged: Iterable[Judged]) -> str:
    """A line that names the version by which files of LiteLLM were judged; empty where there are none."""
    ones = [one for one in judged if one.kind == LITELLM]
    if not ones:
        return ""
    return trn(
        "Judged as a configuration of LiteLLM {version}; --litellm names another version.",
        "{count} files judged as configurations of LiteLLM {version}; --litellm names another version.",
        count=len(ones),
        version=ones[0].version,
    )
