"""Which findings the user wants to hear about: --select and --ignore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from one_adapter.errors import OneAdapterError
from one_adapter.finding import Finding
from one_adapter.language import tr
from one_adapter.lint.all_rules import CODES, fitting


class Pattern(NamedTuple):
    """Some rules, by code; with a pointer only what stands there or below."""

    codes: frozenset[str]
    pointer: str | None

    def fits(self, finding: Finding) -> bool:
        """Whether a finding is one of those meant."""
        if finding.code not in self.codes:
            return False
        return self.pointer is None or f"{finding.pointer}/".startswith(f"{self.pointer}/")


def read_patterns(words: Iterable[str], option: str) -> tuple[Pattern, ...]:
    """Patterns as written on the command line: codes, names, the beginning of codes, CODE:pointer.

    Raises `OneAdapterError` for a word that fits no rule.

    >>> read_patterns(["SOA101:/services"], "--ignore")
    (Pattern(codes=frozenset({'SOA101'}), pointer='/services'),)
    """
    patterns = []
    for word in words:
        for part in _parts(word):
            name, colon, pointer = part.partition(":")
            codes = fitting(name)
            if not codes or not name:
                raise OneAdapterError(
                    tr(
                        "{option} {word}: there is no such rule; --explain all lists them",
                        option=option,
                        word=part,
                    )
                )
            patterns.append(Pattern(codes, pointer.rstrip("/") if colon else None))
    return tuple(patterns)


def _parts(word: str) -> list[str]:
    """Words are separated by commas; a comma inside of a pointer does not count."""
    parts: list[str] = []
    for part in word.split(","):
        if parts and ":" in parts[-1] and part[:3].upper() not in CODES:
            parts[-1] += f",{part}"
        else:
            parts.append(part.strip())
    return [part for part in parts if part]


def chosen(
    findings: Iterable[Finding], select: tuple[Pattern, ...], ignore: tuple[Pattern, ...]
) -> tuple[Finding, ...]:
    """The findings that are selected (all, when nothing is) and not ignored."""
    return tuple(
        finding
        for finding in findings
        if (not select or any(pattern.fits(finding) for pattern in select))
        and not any(pattern.fits(finding) for pattern in ignore)
    )
