"""What a vendor has against a request opens no breaker for others, however late it is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from doorway import Caller, deployment, loaded_of
from raw import Answer
from virtual import run
from wires import Wires

from one_adapter.runtime.entry.door import Door
from one_adapter.runtime.entry.request import current
from one_adapter.runtime.host.way import LitellmWay

Ask = Callable[..., Answer]
ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}),
    "responses": ("/v1/responses", {"input": "hi"}),
}
RULE = {"failures": 2, "recovery_seconds": 60, "probes": 1}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", ["claude", "azure", "gemini", "ollama", "dify", "spark", "ark"])
def test_a_request_that_the_vendor_refuses_speaks_against_nobody_else(
    kind: str, route: str, stream: bool, ask: Ask, upstream: Wires
) -> None:
    path, body = ROUTES[route]
    body = {**body, "model": f"{kind}-refusing"}
    with upstream.acting("echo-400"):
        for _ in range(4):
            ask("POST", path, {**body, "stream": stream})
    assert len([call for call in upstream.take() if call.wire != "mint"]) == 4
    assert ask("POST", path, body).status == 200


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        (b'data: {"error": {"message": "m", "type": null, "code": "400"}}\n\n', False),
        (b'data: {"error": {"message": "m", "type": null, "code": "503"}}\n\n', True),
        (b'data: {"error": {"message": "m", "type": null, "code": "429"}}\n\n', True),
        (b'event: error\ndata: {"type": "error", "error": {"type": "invalid_request_error"}}\n\n', False),
        (b'event: error\ndata: {"type": "error", "error": {"type": "not_found_error"}}\n\n', False),
        (b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n', True),
        (
            b'data: {"type":"response.failed","response":{"error":{"code":"invalid_request_error"}}}\n\n',
            False,
        ),
        (b'data: {"type":"response.failed","response":{"error":{"code":"server_error"}}}\n\n', True),
        (b'data: {"type":"response.failed","response":{"error":null}}\n\n', True),
        (b"event: error\ndata: \xff\n\n", True),
        (b'data: {"error": ["x"]}\n\n', True),
    ],
)
def test_a_stream_that_fails_says_whose_fault_it_is(event: bytes, failed: bool) -> None:
    assert opens(event) is failed


def opens(event: bytes) -> bool:
    """Whether a breaker that takes two failures is open after two streams that end with this event."""
    loaded = loaded_of(deployment(breaker=RULE))

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        request = current.get()
        assert request is not None
        request.attempt.reached = True
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    caller = Caller(Door(application, lambda: loaded, [LitellmWay(application)]))

    async def ask_twice() -> None:
        for _ in range(2):
            await caller("POST", "/v1/responses", {"model": "m", "input": "hi", "stream": True})

    run(ask_twice())
    (policy,) = loaded.config.policies.values()
    assert policy.breaker is not None
    return not loaded.memory.breakers.allows((policy.service, "m"), policy.breaker, 1.0)
