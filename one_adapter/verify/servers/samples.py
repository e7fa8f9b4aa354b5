"""A name's probes on both servers, the answers kept by side, and what they come to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from one_adapter.verify.result import Check
from one_adapter.verify.servers.client import Answer
from one_adapter.verify.servers.judge import STEADY_ROUNDS, UNSTEADY_ROUNDS, Finding, differences, unsteady
from one_adapter.verify.servers.known_differences import known_difference

Facts = dict[str, Any]
Side = str
OLD, NEW = "old", "new"
#: What both sides are asked at first, before the order is drawn, and what once more.
FIRST, AGAIN = (OLD, OLD, NEW), (OLD, NEW)


def is_busy(answer: Answer) -> bool:
    """Whether an answer says nothing of how a server behaves: none, too many requests, a failure."""
    return bool(answer.trouble) or answer.status == 429 or answer.status >= 500


@dataclass(slots=True)
class Asked:
    """One probe of one name: what to ask a side, and what it answered so far."""

    probe: str
    model: str
    ask: Callable[[Side], Answer]
    facts: Callable[[Answer], Facts]
    answers: dict[Side, list[Facts]] = field(default_factory=lambda: {OLD: [], NEW: []})
    busy: str = ""
    """Why the probe is not compared, "" if it is."""
    at_least: int = 0
    """Answers of the new side that a difference takes, where the old side is seen to waver."""

    def go(self, sides: Sequence[Side], order: random.Random) -> None:
        """Ask the sides once each, in an order drawn by chance; the first that is busy ends it."""
        if self.busy:
            return
        for side in order.sample(list(sides), len(sides)):
            answer = self.ask(side)
            if is_busy(answer):
                self.busy = f"the {side} side: {answer.trouble or f'status {answer.status}'}"
                return
            self.answers[side].append(self.facts(answer))

    @property
    def is_whole(self) -> bool:
        """Whether both sides have answered."""
        return bool(self.answers[OLD] and self.answers[NEW])

    def findings(self, is_exact: bool) -> tuple[Finding, ...]:
        """What differs, by the answers so far."""
        if self.busy or not self.is_whole:
            return ()
        return differences(self.answers[OLD], self.answers[NEW], is_exact)

    def open_findings(self, is_exact: bool) -> list[Finding]:
        """The differences that have to be asked for once more before they count."""
        count = len(self.answers[NEW])
        return [finding for finding in self.findings(is_exact) if count < max(finding.rounds, self.at_least)]

    def checks(self, is_exact: bool, is_shown: bool, is_gateway: bool = False) -> list[Check]:
        """What came of it: one check for each difference, or one for none.

        `is_gateway` says that the old side is the gateway, so that more differences are known ones.
        """
        if self.busy or not self.is_whole:
            return [Check(self.probe, self.model, "not compared", self.busy or "it was not asked")]
        unsure = self.open_findings(is_exact)
        if unsure:
            words = f"not asked again: {unsure[0].sentence}"
            return [Check(self.probe, self.model, "not compared", words, unsure[0].aspect)]
        newest = {**self.answers[NEW][-1], "gateway": is_gateway}
        found = [
            self._check(finding, newest, is_shown) for finding in self.findings(is_exact)
        ] or self._unsteady()
        return found or [Check(self.probe, self.model, "same")]

    def _check(self, finding: Finding, newest: Mapping[str, Any], is_shown: bool) -> Check:
        known = known_difference(self.probe, finding, newest)
        old, new = finding.old, finding.new
        if is_shown:
            old = {"fact": old, "words": self.answers[OLD][-1].get("words", "")}
            new = {"fact": new, "words": newest.get("words", "")}
        return Check(
            self.probe,
            self.model,
            "known" if known else "different",
            finding.sentence,
            finding.aspect,
            old,
            new,
            known,
        )

    def _unsteady(self) -> list[Check]:
        """The aspects in which the new side is as the old one was only some of the time."""
        before = self.answers[OLD]
        return [
            Check(self.probe, self.model, "unsteady", f"{aspect} varies on the old side", aspect)
            for aspect in unsteady(before)
            if aspect != "fields"
            and self.answers[NEW][-1].get(aspect) not in [each.get(aspect) for each in before]
        ]


def settle(several: Sequence[Asked], order: random.Random, is_exact: bool) -> None:
    """Ask again where something differs, until what is left counts.

    That takes more where it may be chance: where a difference shows in some of a name's probes and not in
    others, and more yet where the old side wavers, as it does with several upstreams that are not alike.
    """
    aspects = [{finding.aspect for finding in asked.findings(is_exact)} for asked in several]
    everywhere = set.intersection(*aspects) if aspects else set()
    wavers = any(_wavers(asked) for asked in several)
    for asked, found in zip(several, aspects, strict=True):
        asked.at_least = STEADY_ROUNDS if asked.model and found - everywhere else 0
        while asked.open_findings(is_exact):
            wavers = wavers or _wavers(asked)
            asked.at_least = UNSTEADY_ROUNDS if wavers else asked.at_least
            asked.go(AGAIN, order)


def _wavers(asked: Asked) -> bool:
    return not asked.busy and bool(unsteady(asked.answers[OLD]))
