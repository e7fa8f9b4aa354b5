"""The fingerprint of an answer: facts by aspect, which two servers can be held against each other by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from one_adapter.verify.servers.client import Answer
from one_adapter.verify.servers.fields import fields_of, words_of
from one_adapter.verify.servers.probes import Probe
from one_adapter.verify.servers.stream import (
    Told,
    call_form,
    calls_in,
    pieces,
    told_by_chat,
    told_by_types,
    type_of,
)

#: The fields in which a chat's answer tells how the model got there.
REASONING = ("reasoning_content", "reasoning")
#: Fields that say in a word of the protocol what an object is.
KINDS = frozenset(("object", "role"))
#: Where an answer's own aspects stand: their fields are looked at there, and not among the others.
ELSEWHERE = frozenset(
    ("usage", "finish_reason", "stop_reason", "stop_sequence", "incomplete_details", "tool_calls", "error")
) | {"model", "status", *REASONING}
#: Words for a stop that all mean that the answer, or its room, came to an end.
ENDED = frozenset(("stop", "length", "end_turn", "max_tokens", "completed", "incomplete", "stop_sequence"))
CALLED = frozenset(("tool_calls", "tool_use", "function_call"))


def facts_of(answer: Answer, probe: Probe, model: str) -> dict[str, Any]:
    """What an answer to a probe about `model` is like; an aspect that it has nothing of is left out."""
    if answer.status != 200:
        return {"status": answer.status, **error_facts(answer.body)}
    facts: dict[str, Any] = {"status": 200, "content type": answer.content_type}
    if probe.is_stream and answer.is_stream:
        told = told_by_chat(answer) if probe.wire == "chat" else told_by_types(answer)
        return facts | _streamed(told, probe, model)
    body = answer.body if isinstance(answer.body, dict) else {}
    if body.get("error"):
        return facts | error_facts(body)
    found = _common([body], probe, model)
    if probe.wire == "chat":
        choices = [each for each in _list(body.get("choices")) if isinstance(each, dict)]
        messages = [each.get("message") for each in choices]
        found["tool calls"] = sorted(call for message in messages for call in _calls(message))
        found["words"] = "".join(str(_dict(message).get("content") or "") for message in messages)
        found |= {"choices": len(choices), "reasoning": _reasoning(messages)}
    if probe.wire != "embeddings" and not found.get("tool calls"):
        found["text"] = _is_there(found.get("words"))
    if probe.wire == "embeddings":
        found["vectors"] = [_length(_dict(each).get("embedding")) for each in _list(body.get("data"))]
    return facts | found


def error_facts(body: Any) -> dict[str, Any]:
    """What an error is like: its form and its class, without its words."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        classes = {key: error[key] for key in ("type", "code") if isinstance(error.get(key), (str, int))}
        return {"error": {"form": sorted(key for key in error if error[key] is not None), **classes}}
    if isinstance(error, str):
        return {"error": {"form": "a text"}}
    return {"error": {"form": "no error object" if body is not None else "no JSON"}}


def _streamed(told: Told, probe: Probe, model: str) -> dict[str, Any]:
    found = _common(told.objects, probe, model)
    found |= {"stream": told.form, "words": told.text}
    if "error" in told.order:
        return found
    if probe.wire == "chat":
        deltas = [
            _dict(choice).get("delta") for event in told.objects for choice in _list(event.get("choices"))
        ]
        found["tool calls"] = sorted(calls_in(deltas))
        found |= {"choices": _choices(told.objects), "reasoning": _reasoning(deltas)}
    if not found.get("tool calls"):
        found |= {"text": _is_there(told.text), "pieces": pieces(told.pieces)}
    if told.first is not None:
        found["first piece"] = told.first
    return found


def _common(objects: Sequence[Mapping[str, Any]], probe: Probe, model: str) -> dict[str, Any]:
    """What whole answers and streams of every protocol have; `objects` are the answer, or its events."""
    paths: set[str] = set()
    kinds: set[str] = set()
    finishes: set[str] = set()
    models: set[str] = set()
    usage: dict[str, Any] = {}
    for each in objects:
        prefix = f"{type_of(each)}: " if probe.is_stream and probe.wire != "chat" else ""
        paths |= {f"{prefix}{path}" for path in fields_of(each) if not _is_elsewhere(path)}
        kinds |= {f"{prefix}{path}" for path in words_of(each, KINDS)}
        for part in (each, _dict(each.get("message")), _dict(each.get("response"))):
            if isinstance(part.get("model"), str):
                models.add(str(part["model"]))
            told = _dict(part.get("usage")).items()  # a 0 beside a count is no other count
            usage |= {key: value for key, value in told if value or (value == 0 and key not in usage)}
        finishes |= {finish_word(finish) for finish in _finishes(each, probe) if finish}
    found: dict[str, Any] = {"fields": sorted(paths), "kinds": sorted(kinds), "usage": _counted(usage)}
    tokens = usage.get("prompt_tokens", usage.get("input_tokens"))
    if isinstance(tokens, int) and tokens > 0:
        found["prompt tokens"] = tokens
    if probe.wire != "embeddings":
        found["finish reason"] = sorted(finishes)
    found["model"] = "as asked" if models == {model} else ", ".join(sorted(models)) or "none"
    return found


def _finishes(event: Mapping[str, Any], probe: Probe) -> list[Any]:
    if probe.wire == "chat":
        return [_dict(choice).get("finish_reason") for choice in _list(event.get("choices"))]
    if probe.wire == "messages":
        return [event.get("stop_reason"), _dict(event.get("delta")).get("stop_reason")]
    status = (_dict(event.get("response")) or event).get("status")
    return [] if status in ("in_progress", "queued") else [status]


def finish_word(reason: Any) -> str:
    """A finish reason, where all that mean an ordinary end are one; which one is a matter of the text.

    >>> finish_word("length"), finish_word("tool_use"), finish_word("STOP")
    ('an end', 'a tool call', 'STOP')
    """
    word = str(reason)
    if word in ENDED:
        return "an end"
    return "a tool call" if word in CALLED else word


def _counted(usage: Mapping[str, Any]) -> list[str]:
    """The counts of a usage that say something: of the prompt, of the answer, of both; and which are 0."""
    named = {"prompt_tokens": "prompt", "input_tokens": "prompt", "completion_tokens": "answer"}
    named |= {"output_tokens": "answer", "total_tokens": "total"}
    counts = {word: usage[key] for key, word in named.items() if isinstance(usage.get(key), int)}
    return sorted(word if count else f"{word} of 0" for word, count in counts.items())


def _choices(events: Sequence[Mapping[str, Any]]) -> int:
    """How many answers a stream tells side by side."""
    choices = [_dict(choice) for event in events for choice in _list(event.get("choices"))]
    return len({str(choice.get("index", 0)) for choice in choices})


def _reasoning(messages: Sequence[Any]) -> list[str]:
    """The fields in which messages, or the deltas of one, tell reasoning."""
    return [name for name in REASONING if any(_dict(message).get(name) for message in messages)]


def _is_there(words: Any) -> str:
    return "some" if words else "none"


def _is_elsewhere(path: str) -> bool:
    parts = path.rpartition(" ")[0].replace("[]", "").split(".")
    return any(part in ELSEWHERE for part in parts)


def _calls(message: Any) -> list[str]:
    calls = [_dict(call) for call in _list(_dict(message).get("tool_calls"))]
    functions = [_dict(call.get("function")) for call in calls]
    return [
        call_form(str(each.get("name") or ""), each.get("arguments"), bool(call.get("id")))
        for call, each in zip(calls, functions, strict=True)
    ]


def _length(vector: Any) -> int:
    return len(vector) if isinstance(vector, (list, str)) else 0


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
