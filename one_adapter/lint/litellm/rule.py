"""What a rule about a LiteLLM configuration is: a function with a docstring, under a code and a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from one_adapter.finding import Severity
from one_adapter.lint.finding import Note
from one_adapter.lint.litellm.context import Context

Check = Callable[[Context], Iterator[Note]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable code and name, how grave a breach is, and the function that finds breaches.

    The function's docstring is the rule's documentation page: a title, what is wrong, and a paragraph
    that begins with `LiteLLM: ` and says what LiteLLM does about it, by version where versions differ.
    """

    code: str
    name: str
    severity: Severity
    check: Check

    @property
    def doc(self) -> str:
        """The rule's documentation as written above its function, without indentation."""
        from inspect import cleandoc  # only --explain and the page generator need it

        return cleandoc(self.check.__doc__ or "")


RULES: dict[str, Rule] = {}


def rule(code: str, name: str, severity: Severity) -> Callable[[Check], Check]:
    """Register a function as a rule. Its docstring is the rule's page."""

    def register(check: Check) -> Check:
        RULES[code] = Rule(code, name, severity, check)
        return check

    return register
