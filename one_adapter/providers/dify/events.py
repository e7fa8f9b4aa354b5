"""What Dify answers: server-sent events, the blocking form, and errors in either."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from one_adapter.providers.failure import Kind, VendorError, of_status, of_words
from one_adapter.providers.http import parse
from one_adapter.providers.piece import Piece, Tokens

log = logging.getLogger(__name__)

#: The vendor's code → what it means. Other codes go by the HTTP status.
CODES = {
    "unauthorized": Kind.AUTHENTICATION,
    "forbidden": Kind.PERMISSION,
    "not_found": Kind.NOT_FOUND,
    "provider_not_initialize": Kind.AUTHENTICATION,
    "provider_quota_exceeded": Kind.RATE,
    "too_many_requests": Kind.RATE,
    "rate_limit_error": Kind.RATE,
}
_HINTS = {
    "not_chat_app": "the key is of a completion or workflow app; only chat, agent and chatflow apps answer",
    "provider_not_initialize": "the app's own model has no valid key inside Dify",
}
_INNER = "completion_request_error"  # carries the text of the model that the app uses
_NEEDS_PERSON = ("workflow_paused", "human_input_required", "human_input_form_filled")


def failure(status: int, error: Mapping[str, Any]) -> VendorError:
    """The error for the vendor's {code, message, status}; `status`: HTTP status if the body has none."""
    code = str(error.get("code") or "")
    text = str(error.get("message") or error.get("error") or f"HTTP {status}")
    kind = CODES.get(code, of_status(_number(error.get("status"), status)))
    if code == _INNER:
        kind = of_words(text, kind)
    if code in _HINTS:
        text = f"{text}: {_HINTS[code]}"
    return VendorError(kind, text, code or status)


def http_failure(status: int, content: bytes) -> VendorError:
    """The error for an HTTP error answer of any form."""
    try:
        return failure(status, parse(content))
    except VendorError:
        return VendorError(of_status(status), f"HTTP {status}", status)


def blocking(answer: Mapping[str, Any]) -> Piece:
    """The whole answer of the blocking form."""
    if "answer" not in answer:
        raise failure(200, answer) if answer.get("code") else _garbage()
    return Piece(
        text=str(answer["answer"] or ""),
        finish="stop",
        tokens=tokens(answer),
        id=_identity(answer),
        extra=_extra(answer),
    )


class Reader:
    """Turns events into pieces. `stream`: the client has already seen what was given out."""

    def __init__(self, stream: bool) -> None:
        self.task_id = ""
        self.ended = False
        self._stream = stream
        self._given = False
        self._replaced = False

    def read(self, event: Mapping[str, Any]) -> Piece:
        """The piece for an event; an empty one for events that say nothing to a client."""
        self.task_id = str(event.get("task_id") or self.task_id)
        name = str(event.get("event") or "")
        if name in ("message", "agent_message"):
            return self._message(event)
        if name == "message_replace":
            return self._replacement(event)
        if name == "message_end":
            self.ended = True
            finish = "content_filter" if self._replaced else "stop"
            return Piece(finish=finish, tokens=tokens(event), id=_identity(event), extra=_extra(event))
        if name == "error":
            self.ended = True
            raise failure(_number(event.get("status"), 500), event)
        if name in _NEEDS_PERSON:
            raise VendorError(Kind.BAD_REQUEST, f"the app waits for a person ({name})")
        if name == "workflow_finished":
            self._workflow(event.get("data") or {})
        return Piece()

    def close(self) -> Piece:
        """The end of a stream that came without its last event. Raises VendorError if nothing came at all."""
        if not self._given:
            raise VendorError(Kind.CONNECTION, "the stream ended without an answer")
        log.warning("a Dify stream ended without message_end: no usage for task %s", self.task_id)
        self.ended = True
        return Piece(finish="content_filter" if self._replaced else "stop")

    def _message(self, event: Mapping[str, Any]) -> Piece:
        text = "" if self._replaced else str(event.get("answer") or "")
        self._given = self._given or bool(text)
        return Piece(text=text, id=_identity(event), extra=_extra(event))

    def _replacement(self, event: Mapping[str, Any]) -> Piece:
        seen = self._stream and self._given
        self._replaced = self._given = True
        if seen:  # text that a client has read cannot be taken back
            return Piece()
        return Piece(text=str(event.get("answer") or ""), replaces=True, extra=_extra(event))

    def _workflow(self, data: Mapping[str, Any]) -> None:
        if data.get("status") == "failed" and not self._given:
            self.ended = True
            raise VendorError(Kind.INTERNAL, f"the workflow failed: {data.get('error')}")


def tokens(event: Mapping[str, Any]) -> Tokens | None:
    """The token counts of a message, if the app's model gives any."""
    usage = (event.get("metadata") or {}).get("usage") or {}
    prompt, completion = _number(usage.get("prompt_tokens"), 0), _number(usage.get("completion_tokens"), 0)
    total = _number(usage.get("total_tokens"), prompt + completion)
    return Tokens(prompt, completion, total) if total else None


def _identity(event: Mapping[str, Any]) -> str:
    return str(event.get("message_id") or event.get("id") or "")


def _extra(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("conversation_id", "message_id") if event.get(name)}


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _garbage() -> VendorError:
    return VendorError(Kind.GARBAGE, "the service sent an answer without text")
