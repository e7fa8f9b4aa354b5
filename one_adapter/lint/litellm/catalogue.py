"""The rules by code, and the judge that asks each of them: what imports the rules, and no rule imports it."""

from __future__ import annotations

from itertools import islice

from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.finding import Finding
from one_adapter.lint.finding import Note, in_order
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.merging import Configuration
from one_adapter.lint.litellm.rule import RULES, Rule

# Imported for what they register.
from one_adapter.lint.litellm.rules import (  # noqa: F401
    addresses,
    cache,
    callbacks,
    calls,
    chats,
    credentials,
    entries,
    environment,
    fallbacks,
    features,
    files,
    key_kinds,
    keys,
    names,
    parameters,
    prompts,
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

    Of what it includes, those are in `judge_files`.

    >>> from one_adapter.config.litellm_file import parse_litellm
    >>> [one.name for one in judge(Context(parse_litellm(b"model_list: [", "config.yaml")))]
    ['invalid-syntax']
    """
    return judge_files(context)[0][1]


def judge_files(context: Context) -> list[tuple[LiteLLMFile, tuple[Finding, ...]]]:
    """The file and every one that it includes, each with the findings that stand in it."""
    found: list[list[Finding]] = [[] for _ in context.configuration.files]
    for known in rules():
        for note in islice(known.check(context), MOST_FINDINGS):
            number, finding = _found(known, note, context.configuration)
            found[number].append(finding)
    return list(zip(context.configuration.files, map(in_order, found), strict=True))


def _found(rule: Rule, note: Note, configuration: Configuration) -> tuple[int, Finding]:
    """A rule's note as a finding, with the number of the file it is in."""
    number = configuration.file_of(note.span)
    span = configuration.span_in(number, note.span)
    also = note.also
    if also is not None:
        # A second place in another file would be shown in this one.
        same = configuration.file_of(also[0]) == number
        also = (configuration.span_in(number, also[0]), also[1]) if same else None
    return number, Finding(
        rule.code,
        rule.name,
        note.severity or rule.severity,
        configuration.pointer_in(number, note.pointer),
        span,
        *configuration.files[number].position(span.start),
        note.message,
        note.help,
        note.expected,
        also,
    )
