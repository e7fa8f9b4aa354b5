"""An answer's facts: what a client lives by, and none of its words but the ones it was asked to say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]
#: What the events of a proper stream of a chat are, one after another.
_WHOLE_STREAM = re.compile(r"(role )?(content )*finish (usage )?DONE")
STREAM_IS_WHOLE = "begins, ends, and says so"
#: The first status that tells an error.
FIRST_ERROR_STATUS = 400
#: What is said of a tool's call that no answer can refer to.
WITHOUT_ID = " without an id"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status (0: nothing did), the type of the content, and the content."""

    status: int
    content_type: str = ""
    text: str = field(default="", repr=False)

    @property
    def json(self) -> Any:
        """The content as JSON; an empty object where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return {}

    def events(self) -> Iterator[str]:
        """The data of a stream's events."""
        for block in re.split(r"\r?\n\r?\n", self.text):
            lines = [line[5:].strip() for line in block.splitlines() if line.startswith("data:")]
            if lines:
                yield "\n".join(lines)


def facts_of(answer: Answer, protocol: str, is_stream: bool = False) -> Facts:
    """What an answer says in a protocol: chat, messages, responses, embeddings or models."""
    found: Facts = {"status": answer.status}
    if answer.status >= FIRST_ERROR_STATUS or not answer.status:
        return found | {"error": _error(answer.json)}
    found["content type"] = answer.content_type.partition(";")[0].strip()
    if is_stream:
        return found | _stream(answer)
    body = answer.json
    return found | _READERS[protocol](body if isinstance(body, Mapping) else {})


def _error(body: Any) -> str:
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("code") or error.get("type") or "")
    return "text" if error else ""


def error_of(answer: Answer) -> Facts:
    """What an error is like: the fields of its object, its type and its code; not its words.

    >>> error_of(Answer(400, text='{"error": {"message": "no", "code": "x"}}'))
    {'form': ['code', 'message'], 'type': None, 'code': 'x'}
    """
    body = answer.json
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return {"form": "a text" if isinstance(error, str) else "no error object"}
    return {"form": sorted(map(str, error)), "type": error.get("type"), "code": error.get("code")}


def _chat(body: Mapping[str, Any]) -> Facts:
    choice = _first(body.get("choices"))
    message = _object(choice.get("message"))
    return {
        "model": body.get("model"),
        "text": message.get("content") or "",
        "tool call": _called(message.get("tool_calls")),
        "finish_reason": choice.get("finish_reason"),
        "usage": _counts(body.get("usage"), "prompt_tokens", "completion_tokens"),
    }


def _messages(body: Mapping[str, Any]) -> Facts:
    parts = [_object(part) for part in _list(body.get("content"))]
    return {
        "model": body.get("model"),
        "text": "".join(str(part.get("text", "")) for part in parts if part.get("type") == "text"),
        "finish_reason": body.get("stop_reason"),
        "usage": _counts(body.get("usage"), "input_tokens", "output_tokens"),
    }


def _responses(body: Mapping[str, Any]) -> Facts:
    items = [_object(item) for item in _list(body.get("output"))]
    parts = [_object(part) for item in items for part in _list(item.get("content"))]
    return {
        "model": body.get("model"),
        "text": "".join(str(part.get("text", "")) for part in parts if part.get("type") == "output_text"),
        "finish_reason": body.get("status"),
        "usage": _counts(body.get("usage"), "input_tokens", "output_tokens"),
    }


def _embeddings(body: Mapping[str, Any]) -> Facts:
    vectors = [_object(each).get("embedding") for each in _list(body.get("data"))]
    return {
        "model": body.get("model"),
        "vectors": vectors,
        "usage": _counts(body.get("usage"), "prompt_tokens"),
    }


def _models(body: Mapping[str, Any]) -> Facts:
    return {"names": sorted(str(_object(each).get("id")) for each in _list(body.get("data")))}


_READERS = {
    "chat": _chat,
    "messages": _messages,
    "responses": _responses,
    "embeddings": _embeddings,
    "models": _models,
}


def _stream(answer: Answer) -> Facts:
    """A stream of a chat: its facts are those of the whole answer, and whether it is a proper stream."""
    kinds: list[str] = []
    found: Facts = {"model": None, "text": "", "finish_reason": None, "usage": False}
    for data in answer.events():
        if data == "[DONE]":
            kinds.append("DONE")
            continue
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = {}
        kinds += _read_event(event if isinstance(event, Mapping) else {}, found)
    said = "".join(f"{kind} " for kind in kinds).strip()
    return found | {"stream": STREAM_IS_WHOLE if _WHOLE_STREAM.fullmatch(said) else _short(kinds)}


def _read_event(event: Mapping[str, Any], found: Facts) -> Iterator[str]:
    found["model"] = found["model"] or event.get("model")
    choice = _first(event.get("choices"))
    delta = _object(choice.get("delta"))
    if "error" in event:
        yield "error"
    if delta.get("content"):
        found["text"] += str(delta["content"])
        yield "content"
    elif delta.get("role") and not choice.get("finish_reason") and not found["text"]:
        yield "role"
    if choice.get("finish_reason"):
        found["finish_reason"] = choice["finish_reason"]
        yield "finish"
    if _counts(event.get("usage"), "prompt_tokens", "completion_tokens"):
        found["usage"] = True
        if not choice:
            yield "usage"


def _short(kinds: Sequence[str]) -> str:
    """The kinds of events, each once where it comes several times in a row; "" for no event."""
    return " ".join(kind for place, kind in enumerate(kinds) if not place or kinds[place - 1] != kind)


def _called(calls: Any) -> str:
    """The tools that are called, with their arguments, whose order and spaces do not matter.

    >>> _called([{"id": "1", "function": {"name": "look", "arguments": '{"city":"x"}'}}])
    'look({"city": "x"})'
    """
    said = []
    for call in _list(calls):
        function = _object(_object(call).get("function"))
        try:
            arguments = json.loads(function.get("arguments") or "{}")
        except (TypeError, ValueError, RecursionError):
            arguments = None
        given = json.dumps(arguments, sort_keys=True) if isinstance(arguments, Mapping) else "?"
        said.append(f"{function.get('name')}({given}){'' if _object(call).get('id') else WITHOUT_ID}")
    return " ".join(said)


def _counts(usage: Any, *names: str) -> bool:
    """Whether a usage has numbers under all of these names, and none that is zero."""
    counts = [_object(usage).get(name) for name in names]
    return all(isinstance(count, int) and count > 0 for count in counts)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _first(value: Any) -> Mapping[str, Any]:
    return _object(value[0]) if isinstance(value, list) and value else {}
