"""What a rule is: a function with a docstring, registered under a code and a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from one_adapter.dialect import DIALECTS, Dialect
from one_adapter.finding import Severity
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note

Check = Callable[[Context], Iterator[Note]]
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


#: No rule reports more than this of one file: nobody reads on, and hostile input must end.
MOST_FINDINGS = 1_000

RULES: dict[str, Rule] = {}


def rule(code: str, name: str, severity: Severity, when: When = always) -> Callable[[Check], Check]:
    """Register a function as a rule. Its docstring is the rule's page."""

    def register(check: Check) -> Check:
        RULES[code] = Rule(code, name, severity, check, when)
        return check

    return register
