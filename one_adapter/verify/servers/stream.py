"""What a stream is like: the order of its events, its end, its pieces. Never its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from one_adapter.verify.servers.client import Answer

DONE = "[DONE]"
#: A chat's stream as the protocol has it; what is optional is looked at by itself.
GRAMMAR = re.compile(r"(role )?((reasoning|content|tool) )*(finish )?(usage )?")


@dataclass(slots=True)
class Told:
    """What the events of a stream said, together."""

    order: list[str] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    pieces: int = 0
    first: float | None = None
    """Seconds to the first piece of the answer."""
    has_done: bool = False

    @property
    def form(self) -> str:
        """The order of the events in a few words, repeats left out."""
        kinds = [kind for kind, _ in groupby(self.order)] or ["no events"]
        if GRAMMAR.fullmatch("".join(f"{kind} " for kind in kinds)):
            kinds = ["in order"]
        return " ".join([*kinds, DONE] if self.has_done else [*kinds, "no [DONE]"])


def told_by_chat(answer: Answer) -> Told:
    """The stream of a chat."""
    told = Told()
    for moment, data, event in _events(answer):
        if data == DONE:
            told.has_done = True
        elif event is None:
            told.order.append("broken event")
        else:
            told.objects.append(event)
            _tell(told, event, moment)
    return told


def _tell(told: Told, event: dict[str, Any], moment: float) -> None:
    if "error" in event and not event.get("choices"):
        told.order.append("error")
        return
    choices = event.get("choices") or []
    for choice in choices if isinstance(choices, list) else []:
        delta = choice.get("delta") if isinstance(choice, dict) else None
        delta = delta if isinstance(delta, dict) else {}
        said = _said(delta)
        if said:
            told.order.append(said)
            told.pieces += said != "tool"
            told.text += str(delta.get("content") or "")
            told.first = moment if told.first is None else told.first
        elif delta.get("role") and "content" not in told.order:
            told.order.append("role")
        if isinstance(choice, dict) and choice.get("finish_reason"):
            told.order.append("finish")
    if event.get("usage") and not choices:
        told.order.append("usage")


def _said(delta: dict[str, Any]) -> str:
    if delta.get("tool_calls"):
        return "tool"
    if delta.get("content"):
        return "content"
    return "reasoning" if delta.get("reasoning_content") or delta.get("reasoning") else ""


def told_by_types(answer: Answer) -> Told:
    """The stream of a response or of Anthropic's messages, whose events say their type.

    The order is that of the types' first appearance: how often one comes is the vendor's business, and
    pings are the wire's.
    """
    told = Told(has_done=True)
    for moment, data, event in _events(answer):
        if data == DONE:
            continue
        if event is None:
            told.order.append("broken event")
            continue
        kind = type_of(event)
        if kind == "ping":
            continue
        if kind not in told.order:
            told.order.append(kind)
        told.objects.append(event)
        if kind.endswith("delta") and kind != "message_delta":
            delta = event.get("delta")
            told.text += delta if isinstance(delta, str) else str(_text_of(delta) or "")
            told.pieces += 1
            told.first = moment if told.first is None else told.first
    return told


def _text_of(delta: Any) -> Any:
    return delta.get("text") if isinstance(delta, dict) else None


def type_of(event: Mapping[str, Any]) -> str:
    """The type that an event says it has; an answer that ran out of room ends as another does.

    >>> type_of({"type": "response.incomplete"}), type_of({})
    ('response.completed', 'no type')
    """
    kind = str(event.get("type") or "no type")
    return "response.completed" if kind == "response.incomplete" else kind


def _events(answer: Answer) -> Iterator[tuple[float, str, dict[str, Any] | None]]:
    for moment, data in zip(answer.moments, answer.events, strict=True):
        if data:
            yield moment, data, None if data == DONE else _object(data)


def _object(data: str) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def pieces(count: int) -> str:
    """How many pieces, as far as it matters.

    >>> pieces(0), pieces(1), pieces(40)
    ('none', 'one', 'several')
    """
    return ("none", "one")[count] if count < 2 else "several"


def calls_in(deltas: Sequence[Any]) -> list[str]:
    """The tool calls of a stream's deltas, put together, as `name(argument, ...)`."""
    names: dict[int, str] = {}
    arguments: dict[int, Any] = {}
    ids: set[int] = set()
    for delta in deltas:
        calls = delta.get("tool_calls") if isinstance(delta, dict) else None
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                continue
            place = call.get("index") if isinstance(call.get("index"), int) else 0
            names[place] = names.get(place, "") + str(function.get("name") or "")
            given, before = function.get("arguments") or "", arguments.get(place, "")
            both_texts = isinstance(given, str) and isinstance(before, str)
            arguments[place] = before + given if both_texts else given or before
            ids |= {place} if call.get("id") else set()
    return [call_form(names[place], arguments[place], place in ids) for place in sorted(names)]


def call_form(name: str, arguments: Any, has_id: bool = True) -> str:
    """A tool call by its name and its arguments' names, and what a client cannot use of it.

    >>> call_form("get_time", '{"city": "Paris"}'), call_form("get_time", '{"ci')
    ('get_time(city)', 'get_time(no JSON)')
    >>> call_form("get_time", {"city": "Paris"}, has_id=False)
    'get_time(city) with arguments that are no text, without an id'
    """
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):
        given = None
    keys = ", ".join(sorted(map(str, given))) if isinstance(given, dict) else "no JSON"
    odd = [] if arguments is None or isinstance(arguments, str) else [" with arguments that are no text"]
    odd += [] if has_id else [" without an id"]
    return f"{name}({keys}){','.join(odd)}"
