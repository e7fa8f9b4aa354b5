"""A name's probes on both servers, the answers kept by side, and what they come to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from one_adapter.language import tr
from one_adapter.verify.known_differences import BETWEEN_SERVERS, Difference, known_difference
from one_adapter.verify.result import Check
from one_adapter.verify.servers.client import Answer
from one_adapter.verify.servers.judge import STEADY_ROUNDS, UNSTEADY_ROUNDS, Finding, differences, unsteady
from one_adapter.verify.vocabulary import word_for

Facts = dict[str, Any]
Side = str
OLD, NEW = "old", "new"
#: What both sides are asked at first, before the order is drawn, and what once more.
FIRST, AGAIN = (OLD, OLD, NEW), (OLD, NEW)
#: Failures of the new side in a row, the old one answering each time, after which that is how it behaves.
FAILURES = 4
#: The status of too many requests, and the first that blames the server.
TOO_MANY, FAILURE = 429, 500


def is_busy(answer: Answer) -> bool:
    """Whether an answer says nothing of how a server behaves: none, too many requests, a failure."""
    return bool(answer.trouble) or answer.status == TOO_MANY or answer.status >= FAILURE


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
    failures: dict[Side, list[int]] = field(default_factory=lambda: {OLD: [], NEW: []})
    """The statuses of the answers that say nothing; 0 for none."""

    def go(self, sides: Sequence[Side], order: random.Random) -> None:
        """Ask the sides once each, in an order drawn by chance; the first that is busy ends it."""
        if self.busy:
            return
        for side in order.sample(list(sides), len(sides)):
            answer = self.ask(side)
            if is_busy(answer):
                self._note(side, answer)
                return
            self.answers[side].append(self.facts(answer))

    def _note(self, side: Side, answer: Answer) -> None:
        self.failures[side].append(0 if answer.trouble else answer.status)
        reason = answer.trouble or tr("status {status}", status=answer.status)
        self.busy = tr("the new side: {reason}", reason=reason)
        if side == OLD:
            self.busy = tr("the old side: {reason}", reason=reason)

    def ask_failed(self, order: random.Random) -> None:
        """Ask again where only the new side failed, until it does not, or has done so often enough to count.

        A side that does not answer at all is not waited for again.
        """
        while self._new_fails and len(self.failures[NEW]) < FAILURES:
            for side in order.sample(AGAIN, len(AGAIN)):
                answer = self.ask(side)
                if is_busy(answer):
                    self._note(side, answer)
                else:
                    self.answers[side].append(self.facts(answer))

    @property
    def _new_fails(self) -> bool:
        """Whether the new side has done nothing but fail, and the old side never has."""
        failed = self.failures[NEW]
        return bool(failed) and all(failed) and not self.answers[NEW] and not self.failures[OLD]

    def _failed(self) -> Check | None:
        """What is said of a new side that always fails where the old one answers; None where it does not."""
        failed = self.failures[NEW]
        if not self._new_fails or len(failed) < FAILURES:
            return None
        old = self.answers[OLD][-1].get("status")
        words = tr(
            "status {new} instead of {old}, each of {count} times", new=failed[-1], old=old, count=len(failed)
        )
        if TOO_MANY in failed:  # that may be the account's, and over in a minute
            words = tr(
                "{what}, each of {count} times; the old side always answers with {old}",
                what=self.busy,
                count=len(failed),
                old=old,
            )
            return Check(self.probe, self.model, "not compared", words, "status", old, failed[-1])
        return Check(self.probe, self.model, "different", words, "status", old, failed[-1])

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
        failed = self._failed()
        if failed is not None:
            return [failed]
        if self.busy or not self.is_whole:
            return [Check(self.probe, self.model, "not compared", self.busy or tr("it was not asked"))]
        unsure = self.open_findings(is_exact)
        if unsure:
            words = tr("not asked again: {difference}", difference=unsure[0].sentence)
            return [Check(self.probe, self.model, "not compared", words, unsure[0].aspect)]
        newest = {**self.answers[NEW][-1], "gateway": is_gateway}
        found = [
            self._check(finding, newest, is_shown) for finding in self.findings(is_exact)
        ] or self._unsteady()
        return found or [Check(self.probe, self.model, "same")]

    def _check(self, finding: Finding, newest: Mapping[str, Any], is_shown: bool) -> Check:
        old, new = finding.old, finding.new
        difference = Difference(finding.aspect, old, new, probe=self.probe, answer=newest)
        known = known_difference(difference, BETWEEN_SERVERS)
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
            Check(
                self.probe,
                self.model,
                "unsteady",
                tr("{aspect} varies on the old side", aspect=word_for(aspect)),
                aspect,
            )
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
