"""ASGI's types, and the two things everybody does with them: answer whole, and read a body."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import quote

from one_adapter.runtime.entry.unpacking import unpacked
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.redaction import known

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

#: Bytes that a request's body may have, packed or unpacked.
BODY_BYTES = 8 << 20


async def answer(
    send: Send, status: int, body: object, retry_after: float | None = None, headers: Headers = ()
) -> None:
    """Send one whole JSON answer; `retry_after` is in seconds."""
    raw = known.clean_bytes(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode()), *headers]
    if retry_after is not None:
        head.append((b"retry-after", whole_seconds(retry_after)))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": raw, "more_body": False})


def whole_seconds(seconds: float) -> bytes:
    """Seconds as a header says them: a whole number, at least 1."""
    return str(max(1, int(seconds + 0.999))).encode()


def header_text(text: str) -> str:
    """Text as a header can carry it: percent-encoded when it is not plain ASCII.

    >>> header_text("gpt-4o"), header_text("通")
    ('gpt-4o', '%E9%80%9A')
    """
    return text if text.isascii() and text.isprintable() else quote(text, safe="/:@ ")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, unpacked.

    Raises `Refusal`: 413 beyond 8 MiB, packed or unpacked, 400 when the client leaves or the packing is
    broken, 415 where it is not known.
    """
    codings = []
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > BODY_BYTES:
            raise too_large()
        if name == b"content-encoding":
            codings.append(value.decode("latin-1"))
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "The client left.", "disconnected")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES:
            raise too_large()
        more = message.get("more_body", False)
    raw = parts[0] if len(parts) == 1 else b"".join(parts)
    return unpacked(raw, ",".join(codings), BODY_BYTES) if codings else raw


def too_large() -> Refusal:
    """The refusal of a body that is too large."""
    return Refusal(413, "The request body is larger than 8 MiB.", "request_too_large")
