"""One reload among several workers: all prepare, some at a time, then all commit at once, or nobody does."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from one_adapter.language import tr

#: Seconds that preparing may take; a worker that takes longer keeps the others from going on.
PREPARE_SECONDS = 60.0


class State(Enum):
    """How far a reload is."""

    PREPARING = "preparing"
    REFUSED = "refused"
    COMMITTING = "committing"
    DONE = "done"


class Agreement:
    """The workers that take part in one reload, by their slots."""

    def __init__(self, number: int, slots: Iterable[int], at_once: int = 1) -> None:
        """Begin the reload to generation `number` among the workers that serve now.

        So many prepare `at_once`: where all do, requests have no processor meanwhile.
        """
        self.number = number
        self.state = State.PREPARING
        self.reason: str = ""
        #: Whether nobody has judged it: every worker died, of whatever.
        self.unjudged = False
        self._at_once = at_once
        self._missing = set(slots)
        self._to_ask = sorted(self._missing)
        self._asked: dict[int, float] = {}
        self._prepared: set[int] = set()
        self._committed: set[int] = set()

    def next_to_ask(self, now: float) -> list[int]:
        """The workers that are to prepare from now on."""
        found: list[int] = []
        while self.state is State.PREPARING and self._to_ask and len(self._preparing()) < self._at_once:
            found.append(self._to_ask.pop(0))
            self._asked[found[-1]] = now
        return found

    def _preparing(self) -> list[float]:
        """Since when those have been preparing that do."""
        return [since for slot, since in self._asked.items() if slot in self._missing]

    def prepared(self, slot: int) -> None:
        """Hear that a worker could go on; the last one to say so lets all of them commit."""
        if self.state is State.PREPARING:
            self._missing.discard(slot)
            self._prepared.add(slot)
            self._all_are()

    def refused(self, slot: int, reason: str) -> None:
        """Hear that a worker cannot; the first to say so ends the reload."""
        if self.state is State.PREPARING and slot in self._missing:
            self.state, self.reason = State.REFUSED, reason

    def committed(self, slot: int) -> None:
        """Hear that a worker goes on with the new generation."""
        if self.state is State.COMMITTING:
            self._missing.discard(slot)
            self._committed.add(slot)
            self._all_have()

    def gone(self, slot: int) -> None:
        """Hear that a worker died: the one in its place begins with what the others have agreed on."""
        self._missing.discard(slot)
        self._prepared.discard(slot)
        self._to_ask = [one for one in self._to_ask if one != slot]
        if self.state is State.PREPARING:
            if not self._missing and not self._prepared:
                self._all_died(tr("every worker ended while it prepared the new configuration"))
            else:
                self._all_are()
        elif self.state is State.COMMITTING:
            if not self._missing and not self._committed:
                self._all_died(tr("every worker ended while it took over the new configuration"))
            else:
                self._all_have()

    def _all_died(self, reason: str) -> None:
        self.state, self.unjudged, self.reason = State.REFUSED, True, reason

    def late(self, now: float) -> None:
        """End a reload that takes a worker too long to prepare."""
        if self.state is State.PREPARING and now - min(self._preparing(), default=now) > PREPARE_SECONDS:
            self.state = State.REFUSED
            self.reason = tr(
                "a worker took more than {seconds:.0f} s to prepare the new configuration",
                seconds=PREPARE_SECONDS,
            )

    def _all_are(self) -> None:
        if not self._missing:
            self.state, self._missing = State.COMMITTING, set(self._prepared)

    def _all_have(self) -> None:
        if not self._missing:
            self.state = State.DONE
