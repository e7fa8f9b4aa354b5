"""Answers of our own, and small repairs to those of the upstream.

Errors have OpenAI's form, on `/v1/messages` Anthropic's. Reasoning travels as both
`reasoning_content` and `reasoning`, because clients read one or the other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

#: How LiteLLM begins an event of the responses API.
EVENT_TYPE = re.compile(rb'data: \{"type":\s*"([a-z_.]+)"')
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
    504: "timeout_error",
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request that ends here, with the HTTP status and words the client gets."""

    status: int
    message: str
    code: str = ""
    param: str | None = None
    retry_after: float | None = None


def error_body(refusal: Refusal, anthropic: bool = False) -> dict[str, Any]:
    """Return the JSON body of a refusal.

    >>> error_body(Refusal(400, "no", "model_not_found"))["error"]["code"]
    'model_not_found'
    """
    if anthropic:
        kind = ANTHROPIC_TYPES.get(refusal.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}
    kind = OPENAI_TYPES.get(refusal.status, "invalid_request_error")
    code = refusal.code or str(refusal.status)
    return {"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}}


def error_event(refusal: Refusal, kind: str) -> bytes:
    """Return the last event of a stream that has to end early, in the route's own form."""
    body = json.dumps(error_body(refusal, kind == "messages"))
    if kind == "chat":
        return f"data: {body}\n\n".encode()
    if kind == "responses":
        body = json.dumps({"type": "error", "code": refusal.code, "message": refusal.message, "param": None})
    return f"event: error\ndata: {body}\n\n".encode()


def model_not_found(model: str) -> Refusal:
    """Say that no model has this name."""
    return Refusal(400, f"The model {model!r} does not exist.", "model_not_found", "model")


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


def header_text(text: str) -> str:
    """Return text as a header can carry it: percent-encoded when it is not plain ASCII.

    >>> header_text("gpt-4o"), header_text("通")
    ('gpt-4o', '%E9%80%9A')
    """
    return text if text.isascii() and text.isprintable() else quote(text, safe="/:@ ")


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
