"""Small repairs to what LiteLLM sends: what it loses or invents of an answer, where the wire has heard it.

Reasoning travels as both `reasoning_content` and `reasoning`, because clients read one or the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from one_adapter.dialect import Dialect
from one_adapter.runtime.entry.asgi import header_text
from one_adapter.runtime.gateway.refusal import ANTHROPIC_TYPES

#: A traceback in a text of JSON: it tells of this machine's files, and nothing of the request.
TRACEBACK = re.compile(rb'(?:\\n)?Traceback \(most recent call last\):(?:[^"\\]|\\.)*')
#: How LiteLLM begins an event of the responses API.
EVENT_TYPE = re.compile(rb'data: \{"type":\s*"([a-z_.]+)"')
DONE = re.compile(rb"data: *\[DONE\]")
#: What a chunk holds that may need a repair.
MARKS = (b'"reasoning', b'"finish_reason":"', b'"finish_reason": "', b'"usage"')


class ChatStream:
    """A streamed chat as LiteLLM tells it."""

    def __init__(self) -> None:
        """Have told nothing yet."""
        self._finished: set[int] = set()
        self._last: dict[str, Any] = {}

    def mended(self, event: bytes, heard: Any) -> bytes:
        r"""Events with the upstream's usage, with both names of reasoning, and an end for each choice.

        `heard` is what `wire` noted, None where nothing was.

        >>> ChatStream().mended(b'data: {"choices": [{"delta": {"reasoning_content": "so"}}]}\n\n', None)
        b'data: {"choices": [{"delta": {"reasoning_content": "so", "reasoning": "so"}}]}\n\n'
        """
        if DONE.match(event):
            return b"".join(self._missing(heard)) + event
        if not any(mark in event for mark in MARKS):
            return event
        lines = event.split(b"\n")
        for index, line in enumerate(lines):
            if line.startswith(b"data: {"):
                try:
                    chunk = json.loads(line[6:])
                except ValueError:
                    continue
                self._mend(chunk, heard)
                lines[index] = b"data: " + json.dumps(chunk, ensure_ascii=False).encode()
        return b"\n".join(lines)

    def _mend(self, chunk: dict[str, Any], heard: Any) -> None:
        choices = [one for one in chunk.get("choices") or () if isinstance(one, dict)]
        for choice in choices:
            both_names(choice.get("delta"))
            if choice.get("finish_reason"):
                self._finished.add(choice.get("index", 0))
        if chunk.get("usage") and not any(one.get("delta") or one.get("finish_reason") for one in choices):
            chunk["choices"] = []
            if heard is not None and heard.usage:
                chunk["usage"] = heard.usage
        self._last = chunk

    def _missing(self, heard: Any) -> Iterator[bytes]:
        """The ends of choices that the upstream told and LiteLLM did not."""
        finishes = heard.finishes if heard is not None else {}
        head = {name: value for name, value in self._last.items() if name not in ("choices", "usage")}
        for index, reason in finishes.items():
            if index not in self._finished and self._finished:
                choice = {"index": index, "delta": {}, "finish_reason": reason}
                yield (
                    b"data: "
                    + json.dumps({**head, "choices": [choice]}, ensure_ascii=False).encode()
                    + b"\n\n"
                )


def named_event(event: bytes, model: str) -> bytes:
    r"""Name a streamed responses event as OpenAI does, and the client's model where it carries one.

    >>> named_event(b'data: {"type":"a.b","response": {"model": "up"}}\n\n', "mine")
    b'event: a.b\ndata: {"type": "a.b", "response": {"model": "mine"}}\n\n'
    """
    name = EVENT_TYPE.match(event)
    if name is None:
        return event
    if name.group(1) == b"response.in_progress":  # the gateway has none, and it says nothing new
        return b""
    if b'"response":' in event:
        try:
            data = json.loads(event[6:])
        except ValueError:
            return event
        if isinstance(data.get("response"), dict):
            data["response"]["model"] = model
            event = b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
    return b"event: " + name.group(1) + b"\n" + event


def both_names(message: object) -> None:
    """Add the missing one of `reasoning_content` and `reasoning` to a message or delta."""
    if isinstance(message, dict):
        one, two = message.get("reasoning_content"), message.get("reasoning")
        if one and two is None:
            message["reasoning"] = one
        elif isinstance(two, str) and two and one is None:
            message["reasoning_content"] = two


def mend(response: Any, heard: Any = None) -> None:
    """Give reasoning both its names, contents the form in which `heard` has them; in place.

    Headers of names that are not ASCII are made plain.
    """
    for place, choice in enumerate(getattr(response, "choices", None) or ()):
        message = getattr(choice, "message", None)
        if message is None:
            continue
        if heard is not None and place in heard.contents:
            _as_said(message, heard.contents[place])
        for said in (choice, message):
            fields = getattr(said, "provider_specific_fields", None)
            if isinstance(fields, dict) and not any(fields.values()):
                del said.provider_specific_fields  # LiteLLM's own word for nothing
        reasoning = getattr(message, "reasoning_content", None)
        if reasoning and getattr(message, "reasoning", None) is None:
            message.reasoning = reasoning
    if isinstance(response, dict):  # a message in Anthropic's form
        hidden = response.get("_hidden_params")
    else:
        hidden = getattr(response, "_hidden_params", None)
    extra = hidden.get("additional_headers") if isinstance(hidden, dict) else None
    if isinstance(extra, dict):
        for name, value in extra.items():
            if isinstance(value, str) and not value.isascii():
                extra[name] = header_text(value)


def _as_said(message: Any, said: Any) -> None:
    """Undo what LiteLLM made of a content, unless somebody else has changed it meanwhile."""
    content = message.content or ""
    if isinstance(said, str) and said.endswith(content) and said != content:
        message.content = said
        if getattr(message, "reasoning_content", None) and message.reasoning_content in said:
            del message.reasoning_content
    elif isinstance(said, list) and content == text_of(said):
        message.content = said


def text_of(parts: list[Any]) -> str:
    """The text of content parts.

    >>> text_of([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}])
    'ab'
    """
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def error_in(event: bytes) -> Mapping[str, Any]:
    r"""The error that an event tells; empty where it cannot be read.

    >>> error_in(b'event: error\ndata: {"error": {"code": "500"}}\n\n'), error_in(b"data: no")
    ({'code': '500'}, {})
    """
    try:
        told, _ = json.JSONDecoder().raw_decode(event[event.find(b"{") :].decode())
        error = told.get("error") or told["response"]["error"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
    return error if isinstance(error, dict) else {}


def is_failure(error: Mapping[str, Any], dialect: Dialect) -> bool:
    """Whether the error by which a stream fails speaks against the upstream, as a status would.

    Some routes begin their stream before the upstream has answered, and say of its 400 in an event.

    >>> from one_adapter.dialect import V0_12
    >>> is_failure({"code": "500"}, V0_12), is_failure({"type": "invalid_request_error"}, V0_12)
    (True, False)
    """
    blamed = [status for status in range(400, 500) if status not in dialect.moves_on]
    known = {str(one) for one in blamed} | {ANTHROPIC_TYPES.get(one, "") for one in blamed}
    return known.isdisjoint((str(error.get("code")), str(error.get("type"))))


def without_traceback(raw: bytes) -> bytes:
    r"""An error as JSON without the traceback of Python's that LiteLLM puts into some.

    >>> without_traceback(b'{"message": "no\\nTraceback (most recent call last):\\n  x", "code": 1}')
    b'{"message": "no", "code": 1}'
    """
    return TRACEBACK.sub(b"", raw) if b"Traceback (most" in raw else raw
