"""The last net: what LiteLLM itself says to a client holds no secret and only headers of the list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from doorway import CHAT, behind_litellm
from virtual import run

from one_adapter.runtime.entry.headers import INCOMING, OUTGOING, OUTGOING_BEGIN, outgoing
from one_adapter.runtime.host.received import Lines, bounded
from one_adapter.runtime.host.transport import HEADERS, HEADERS_BEGIN
from one_adapter.runtime.redaction import known

KEY = "sk-the-secret-of-the-outlet"


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_body_keeps_its_length_without_the_secret(status: int) -> None:
    known.learn([KEY])

    async def behave(_request: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"x-request-id", KEY.encode()), (b"server", b"x")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": f'{{"a": "{KEY}"}}'.encode(), "more_body": False})

    found, body, headers = run(behind_litellm(behave)("POST", "/v1/chat/completions", CHAT))
    assert (found, json.loads(body)) == (status, {"a": "*" * len(KEY)})
    assert headers.pop("x-request-id") != KEY
    ours = {
        "x-one-adapter-way": "litellm",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "X-Request-ID",
    }
    assert headers == {"content-type": "application/json", **ours}


def test_a_streams_event_is_clean_too() -> None:
    known.learn([KEY])

    async def behave(_request: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": f"data: {KEY}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})

    _, body, _ = run(behind_litellm(behave)("POST", "/v1/chat/completions", {**CHAT, "stream": True}))
    assert body == b"data: " + b"*" * len(KEY) + b"\n\ndata: [DONE]\n\n"


@pytest.mark.parametrize(
    "name",
    ["set-cookie", "server", "x-litellm-model-api-base", "x-litellm-model-name", "llm_provider-x-inner"],
)
def test_a_header_that_is_on_no_list_stays_here(name: str) -> None:
    assert not outgoing([(name.encode(), b"v"), (name.title().encode(), b"v")])


class Parts:
    """An upstream's answer in these parts."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def aiter_bytes(self) -> Any:
        for part in self.parts:
            yield part


def _read(*parts: bytes) -> list[bytes]:
    async def read() -> list[bytes]:
        return [part async for part in Lines(Parts(*parts))]  # type: ignore[arg-type]

    found: list[bytes] = run(read())
    return found


def test_a_stream_is_handed_on_in_whole_lines() -> None:
    assert _read(b"data: a", b"b\n\ndata: c\n", b"\n", b"data: d") == [
        b"data: ab\n\ndata: c\n",
        b"\n",
        b"data: d",
    ]
    assert _read(b"data: a\r", b"\ndata: b\r\n") == [b"data: a\r", b"\ndata: b\r\n"]


def test_a_long_error_in_a_stream_is_short_and_a_long_text_is_not() -> None:
    error = b'data: {"error": {"message": "' + b"x" * 9000 + b'"}}\r\n\r\n'
    (short,) = _read(error)
    assert len(short) < 2200
    assert short.endswith(b'..."}}\r\n\r\n')
    text = b'data: {"content": "' + b"x" * 9000 + b'"}\n\n'
    assert _read(text) == [text]


def test_a_long_answer_is_cut_only_when_it_is_none() -> None:
    long = b'{"data": [' + b"0.5, " * 5000 + b"1]}"
    assert bounded(long) is long
    assert len(bounded(long[:-1])) == 8192


def test_the_documentation_names_every_header_that_passes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "headers.md").read_text("utf-8")
    names = [name.decode() for name in (*INCOMING, *OUTGOING, *OUTGOING_BEGIN)] + [*HEADERS, *HEADERS_BEGIN]
    told = {name.removeprefix("llm_provider-").removesuffix("-") for name in names}
    assert not [name for name in told if f"`{name}" not in text]
