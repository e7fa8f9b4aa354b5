"""Every kind of deployment answers an honest request: without that no attack shows anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from raw import Answer
from wires import Wires

HELLO = [{"role": "user", "content": "hello"}]
KINDS = ("cheap", "expensive", "keyless", "claude", "azure", "gemini", "ollama", "dify", "spark", "ark")


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_honest_chat_is_answered(
    model: str, streamed: bool, ask: Callable[..., Answer], upstream: Wires
) -> None:
    body: dict[str, Any] = {"model": model, "messages": HELLO, "stream": streamed}
    answer = ask("POST", "/v1/chat/completions", body)
    assert answer.status == 200, answer
    assert b"fi" in answer.body
    assert len([call for call in upstream.take() if call.wire != "mint"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"model": "vectors", "input": "hello"}),
        ("/v1/messages", {"model": "cheap", "messages": HELLO, "max_tokens": 9}),
        ("/v1/messages", {"model": "claude", "messages": HELLO, "max_tokens": 9}),
        ("/v1/responses", {"model": "cheap", "input": "hello"}),
        ("/v1/responses", {"model": "gemini", "input": "hello"}),
    ],
)
def test_an_honest_request_on_another_route_is_answered(
    path: str, body: dict[str, Any], ask: Callable[..., Answer], upstream: Wires
) -> None:
    answer = ask("POST", path, body)
    assert answer.status == 200, answer
    assert len(upstream.take()) == 1
