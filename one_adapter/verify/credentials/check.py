"""Every key of a configuration tried once, and what came of it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread

from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.prices import Prices, Rates, prices_of, rates_of
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import tr, trn
from one_adapter.plan.types import Plan, ServicePolicy, Target
from one_adapter.runtime.dryrun.heard import last_four
from one_adapter.verify.credentials.calls import call, proxy_for
from one_adapter.verify.credentials.questions import BY_ADAPTER, KEYLESS, request_of
from one_adapter.verify.credentials.verdicts import Result, result_of
from one_adapter.verify.options import VerifyOptions
from one_adapter.verify.playing.promise import keys_of, label_of
from one_adapter.verify.result import Check, Outcome, Verification
from one_adapter.verify.servers.cost import DEAR, dollars
from one_adapter.verify.servers.jobs import LOOK_SECONDS
from one_adapter.verify.vocabulary import word_for

#: Tokens of a request and of its answer, at most.
PROMPT_TOKENS, ANSWER_TOKENS = 10, 16
OUTCOMES: dict[Result, Outcome] = {
    "works": "same",
    "refused": "different",
    "out of balance": "different",
    "unknown": "not compared",
}
PROBE = "key"


@dataclass(frozen=True, slots=True)
class Credential:
    """A key with a place it opens; an empty one is still to be filled in or created."""

    target: Target
    policy: ServicePolicy
    is_embedding: bool
    key: str = field(repr=False)

    @property
    def label(self) -> str:
        """The service, and which of its keys it is."""
        return label_of(self.target)


def check_keys(name: str, plan: Plan, secrets: Secrets, wanted: VerifyOptions) -> Verification:
    """Try every key of a configuration that is on, after asking whether that is wanted.

    Raises `OneAdapterError` (exit code 2) where it is not, or would be more than was allowed.
    """
    found = list(credentials_of(plan, secrets, wanted.wants))
    asked = [each for each in found if _can_be_tried(each)]
    if asked:
        _agree(asked, wanted)
    checks, is_whole = _check_all(found, lambda each: _check(each, secrets), wanted.concurrency)
    checks += [_off(each) for each in _switched_off(plan)]
    return Verification(
        old=tr("the keys of {name}", name=name),
        new=tr("their vendors, asked one small question with each"),
        checks=tuple(checks),
        interrupted="" if is_whole else tr("interrupted"),
        asked={"new": len(asked)},
    )


def _check_all(
    found: Sequence[Credential], check: Callable[[Credential], Check], at_once: int
) -> tuple[list[Check], bool]:
    """The checks of all, several at a time; with False where an interruption left some out.

    The threads are daemons: who interrupts does not wait for a vendor's answer.
    """
    waiting: queue.SimpleQueue[tuple[int, Credential]] = queue.SimpleQueue()
    for numbered in enumerate(found):
        waiting.put(numbered)
    done: dict[int, Check | Exception] = {}
    stop = Event()

    def work() -> None:
        while not stop.is_set():
            try:
                place, each = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done[place] = check(each)
            except Exception as problem:
                done[place] = problem

    threads = [Thread(target=work, daemon=True) for _ in range(min(at_once, len(found)))]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            stop.wait(LOOK_SECONDS)
    except KeyboardInterrupt:
        stop.set()
    checks = []
    for each in (done[place] for place in sorted([*done])):
        if isinstance(each, Exception):
            raise each
        checks.append(each)
    return checks, not stop.is_set()


def credentials_of(plan: Plan, secrets: Secrets, wants: Callable[[str], bool]) -> Iterator[Credential]:
    """Every key that a plan's calls are made with, each once, by the first name that leads to it."""
    policies = {policy.id: policy for policy in plan.services}
    seen: set[tuple[str, int]] = set()
    for route in plan.routes:
        if not wants(route.name):
            continue
        embeddings = route.embedding_targets or ()
        several = [(target, route.kind == "embedding") for target in route.targets]
        for target, is_embedding in [*several, *((target, True) for target in embeddings)]:
            place = target.service, target.credential
            if place not in seen:
                seen.add(place)
                key = next((each for each in keys_of(target, secrets) if each != "none"), "")
                yield Credential(target, policies[target.service], is_embedding, key)


def _switched_off(plan: Plan) -> Iterator[str]:
    for policy in plan.services:
        yield from (f"{policy.id} {key.key}" for key in policy.credentials if not key.enabled)


def _can_be_tried(each: Credential) -> bool:
    return bool(each.key) and each.target.upstream.provider not in (*BY_ADAPTER, *KEYLESS)


def _agree(asked: Sequence[Credential], wanted: VerifyOptions) -> None:
    known, unknown = _cost(asked, prices_of(), rates_of())
    count = len(asked)
    what = trn(
        "{count} request of a vendor, with an answer of a token or a few",
        "{count} requests of vendors, one for each key, with an answer of a token or a few",
        count,
    )
    words = tr("{requests}; about {cost} by LiteLLM's price list.", requests=what, cost=dollars(known))
    if unknown:
        dear = unknown * (PROMPT_TOKENS * DEAR[0] + ANSWER_TOKENS * DEAR[1])
        words = tr(
            "{requests}; about {cost} by LiteLLM's price list, and for {count} of unknown price some {most} "
            "if dear.",
            requests=what,
            cost=dollars(known),
            count=unknown,
            most=dollars(dear),
        )
        known += dear
    if count > wanted.max_requests:
        told = tr(
            "that would be {count} requests: --max-requests allows {most}",
            count=count,
            most=wanted.max_requests,
        )
        raise OneAdapterError(told)
    if wanted.max_cost is not None and known > wanted.max_cost:
        most = dollars(wanted.max_cost)
        raise OneAdapterError(
            tr("that may cost {cost}: --max-cost allows {most}", cost=dollars(known), most=most)
        )
    wanted.agree(words)


def _cost(asked: Sequence[Credential], prices: Prices, rates: Rates) -> tuple[float, int]:
    """US dollars of the requests with a price, and the number of those without."""
    found = [rates.get(prices.name_of(each.target.upstream)) for each in asked]
    known = sum(PROMPT_TOKENS * rate[0] + ANSWER_TOKENS * rate[1] for rate in found if rate is not None)
    return known, sum(rate is None for rate in found)


def _check(each: Credential, secrets: Secrets) -> Check:
    provider, label = each.target.upstream.provider, each.label
    if provider in KEYLESS:
        return Check(PROBE, label, "same", new={"result": "no key is needed"})
    if not each.key:
        return _unknown(label, tr("there is no key in the file, or one that is still to be created"))
    request = request_of(each.target, each.key, each.is_embedding, secrets)
    if request is None:
        model = each.target.names[0] if each.target.names else each.target.upstream.name
        how = tr(
            "its requests are signed by an adapter: start `one-adapter run` and ask it for {model}",
            model=model,
        )
        return _unknown(label, how)
    status, text = call(request, proxy_for(each.policy, request.url, secrets))
    result = result_of(status, text)
    facts = {"result": result, "status": status, "key": last_four(each.key)}
    if result == "works":
        return Check(PROBE, label, "same", new=facts)
    said = tr("no answer came ({reason})", reason=text)
    if status:
        said = tr("the vendor answers {status}", status=status)
    sentence = tr("{result}: {said}, key {key}", result=word_for(result), said=said, key=last_four(each.key))
    return Check(PROBE, label, OUTCOMES[result], sentence, PROBE, "works", facts)


def _unknown(label: str, sentence: str) -> Check:
    return Check(PROBE, label, "not compared", tr("unknown: {reason}", reason=sentence), PROBE)


def _off(label: str) -> Check:
    told = tr("{key} is switched off, and was not asked", key=label)
    return Check(PROBE, "", "not compared", told, PROBE)
