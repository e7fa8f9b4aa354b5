"""The comparison of two servers: their lists, the questions with their cost, the answers, the report."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.prices import rates_of
from one_adapter.language import changed, enumerated, sentences, tr, trn
from one_adapter.runtime.redaction import forms
from one_adapter.verify.known_differences import is_gateways
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.result import Check, Verification
from one_adapter.verify.servers.client import Answer, Server
from one_adapter.verify.servers.cost import ASKED, dollars, estimate
from one_adapter.verify.servers.echo import received
from one_adapter.verify.servers.facts import error_facts, facts_of
from one_adapter.verify.servers.jobs import Doing, EndedError, Progress, work
from one_adapter.verify.servers.lists import RefusedError, list_checks, models_of, refusal_check
from one_adapter.verify.servers.probes import (
    ROUTE_PROBES,
    SIDE_PROBES,
    WHOLE,
    Probe,
    SideProbe,
    embeds,
    probes_of,
)
from one_adapter.verify.servers.samples import AGAIN, FIRST, NEW, OLD, Asked, Side, settle
from one_adapter.verify.servers.upstreams import (
    SHARE_ROUNDS,
    compare_shares,
    is_shared,
    look_into,
    upstream_check,
)
from one_adapter.verify.vocabulary import word_for

MASK, INTERRUPTED = "***", tr("it was interrupted")
#: What a server answers where it has no such route; 0 where it does not answer at all.
NO_ROUTE = (0, 404, 405, 501)
NOWHERE = "/v1/one-adapter-verify-no-such-route"
#: How many of several questions a sentence names.
SHOWN_QUESTIONS = 5
#: Characters a key has at least, to be taken out of what is shown: shorter ones could be words.
SHORTEST_KEY_CHARACTERS = 4


@dataclass(slots=True)
class Session:
    """Both servers, what may still be asked of them, and what is known so far."""

    servers: dict[Side, Server]
    wanted: VerifyOptions
    progress: Progress
    asked: dict[str, int] = field(default_factory=lambda: {OLD: 0, NEW: 0})
    why: str = ""
    """Why it ends early; "" as long as it does not."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, side: Side, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Ask a side, with its own key or another; raises `EndedError` where no more may be asked."""
        with self._lock:
            if not self.why and sum(self.asked.values()) >= self.wanted.max_requests:
                self.why = tr("--max-requests {number} was reached", number=self.wanted.max_requests)
            if self.why:
                raise EndedError
            self.asked[side] += 1
        server = self.servers[side]
        return (server if key is None else server.with_key(key)).ask(path, body)

    def clean(self, value: Any) -> Any:
        """The value without the keys, wherever they stand in it, in every encoding they may have there."""
        if isinstance(value, str):
            return changed(value, self._masked)
        if isinstance(value, dict):
            return {self.clean(key): self.clean(each) for key, each in value.items()}
        return [self.clean(each) for each in value] if isinstance(value, list) else value

    def _masked(self, text: str) -> str:
        for secret in _forms(tuple(each for one in self.servers.values() for each in one.secrets())):
            text = text.replace(secret, MASK)
        return text

    def clean_check(self, check: Check) -> Check:
        """The check without the keys: a server may repeat them in whatever it says, names included."""
        return Check(*(self.clean(getattr(check, each.name)) for each in fields(Check)))


@lru_cache(8)
def _forms(secrets: tuple[str, ...]) -> Sequence[str]:
    """Secrets as a server may repeat them: as they are, as JSON, HTML and addresses write them, as base64."""
    found = {form for secret in secrets if len(secret) >= SHORTEST_KEY_CHARACTERS for form in forms(secret)}
    return sorted(found, key=len, reverse=True)


def compare_servers(
    old: Server, new: Server, wanted: VerifyOptions, progress: Progress = lambda *_: None
) -> Verification:
    """Compare two servers that run; `progress` gets how many questions of how many are done.

    Raises `OneAdapterError` (exit code 2) where a side has no list of models, where it would cost more
    than is wanted, and where nobody agrees to it.
    """
    session = Session({OLD: old, NEW: new}, wanted, progress)
    listed = {OLD: models_of(old)}
    try:
        listed[NEW] = models_of(new)
    except RefusedError as refused:
        return Verification(old.address, new.address, (refusal_check(refused),))
    names = names_to_ask(listed[OLD], listed[NEW], wanted)
    routes, checks, notes = shared_routes(session, next((name for name in names if not embeds(name)), ""))
    plan = [(name, probes_of(name, routes)) for name in names]
    notes += _agree(session, plan) if names else [tr("There is no name to ask both sides about.")]
    jobs = (
        [_sides(session, names[0]), *(_name(session, name, probes) for name, probes in plan)] if names else []
    )
    _work(session, jobs, lambda job, order: _ask(session, job, order), session.progress)
    notes += _shares(session, jobs)
    checks = [*_lists(session, listed), *checks]
    is_gateway = any(is_gateways(asked.answers[OLD]) for job in jobs[:1] for asked in job)
    for job in jobs:
        for each in job:
            checks += each.checks(wanted.is_exact, wanted.is_shown, is_gateway)
        checks += upstream_check(job)
    notes += _both_refuse(jobs)
    asked = dict(session.asked)
    found = [session.clean_check(check) for check in checks]
    notes = [session.clean(note) for note in notes]
    return Verification(old.address, new.address, tuple(found), tuple(notes), session.why, asked)


def names_to_ask(old: Sequence[str], new: Sequence[str], wanted: VerifyOptions) -> list[str]:
    """The wanted names that both sides list, and those that are spelt out, listed or not."""
    there, known = {*new}, {*old, *new}
    both = [name for name in old if name in there and wanted.wants(name)]
    spelt = [name for name in wanted.models if not set(name) & set("*?[") and name not in known]
    return [*both, *spelt]


def shared_routes(session: Session, model: str) -> tuple[tuple[Probe, ...], list[Check], list[str]]:
    """The further probes whose routes both servers have; a check of each that the new one lacks; notes.

    An empty request costs nothing: a route that is there finds another fault with it than one that is not.
    """
    found: list[Probe] = []
    checks: list[Check] = []
    notes: list[str] = []
    for probe in ROUTE_PROBES if model else ():
        try:
            old, new = (_has_route(session, side, probe.path) for side in (OLD, NEW))
        except EndedError:
            break
        if old and new:
            found.append(probe)
        elif old:
            words = tr("the new side has no {path}", path=probe.path)
            checks.append(Check(probe.name, "", "different", words, "route", True, False))
        elif new:
            notes.append(tr("Only the new side has {path}: not compared.", path=probe.path))
    return tuple(found), checks, notes


def _has_route(session: Session, side: Side, path: str) -> bool:
    answer = session.ask(side, path, {})
    if answer.status not in NO_ROUTE:
        return True
    other = session.ask(side, NOWHERE, {})
    here, there = (json.dumps([each.status, each.body]) for each in (answer, other))
    return bool(answer.status) and bool(other.status) and here.replace(path, NOWHERE) != there


def _agree(session: Session, plan: Sequence[tuple[str, Sequence[Probe]]]) -> list[str]:
    wanted = session.wanted
    costs = estimate(plan, ASKED * len(SIDE_PROBES) + sum(session.asked.values()), rates_of())
    if wanted.max_cost is not None and costs.cost > wanted.max_cost:
        told = tr(
            "it may cost {cost}, which is more than --max-cost {most:g}: {costs}",
            cost=dollars(costs.cost),
            most=wanted.max_cost,
            costs=costs.sentence,
        )
        raise OneAdapterError(told)
    words = trn(
        "{count} name on two sides: {costs}.",
        "{count} names on two sides: {costs}.",
        len(plan),
        costs=costs.sentence,
    )
    if costs.requests > wanted.max_requests:
        early = tr("--max-requests {number} ends it before it is whole.", number=wanted.max_requests)
        words = sentences(words, early)
    wanted.agree(words)
    return [tr("Estimated before: {costs}.", costs=costs.sentence)]


def _sides(session: Session, model: str) -> list[Asked]:
    return [_side(session, probe, model) for probe in SIDE_PROBES]


def _side(session: Session, probe: SideProbe, model: str) -> Asked:
    body = None if probe.model == "" else WHOLE.body(probe.model or model)

    def facts(answer: Answer) -> dict[str, Any]:
        return {"status": answer.status, **(error_facts(answer.body) if answer.status != 200 else {})}

    return Asked(probe.name, "", lambda side: session.ask(side, probe.path, body, probe.key), facts)


def _name(session: Session, model: str, probes: Sequence[Probe]) -> list[Asked]:
    return [_asked(session, model, probe) for probe in probes]


def _asked(session: Session, model: str, probe: Probe) -> Asked:
    body = probe.body(model)

    def facts(answer: Answer) -> dict[str, Any]:
        found = facts_of(answer, probe, model)
        way = (answer.headers or {}).get("x-one-adapter-way", "")
        return {**found, **received(found.get("words")), "way": way}

    return Asked(probe.name, model, lambda side: session.ask(side, probe.path, body), facts)


def _lists(session: Session, listed: dict[Side, tuple[str, ...]]) -> list[Check]:
    wanted = {side: [name for name in names if session.wanted.wants(name)] for side, names in listed.items()}

    def asked(name: str) -> Answer:
        try:
            return session.ask(NEW, WHOLE.path, WHOLE.body(name))
        except EndedError:
            return Answer()

    try:
        return list_checks(wanted[OLD], wanted[NEW], asked)
    except KeyboardInterrupt:
        session.why = INTERRUPTED
        return list_checks(wanted[OLD], wanted[NEW], asked)


def _ask(session: Session, job: Sequence[Asked], order: random.Random) -> Iterator[None]:
    """Ask all of a name's questions, and again what differs; yield after each that is one less to come."""
    for asked in job:
        asked.go(FIRST, order)
        asked.ask_failed(order)
        yield
    settle(job, order, session.wanted.is_exact)
    look_into(job, order)


def _shares(session: Session, jobs: Sequence[list[Asked]]) -> list[str]:
    """Spend what is left of the requests on the shares of upstreams where an echo tells them: it is free."""
    shared = [job for job in jobs if is_shared(job)]
    left = session.wanted.max_requests - sum(session.asked.values())
    rounds = min(SHARE_ROUNDS, left // (len(AGAIN) * len(shared))) if shared and not session.why else 0
    if not rounds:
        return []

    def compare(job: Sequence[Asked], order: random.Random) -> Iterator[None]:
        compare_shares(job, rounds, order)
        yield

    _work(session, shared, compare, lambda *_: None)
    told = trn(
        "The shares of {count} name were compared by up to {rounds} more answers of each side.",
        "The shares of {count} names were compared by up to {rounds} more answers of each side.",
        len(shared),
        rounds=rounds,
    )
    return [told]


def _work(session: Session, jobs: Sequence[list[Asked]], do: Doing, progress: Progress) -> None:
    if not work(jobs, do, session.wanted.concurrency, progress):
        session.why = INTERRUPTED


def _both_refuse(jobs: Sequence[list[Asked]]) -> list[str]:
    """A sentence about the questions about names that both sides answered with the same refusal, if any."""
    found: list[str] = []
    for asked in (each for job in jobs[1:] for each in job):
        statuses = {facts["status"] for side in asked.answers.values() for facts in side}
        if asked.is_whole and not asked.busy and len(statuses) == 1 and statuses != {200}:
            probe, status = word_for(asked.probe), statuses.pop()
            found.append(tr("{probe} of {name} ({status})", probe=probe, name=asked.model, status=status))
    first = enumerated(found[:SHOWN_QUESTIONS])
    if len(found) > SHOWN_QUESTIONS:
        return [
            tr("Both sides refuse {first} and {count} more.", first=first, count=len(found) - SHOWN_QUESTIONS)
        ]
    return [tr("Both sides refuse {first}.", first=first)] if found else []
