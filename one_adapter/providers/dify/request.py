"""OpenAI messages as one Dify query with its files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from one_adapter.providers.failure import Kind, VendorError

Message = Mapping[str, Any]
TRANSCRIPT, LAST_MESSAGE = "transcript", "last_message"
DEFAULT_BASE = "https://api.dify.ai/v1"
_DEFAULT_USER = "one-adapter"
_ROUTE = "/chat-messages"
_LABELS = {"user": "User", "assistant": "Assistant", "tool": "Tool", "function": "Tool"}
_TEXT_PARTS = ("text", "input_text", "output_text", "refusal")
_BLANK = " "  # the service refuses an empty query, also beside a picture


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that came inside the request and has to be given to Dify first."""

    data: bytes
    media_type: str


def base_url(configured: str | None) -> str:
    """The API's base, from a base or from the whole address that the old gateway's files hold.

    >>> base_url("http://dify.local/v1/chat-messages/")
    'http://dify.local/v1'
    """
    return (configured or DEFAULT_BASE).rstrip("/").removesuffix(_ROUTE).rstrip("/")


def query(messages: Sequence[Message], history: str) -> str:
    """The text to send. `history`: everything said so far (`transcript`) or only the last user message.

    Raises VendorError when no user message is there.

    >>> query([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}], "transcript")
    'S\\n\\nU'
    """
    rules = [_text(m) for m in messages if m.get("role") in ("system", "developer")]
    turns = [m for m in messages if m.get("role") not in ("system", "developer")]
    asked = [m for m in turns if m.get("role") == "user"]
    if not asked and not rules:
        raise VendorError(Kind.BAD_REQUEST, "a message of the user is needed")
    if history == LAST_MESSAGE and asked:
        return _text(asked[-1]) or _BLANK
    said = [_text(turns[0])] if len(turns) == 1 else [f"{_label(m)}: {_text(m)}" for m in turns]
    return "\n\n".join(text for text in rules + said if text) or _BLANK


def body(
    messages: Sequence[Message],
    asked: Mapping[str, Any],
    metadata: Mapping[str, Any],
    history: str,
    user: str,
) -> dict[str, Any]:
    """The request without its pictures. A known conversation gets the last user message only.

    Raises VendorError for values that have not the form they must have.
    """
    if not isinstance(asked.get("inputs") or {}, Mapping) or not isinstance(asked.get("files") or [], list):
        raise VendorError(Kind.BAD_REQUEST, "inputs must be an object and files a list")
    conversation = asked.get("conversation_id") or metadata.get("conversation_id")
    sent: dict[str, Any] = {
        "query": query(messages, LAST_MESSAGE if conversation else history),
        "inputs": asked.get("inputs") or {},
        "user": user,
        "auto_generate_name": bool(asked.get("auto_generate_name", False)),
    }
    if conversation:
        sent["conversation_id"] = str(conversation)
    if asked.get("files"):
        sent["files"] = list(asked["files"])
    return sent | {name: asked[name] for name in ("workflow_id", "trace_id") if asked.get(name)}


def end_user(asked: Mapping[str, Any], metadata: Mapping[str, Any], usual: str | None) -> str:
    """Whose conversation it is: the client's `user`, else the operator's default, else a fixed label."""
    return str(asked.get("user") or metadata.get("user_api_key_end_user_id") or usual or _DEFAULT_USER)


def pictures(messages: Iterable[Message], history: str) -> list[str | Upload]:
    """The pictures of the messages that are sent: URLs as they are, inline ones decoded."""
    users = [m for m in messages if m.get("role") == "user"]
    sent = users[-1:] if history == LAST_MESSAGE else users
    return [_picture(part) for message in sent for part in _parts(message) if _is_picture(part)]


def _picture(part: Mapping[str, Any]) -> str | Upload:
    image = part["image_url"]
    url = str(image.get("url") if isinstance(image, Mapping) else image)
    if not url.startswith("data:"):
        return url
    head, _, data = url[len("data:") :].partition(",")
    try:
        return Upload(base64.b64decode(data, validate=True), head.partition(";")[0] or "image/png")
    except (binascii.Error, ValueError):
        pass
    raise VendorError(Kind.BAD_REQUEST, "the picture's data URL is not base64")


def _is_picture(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "image_url" and bool(part.get("image_url"))


def _parts(message: Message) -> list[Mapping[str, Any]]:
    content = message.get("content")
    if not isinstance(content, list):
        return [{"type": "text", "text": content or ""}]
    return [part if isinstance(part, Mapping) else {"type": "text", "text": str(part)} for part in content]


def _text(message: Message) -> str:
    texts = []
    for part in _parts(message):
        kind = part.get("type", "text")
        if kind in _TEXT_PARTS:
            texts.append(str(part.get("text") or part.get("refusal") or ""))
        elif kind != "image_url":
            raise VendorError(Kind.BAD_REQUEST, f"Dify takes text and pictures here, not {kind}; use files")
    return "\n".join(texts)


def _label(message: Message) -> str:
    return _LABELS.get(str(message.get("role")), "User")
