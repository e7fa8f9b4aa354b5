"""The one frame sent to Spark and the frames that come back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from one_adapter.providers.failure import Kind, VendorError, of_status
from one_adapter.providers.piece import Piece, Tokens, ToolCall
from one_adapter.providers.xinghuo.messages import spark_messages
from one_adapter.providers.xinghuo.models import Engine

#: header.code → what it means. Any other code is the service's own trouble.
CODES = {
    10003: Kind.BAD_REQUEST,
    10004: Kind.BAD_REQUEST,
    10005: Kind.BAD_REQUEST,
    10163: Kind.BAD_REQUEST,
    10907: Kind.CONTEXT,
    10013: Kind.POLICY,
    10014: Kind.POLICY,
    10019: Kind.POLICY,
    10015: Kind.PERMISSION,
    10016: Kind.PERMISSION,
    11200: Kind.PERMISSION,
    10006: Kind.RATE,
    10007: Kind.RATE,
    11201: Kind.RATE,
    11202: Kind.RATE,
    11203: Kind.RATE,
    10008: Kind.UNAVAILABLE,
    10110: Kind.UNAVAILABLE,
}
#: The answer itself was objectionable: text that was already given out stays, the answer ends here.
ANSWER_BLOCKED = 10014
#: Vendor parameters of parameter.chat that pass as they are.
CHAT_PARAMETERS = ("top_k", "auditing", "chat_id", "question_type", "search_disable", "show_ref_label")
_LAST = 2  # payload.choices.status of the last frame
_FORBIDDEN = 403  # what a wrong signature is answered with
_UID_LENGTH = 32
_COOLEST, _HOTTEST = 0.01, 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that came back: vendor code and text, session id, whether it is the last, its pieces."""

    code: int
    message: str
    last: bool
    pieces: tuple[Piece, ...]
    tokens: Tokens | None
    id: str


def request_frame(
    app_id: str,
    engine: Engine,
    messages: list[dict[str, Any]],
    asked: Mapping[str, Any],
    fixed: Mapping[str, Any],
) -> dict[str, Any]:
    """The request. `asked`: the client's parameters, `fixed`: what only the operator sets.

    Raises VendorError for values that have not the form OpenAI's API gives them.
    """
    try:
        return _request(app_id, engine, messages, asked, fixed)
    except (AttributeError, TypeError, ValueError):
        pass
    raise VendorError(Kind.BAD_REQUEST, "a message or a parameter has not the form it must have")


def _request(
    app_id: str,
    engine: Engine,
    messages: list[dict[str, Any]],
    asked: Mapping[str, Any],
    fixed: Mapping[str, Any],
) -> dict[str, Any]:
    chat: dict[str, Any] = {"domain": engine.domain}
    if asked.get("temperature") is not None:
        chat["temperature"] = min(max(float(asked["temperature"]), _COOLEST), _HOTTEST)
    if limit := token_limit(asked):
        chat["max_tokens"] = limit
    chat |= {name: asked[name] for name in CHAT_PARAMETERS if asked.get(name) is not None}
    header: dict[str, Any] = {"app_id": app_id}
    if uid := fixed.get("uid") or _hidden(asked.get("user")):
        header["uid"] = str(uid)[:_UID_LENGTH]
    if fixed.get("patch_id"):
        header["patch_id"] = fixed["patch_id"]
    payload: dict[str, Any] = {"message": {"text": spark_messages(messages, engine.system)}}
    if functions := _functions(asked):
        payload["functions"] = {"text": functions}
    return {"header": header, "parameter": {"chat": chat}, "payload": payload}


def token_limit(params: Mapping[str, Any]) -> int | None:
    """The client's limit for the answer, under its newer or its older name."""
    limit = params.get("max_completion_tokens") or params.get("max_tokens")
    return int(limit) if limit else None


def _hidden(user: Any) -> str:
    """A stable stand-in for the end user, so that no name or address leaves for the vendor."""
    return hashlib.sha256(str(user).encode()).hexdigest() if user else ""


def _functions(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    if asked.get("tool_choice") == "none":
        return []
    tools = [tool.get("function") or {} for tool in asked.get("tools") or []] or asked.get("functions") or []
    return [
        {
            "name": tool.get("name", ""),
            "description": tool.get("description") or "",
            "parameters": tool.get("parameters") or {"type": "object", "properties": {}},
        }
        for tool in tools
    ]


def read_frame(text: Any) -> Frame:
    """What a frame says. Raises VendorError for anything that is not a frame."""
    try:
        return _frame(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise VendorError(Kind.GARBAGE, "the service sent a frame that cannot be read")


def _frame(data: Any) -> Frame:
    header = data["header"]
    payload = data.get("payload") or {}
    choices = payload.get("choices") or {}
    sid = str(header.get("sid") or "")
    counted = (payload.get("usage") or {}).get("text")
    return Frame(
        code=int(header["code"]),
        message=str(header.get("message") or ""),
        last=choices.get("status") == _LAST,
        pieces=tuple(_piece(item, sid) for item in choices.get("text") or ()),
        tokens=_tokens(counted) if counted else None,
        id=sid,
    )


def _piece(item: Mapping[str, Any], sid: str) -> Piece:
    call = item.get("function_call")
    return Piece(
        text=item.get("content") or "",
        reasoning=item.get("reasoning_content") or "",
        tool=_tool(call) if call else None,
        id=sid,
    )


def _tool(call: Mapping[str, Any]) -> ToolCall:
    return ToolCall(f"call_{uuid4().hex[:24]}", str(call["name"]), str(call.get("arguments") or "{}"))


def _tokens(counted: Mapping[str, Any]) -> Tokens:
    prompt, completion = int(counted["prompt_tokens"]), int(counted["completion_tokens"])
    return Tokens(prompt, completion, int(counted.get("total_tokens") or prompt + completion))


def failure(frame: Frame) -> VendorError:
    """The error that a frame with a code other than 0 reports."""
    return VendorError(CODES.get(frame.code, Kind.INTERNAL), frame.message, frame.code)


def refusal(status: int, body: str) -> VendorError:
    """The error for a handshake that was answered with an HTTP status instead of a websocket."""
    text = f"the service refused the connection: {_said(body)}"
    if "HMAC" in body:
        text += ". Check the API key and secret, and this machine's clock: it must be right within 300 s"
    kind = Kind.AUTHENTICATION if status == _FORBIDDEN else of_status(status)
    return VendorError(kind, text, status)


def _said(body: str) -> str:
    try:
        return str(json.loads(body)["message"])
    except (KeyError, TypeError, ValueError):
        return body.strip() or "no reason given"
