"""An exchange held against what was promised: a check for each thing that is otherwise, one for none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from one_adapter.language import tr
from one_adapter.plan.addresses import without_password
from one_adapter.runtime.dryrun import wires
from one_adapter.runtime.dryrun.heard import Heard
from one_adapter.verify.playing.answer_facts import FIRST_ERROR_STATUS, facts_of
from one_adapter.verify.playing.asking import Exchange
from one_adapter.verify.playing.probes import SYSTEM, TOOL, Probe
from one_adapter.verify.playing.promise import ADDRESS, KEY, MODEL, QUERY, Owners, Place, nearest
from one_adapter.verify.result import Check

#: Protocols that a vendor of OpenAI's gets as the client speaks them.
UNCHANGED = ("chat", "embeddings")


def _sentence(aspect: str, want: Any, got: Any) -> str:
    """What is said of an aspect where the two sides differ."""
    sides = {"want": want, "got": got}
    every = {
        "status": tr("the answer's status is {got}, not {want}", **sides),
        "error": tr("the error is {got!r}, not {want!r}", **sides),
        "calls": tr("{got} calls of vendors are made, not {want}", **sides),
        ADDRESS: tr("the vendor is called at {got}, not at {want}", **sides),
        MODEL: tr("the vendor is asked for {got!r}, not for {want!r}", **sides),
        KEY: tr("the call is made with the key of {got}, not with that of {want}", **sides),
        QUERY: tr(
            "the address has the parameters {got!r}, and not {want!r}, or another value in one of them",
            **sides,
        ),
        "messages": tr("the conversation does not arrive as it was sent: it has {got}, not {want}", **sides),
        "fields": tr("of the request's fields these do not arrive as they were sent: {want}", want=want),
        "system message": tr("the system's words do not reach the vendor"),
        "tools": tr("the client's tools do not reach the vendor"),
        "content type": tr("the answer is {got!r}, not {want!r}", **sides),
        "model": tr("the answer names the model {got!r}, not {want!r}", **sides),
        "text": tr("the answer does not say what the vendor said"),
        "tool call": tr("the vendor's call of a tool does not come back: {got!r}, not {want!r}", **sides),
        "finish_reason": tr("the finish reason is {got!r}, not {want!r}", **sides),
        "usage": tr("the answer does not tell the usage"),
        "stream": tr("the stream is not whole: {got!r}", got=got),
        "vectors": tr("the answer's vectors are {got}, not {want}", **sides),
    }
    return every[aspect]


def different(probe: str, model: str, aspect: str, want: Any, got: Any) -> Check:
    """A check of one aspect that is otherwise."""
    return Check(probe, model, "different", _sentence(aspect, want, got), aspect, want, got)


def judge(
    probe: Probe, model: str, places: Sequence[Place], exchange: Exchange, owners: Owners
) -> tuple[Check, ...]:
    """The checks of one exchange that should have led to one call of one of `places` (not none)."""
    calls = tuple(_of_calls(probe, model, places, exchange, owners))
    found = (*calls, *_of_answer(probe, model, exchange))
    return found or (Check(probe.name, model, "same"),)


def _of_calls(
    probe: Probe, model: str, places: Sequence[Place], exchange: Exchange, owners: Owners
) -> Iterator[Check]:
    calls = exchange.calls
    if len(calls) != 1 and (calls or exchange.answer.status < FIRST_ERROR_STATUS):
        yield different(probe.name, model, "calls", 1, len(calls))
    for call in calls[:1]:
        place, missed = nearest(places, call)
        for aspect in missed:
            yield different(probe.name, model, aspect, *_sides(aspect, place, call, owners))
        if probe.has_system and SYSTEM not in call.raw:
            yield different(probe.name, model, "system message", True, False)
        if probe.has_tools and f'"{TOOL.name}"' not in call.raw:
            yield different(probe.name, model, "tools", True, False)
        if place.passes_on and probe.protocol in UNCHANGED:
            yield from _of_body(probe, model, exchange.body, call)


def _of_body(probe: Probe, model: str, sent: Mapping[str, Any], call: Heard) -> Iterator[Check]:
    """What of a body did not arrive as it was sent; what is lost as a whole is told by its own aspect."""
    changed = [name for name, value in sent.items() if name != "model" and call.body.get(name) != value]
    if "messages" in changed and (SYSTEM in call.raw or not probe.has_system):
        want, got = (wires.roles_in({**body}) or "user" for body in (sent, call.body))
        other = got if got != want else tr("{roles} with other words", roles=got)
        yield different(probe.name, model, "messages", want, other)
    told = ("messages",) if f'"{TOOL.name}"' in call.raw else ("messages", "tools")
    rest = [name for name in changed if name not in told]
    if rest:
        left = [f"{name} {call.body[name]}" for name in rest if name in call.body]
        yield different(probe.name, model, "fields", ", ".join(rest), ", ".join(left))


def _sides(aspect: str, place: Place, call: Heard, owners: Owners) -> tuple[Any, Any]:
    """What was promised of an aspect and what came, fit to be shown."""
    if aspect == ADDRESS:
        return place.urls[0], without_password(call.url)
    if aspect == MODEL:
        return place.model, call.model
    if aspect == KEY:
        return place.label, owners.of(call.key)
    return ", ".join(place.query), ", ".join(call.query)


def _of_answer(probe: Probe, model: str, exchange: Exchange) -> Iterator[Check]:
    want = probe.answer(model, exchange.words)
    got = facts_of(exchange.answer, probe.protocol, probe.is_stream)
    if got["status"] != want["status"]:
        yield different(probe.name, model, "status", want["status"], got["status"])
        return
    if probe.is_stream and got["content type"] != want["content type"]:  # nothing else can be told of it
        yield different(probe.name, model, "content type", want["content type"], got["content type"])
        return
    for aspect, value in want.items():
        if got.get(aspect) != value:
            yield different(probe.name, model, aspect, value, got.get(aspect))
