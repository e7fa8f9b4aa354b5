"""What a comparison found: checks with their outcomes, and the exit code that follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from one_adapter.language import tr

Outcome = Literal["same", "different", "known", "not compared", "unsteady"]

#: Every outcome, the gravest first.
OUTCOMES: tuple[Outcome, ...] = ("different", "not compared", "unsteady", "known", "same")
MEANINGS: Mapping[Outcome, str] = {
    "different": tr("the new side does something else"),
    "not compared": tr("a side did not answer, or could not be asked"),
    "unsteady": tr("the old side does not agree with itself about it"),
    "known": tr("differs on purpose: docs/differences.md says why"),
    "same": tr("no difference was found"),
}
#: Exit codes.
SAME, DIFFERENT, UNCOMPARED = 0, 1, 2

assert set(OUTCOMES) == set(get_args(Outcome)) == set(MEANINGS)


@dataclass(frozen=True, slots=True)
class Check:
    """One probe on one name, and what came of it.

    A probe that found several things is several checks, one for each `aspect` (`status`, `usage`);
    one that found nothing is one check without. `model` is empty where a probe is not about a name.
    `old` and `new` are the facts of both sides about the aspect, fit for JSON and free of secrets.
    `difference` is one sentence without an end; `known` the id of a paragraph of docs/differences.md.
    """

    probe: str
    model: str
    outcome: Outcome
    difference: str = ""
    aspect: str = ""
    old: Any = None
    new: Any = None
    known: str = ""

    @property
    def is_compared(self) -> bool:
        """Whether both sides could be held against each other."""
        return self.outcome != "not compared"


@dataclass(frozen=True, slots=True)
class Verification:
    """A whole comparison: of what with what, its checks, and what a reader should know besides.

    `old` and `new` say what was compared ("the plan of config.json", "http://127.0.0.1:9091"), without
    user info. `interrupted` says why the comparison ended early, "" where it did not.
    """

    old: str
    new: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    interrupted: str = ""
    asked: Mapping[str, int] = field(default_factory=dict)
    """Requests made of each side, by its name (`old`, `new`)."""

    def count(self, outcome: Outcome) -> int:
        """How many checks had this outcome."""
        return sum(check.outcome == outcome for check in self.checks)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many checks had each outcome, the gravest first, zeros too."""
        return {outcome: self.count(outcome) for outcome in OUTCOMES}

    @property
    def models(self) -> tuple[str, ...]:
        """The names that were looked at, each once, in their order."""
        return tuple(dict.fromkeys(check.model for check in self.checks if check.model))

    def of(self, model: str) -> tuple[Check, ...]:
        """The checks of a name; those of none for ""."""
        return tuple(check for check in self.checks if check.model == model)

    @property
    def uncompared(self) -> tuple[str, ...]:
        """The names of which nothing could be compared."""
        return tuple(name for name in self.models if not any(map(_is_compared, self.of(name))))

    @property
    def exit_code(self) -> int:
        """0 the same, 1 different, 2 could not compare: interrupted, or a name (or everything) left out."""
        if self.interrupted:
            return UNCOMPARED
        if self.count("different"):
            return DIFFERENT
        if self.uncompared or not any(map(_is_compared, self.checks)):
            return UNCOMPARED
        return SAME

    @property
    def verdict(self) -> str:
        """The outcome of all in a few words."""
        if self.interrupted:
            return tr("Not finished: {reason}.", reason=self.interrupted)
        if self.exit_code == DIFFERENT:
            return tr("Different.")
        if self.exit_code == SAME:
            return tr("The same.")
        if any(map(_is_compared, self.checks)):
            return tr("Could not compare everything.")
        return tr("Could not compare.")


def _is_compared(check: Check) -> bool:
    return check.is_compared


def gravest(checks: Sequence[Check]) -> Outcome:
    """The outcome that stands for several checks.

    >>> gravest([Check("whole", "m", "same"), Check("stream", "m", "known")])
    'known'
    """
    present = {check.outcome for check in checks}
    return next((outcome for outcome in OUTCOMES if outcome in present), "not compared")
