"""The rules by code, and the judge that asks each of them: what imports the rules, and no rule imports it."""

from __future__ import annotations

from itertools import islice

from one_adapter.config.document import Document
from one_adapter.config.foreign_files import is_litellm
from one_adapter.config.model import Gateway
from one_adapter.config.node import escape, segments
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.finding import SEVERITIES, Finding
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note, in_order
from one_adapter.lint.rule import MOST_FINDINGS, RULES, Rule

# Imported for what they register.
from one_adapter.lint.rules import (  # noqa: F401
    addresses,
    balancing,
    credentials,
    fields,
    files,
    key_limits,
    limits,
    maps,
    names,
    redirects,
    refused_keys,
    refused_services,
    refused_settings,
    unusable,
    vendors,
    versions,
)


def rules() -> tuple[Rule, ...]:
    """Every rule, by code.

    >>> rules()[0].code
    'SOA001'
    """
    return tuple(RULES[code] for code in sorted(RULES))


def rule_named(word: str) -> Rule:
    """The rule with this code or name; `OneAdapterError` when there is none.

    >>> rule_named("unknown-field").code
    'SOA101'
    """
    for candidate in rules():
        if word.upper() == candidate.code or word.lower() == candidate.name:
            return candidate
    raise OneAdapterError(
        tr("{word}: there is no such rule; one-adapter lint --explain all lists them", word=word)
    )


def judge(
    document: Document, dialect: Dialect = CURRENT, gateway: Gateway | None = None
) -> tuple[Finding, ...]:
    """Every finding about a document, by position, under the rules of one version of the gateway.

    `gateway` is what the document says to that version, where that was read before. Total: it never raises,
    whatever the document holds.

    >>> from one_adapter.config.document import parse
    >>> [finding.name for finding in judge(parse(b'{"services": {"openal": []}}', "config.json"))]
    ['unsupported-service-type']
    """
    context = Context(document, dialect, gateway)
    # Of another program's file only that is said, and what the gateway would refuse.
    severities = ("error",) if is_litellm(document) else SEVERITIES
    asked = [
        one for one in rules() if one.when(dialect) and (one.severity in severities or one.code == "SOA007")
    ]
    return in_order(
        _found(known, _milder(note, known, context), document)
        for known in asked
        for note in islice(known.check(context), MOST_FINDINGS)
    )


#: These are about what switches a service on, or about all that are off.
_NEVER_MILDER = ("SOA404",)
_SWITCHES = ("enable", "active", "disable", "status", "state")


def _milder(note: Note, known: Rule, context: Context) -> Note:
    """A note at most an info where it is about a service that is switched off, and not about its switch."""
    warning = (note.severity or known.severity) == "warning"
    if not warning or known.code in _NEVER_MILDER or not note.pointer.startswith(context.switched_off):
        return note
    parts = segments(note.pointer)
    inside = "/".join(map(escape, parts[:3]))
    if f"/{inside}" not in context.switched_off or (
        len(parts) == 4 and parts[3].lower().startswith(_SWITCHES)
    ):
        return note
    return note._replace(severity="info")


def _found(rule: Rule, note: Note, document: Document) -> Finding:
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
