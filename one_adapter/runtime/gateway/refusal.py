"""Requests that end early: the status and words a client gets.

Errors have OpenAI's form, on `/v1/messages` Anthropic's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    504: "timeout_error",
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request that ends here, with the HTTP status and words the client gets.

    `error` is the upstream's own error object, where it is the upstream that refuses.
    """

    status: int
    message: str
    code: str = ""
    param: str | None = None
    retry_after: float | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    error: Mapping[str, Any] | None = None


def error_body(refusal: Refusal, anthropic: bool = False) -> dict[str, Any]:
    """The JSON body of a refusal.

    >>> error_body(Refusal(400, "no", "model_not_found"))["error"]["code"]
    'model_not_found'
    """
    own = refusal.error or {}
    if anthropic:
        kind = own.get("type") or ANTHROPIC_TYPES.get(refusal.status, "api_error")
        return {"type": "error", "error": {"type": str(kind), "message": refusal.message}}
    kind = OPENAI_TYPES.get(
        refusal.status, "server_error" if refusal.status >= 500 else "invalid_request_error"
    )
    code = refusal.code or str(refusal.status)
    error = {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}
    return {
        "error": {
            **error,
            **{name: value for name, value in own.items() if value is not None},
            "message": refusal.message,
        }
    }


def error_event(refusal: Refusal, kind: str) -> bytes:
    """The last event of a stream that has to end early, in the route's own form."""
    body = json.dumps(error_body(refusal, kind == "messages"))
    if kind == "chat":
        return f"data: {body}\n\n".encode()
    if kind == "responses":
        body = json.dumps({"type": "error", "code": refusal.code, "message": refusal.message, "param": None})
    return f"event: error\ndata: {body}\n\n".encode()


def model_not_found(model: str) -> Refusal:
    """Say that no model has this name."""
    return Refusal(400, f"The model {model!r} does not exist.", "model_not_found", "model")


def no_healthy_key(model: str, retry_after: float | None = None) -> Refusal:
    """Say that no key of a model may be asked at present."""
    problem = f"No credential for the model {model!r} is healthy at present."
    return Refusal(429, problem, "no_healthy_credential", retry_after=retry_after)
