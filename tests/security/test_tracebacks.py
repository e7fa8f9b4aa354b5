"""Where LiteLLM falls over a request, its answer says nothing of this machine's files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from doorway import CHAT, behind_litellm
from raw import Answer
from virtual import run
from wires import Wires

pytestmark = pytest.mark.proxy
Ask = Callable[..., Answer]
HI = {"type": "text", "text": "hi"}


def pictured(url: str) -> dict[str, Any]:
    picture = {"type": "image", "source": {"type": "url", "url": url}}
    return {"messages": [{"role": "user", "content": [picture, HI]}], "max_tokens": 5}


CASES = {
    "a picture of no kind": ("/v1/messages", "gemini", pictured("s3://bucket/picture")),
    "a picture in a file": ("/v1/messages", "gemini", pictured("file:///etc/hostname")),
    "a thought that is a number": (
        "/v1/chat/completions",
        "claude",
        {"messages": [{"role": "assistant", "content": "x", "thinking_blocks": [7]}]},
    ),
    "a place that is a number": (
        "/v1/chat/completions",
        "claude",
        {
            "messages": [{"role": "user", "content": "hi"}],
            "web_search_options": {"user_location": {"type": "approximate", "approximate": 7}},
        },
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", CASES)
def test_no_traceback_reaches_a_client(name: str, stream: bool, ask: Ask, upstream: Wires) -> None:
    path, kind, body = CASES[name]
    answer = ask("POST", path, {**body, "model": f"{kind}-hostile", "stream": stream})
    assert answer.status >= 400
    assert len(json.loads(answer.body)["error"]["message"]) > 10
    assert b"Traceback" not in answer.body
    assert b".py" not in answer.body
    assert upstream.take() == []


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_traceback_that_a_model_writes_reaches_the_client(kind: str) -> None:
    said = b'data: {"choices": [{"delta": {"content": "Traceback (most recent call last):\\n x"}}]}\n\n'

    async def behave(_request: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]}
        )
        await send({"type": "http.response.body", "body": said, "more_body": False})

    assert run(behind_litellm(behave)("POST", "/v1/chat/completions", CHAT))[1] == said
