"""Small repairs to what LiteLLM sends.

Reasoning travels as both `reasoning_content` and `reasoning`, because clients read one or the other.
"""

from __future__ import annotations

import json
import re
from typing import Any

from one_adapter.runtime.entry.asgi import header_text

#: How LiteLLM begins an event of the responses API.
EVENT_TYPE = re.compile(rb'data: \{"type":\s*"([a-z_.]+)"')


def with_reasoning(event: bytes) -> bytes:
    r"""Give a streamed chunk's reasoning its second name; everything else stays as it is.

    >>> with_reasoning(b'data: {"choices": [{"delta": {"reasoning_content": "so"}}]}\n\n')
    b'data: {"choices": [{"delta": {"reasoning_content": "so", "reasoning": "so"}}]}\n\n'
    """
    lines = event.split(b"\n")
    for index, line in enumerate(lines):
        if line.startswith(b"data: {"):
            try:
                chunk = json.loads(line[6:])
            except ValueError:
                continue
            for choice in chunk.get("choices") or ():
                both_names(choice.get("delta"))
            lines[index] = b"data: " + json.dumps(chunk, ensure_ascii=False).encode()
    return b"\n".join(lines)


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


def mend(response: Any) -> None:
    """Give reasoning both its names, and make headers of names that are not ASCII; in place."""
    for choice in getattr(response, "choices", None) or ():
        message = getattr(choice, "message", None)
        reasoning = getattr(message, "reasoning_content", None)
        if message is not None and reasoning and getattr(message, "reasoning", None) is None:
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
