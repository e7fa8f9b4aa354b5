"""The rules by code, and the judge that asks each of them: what imports the rules, and no rule imports it."""

from __future__ import annotations

from itertools import islice

from one_adapter.finding import Finding
from one_adapter.lint.finding import Note, in_order
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.rule import RULES, Rule

# Imported for what they register.
from one_adapter.lint.litellm.rules import (  # noqa: F401
    addresses,
    cache,
    callbacks,
    calls,
    environment,
    fallbacks,
    features,
    files,
    keys,
    names,
    parameters,
    providers,
    security,
    settings,
    shapes,
    vendors,
    words,
)
from one_adapter.lint.rule import MOST_FINDINGS


def rules() -> tuple[Rule, ...]:
    """Every rule, by code.

    >>> rules()[0].code
    'LIT001'
    """
    return tuple(RULES[code] for code in sorted(RULES))


def judge(context: Context) -> tuple[Finding, ...]:
    """Every finding about a configuration, by position. Total: it never raises, whatever the files hold.

    >>> from one_adapter.config.litellm_file import parse_litellm
    >>> [one.name for one in judge(Context(parse_litellm(b"model_list: [", "config.yaml")))]
    ['invalid-syntax']
    """
    return in_order(
        _found(known, note, context)
        for known in rules()
        for note in islice(known.check(context), MOST_FINDINGS)
    )


def _found(rule: Rule, note: Note, context: Context) -> Finding:
    line, column = context.document.position(note.span.start)
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
