"""A call as the echo hears it, whatever the vendor's wire format, and what is said to it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from one_adapter.runtime.dryrun import wires
from one_adapter.runtime.dryrun.wires import Tool

#: How the key stands in what iFlytek's signed addresses have as `authorization`.
_SIGNED_KEY = re.compile(r'api_key="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Said:
    """What the echo answers: a text, or a call of a tool; from 400 on the text is an error's."""

    text: str
    tool: Tool | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as a vendor would have received it.

    `url` is the address without its query, whose parameters are `query`. `raw` is the body's text, `body`
    the object in it, empty where there is none. Keys are in `key`, `query`, `headers` and nowhere else.
    """

    method: str
    url: str
    wire: str
    model: str
    body: dict[str, Any] = field(repr=False)
    raw: str = field(repr=False)
    streamed: bool = False
    key: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def message(self) -> str:
        """The last thing the client said."""
        return wires.message_in(self.body)


def original(path: str) -> str:
    """The address that a path of the echo server stands for.

    >>> original("/https/api.openai.com/v1/chat/completions")
    'https://api.openai.com/v1/chat/completions'
    """
    scheme, _, rest = path.lstrip("/").partition("/")
    return f"{scheme}://{rest}"


def last_four(key: str) -> str:
    """What may be shown of a key: its last four characters, if it is long enough to have more.

    >>> last_four("sk-secret"), last_four("abc")
    ('...cret', '...')
    """
    return f"...{key[-4:]}" if len(key) > 4 else "..."


def of_request(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes
) -> Heard:
    """What an HTTP request says; its header names may be written in any case."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    url = original(path.partition("?")[0])
    return Heard(
        method=method,
        url=url,
        wire="anthropic" if "anthropic-version" in lowered else wires.wire_of(url),
        model=str(body.get("model") or wires.model_in(url)),
        body=body,
        raw=raw.decode("utf-8", "replace"),
        streamed=bool(body.get("stream"))
        or "streamGenerateContent" in url
        or body.get("response_mode") == "streaming",
        key=_key(lowered, query),
        query=query,
        headers=lowered,
    )


def of_spark(path: str, query: Mapping[str, str], message: dict[str, Any]) -> Heard:
    """What the first frame on one of iFlytek's websockets says."""
    chat = (message.get("parameter") or {}).get("chat") or {}
    try:
        signed = base64.b64decode(query.get("authorization", "")).decode("utf-8", "replace")
    except binascii.Error:
        signed = ""
    found = _SIGNED_KEY.search(signed)
    return Heard(
        method="GET",
        url=original(path.partition("?")[0]),
        wire="spark",
        model=str(chat.get("domain") or ""),
        body=message,
        raw=json.dumps(message, ensure_ascii=False),
        streamed=True,
        key=found[1] if found else str((message.get("header") or {}).get("app_id") or ""),
        query=query,
    )


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:]
    return (
        headers.get("x-api-key")
        or headers.get("api-key")
        or headers.get("x-goog-api-key")
        or query.get("key", "")
    )
