"""The rules of both kinds of file, for whoever names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from one_adapter.errors import OneAdapterError
from one_adapter.finding import Severity
from one_adapter.lint.kinds import LITELLM, SIMPLE_ONE_API

#: How the codes begin of rules about LiteLLM's file.
LITELLM_CODES = "LIT"
#: How the codes of all rules begin.
CODES = ("SOA", LITELLM_CODES)


class AnyRule(Protocol):
    """What rules of both kinds have."""

    @property
    def code(self) -> str:
        """The stable code."""

    @property
    def name(self) -> str:
        """The stable name."""

    @property
    def severity(self) -> Severity:
        """How grave a breach is, where a version or a format does not make it graver or milder."""

    @property
    def doc(self) -> str:
        """The page, as written above the rule's function."""


def rules_of(kinds: Iterable[str]) -> tuple[AnyRule, ...]:
    """The rules by which files of these kinds are judged, by code."""
    kinds = set(kinds)
    found: list[AnyRule] = []
    if SIMPLE_ONE_API in kinds:
        # Imported where they are asked for: no kind of file pays for the other's rules.
        from one_adapter.lint.catalogue import rules

        found += rules()
    if LITELLM in kinds:
        from one_adapter.lint.litellm.catalogue import rules as litellm_rules

        found += litellm_rules()
    return tuple(sorted(found, key=lambda one: CODES.index(one.code[:3]) * 1_000 + int(one.code[3:])))


def every_rule() -> tuple[AnyRule, ...]:
    """All rules; those of the gateway first."""
    return rules_of((SIMPLE_ONE_API, LITELLM))


def rule_named(word: str) -> AnyRule:
    """The rule with this code or name; `OneAdapterError` when there is none.

    >>> rule_named("lit001").name
    'invalid-syntax'
    """
    if word[:3].upper() == LITELLM_CODES:
        for one in rules_of([LITELLM]):
            if word.upper() == one.code:
                return one
    from one_adapter.lint import catalogue

    try:
        return catalogue.rule_named(word)
    except OneAdapterError:
        for one in rules_of([LITELLM]):
            if word.lower() == one.name:
                return one
        raise


def fitting(word: str) -> frozenset[str]:
    """The codes of all rules with this name, or whose codes begin so."""
    kinds = [SIMPLE_ONE_API] if word[:3].upper() == CODES[0] else [SIMPLE_ONE_API, LITELLM]
    return frozenset(
        one.code for one in rules_of(kinds) if one.code.startswith(word.upper()) or one.name == word.lower()
    )
