"""Vendors with protocols of their own, asked by LiteLLM: what is no answer is told as a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from proxy import CLIENT, Proxy, configuration, deployment
from scripted import Said, Scripted, events

HI = [{"role": "user", "content": "hi"}]
PROVIDERS = {"claude": "anthropic", "gemini": "gemini", "llama": "ollama_chat"}
ROUTES = {
    "/v1/chat/completions": {"messages": HI, "max_tokens": 9},
    "/v1/messages": {"messages": HI, "max_tokens": 9},
    "/v1/responses": {"input": "hi"},
}


def named(*documents: dict[str, Any]) -> bytes:
    """Anthropic's events."""
    parts = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in documents]
    return "".join(parts).encode()


def lines(*documents: dict[str, Any]) -> bytes:
    """Ollama's lines."""
    return "".join(json.dumps(one) + "\n" for one in documents).encode()


HEAD = {"id": "m-1", "type": "message", "role": "assistant", "model": "up"}
TOKENS = {"input_tokens": 1, "output_tokens": 1}
WHOLE = {**HEAD, "content": [{"type": "text", "text": "par"}], "stop_reason": "end_turn", "usage": TOKENS}
PAR = (
    {"type": "message_start", "message": {**HEAD, "content": [], "usage": TOKENS}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "par"}},
)
END = (
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)
BUSY = {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}}
PIECE = {"candidates": [{"content": {"role": "model", "parts": [{"text": "par"}]}, "index": 0}]}
COUNTS = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
LAST = {"candidates": [{**PIECE["candidates"][0], "finishReason": "STOP"}], "usageMetadata": COUNTS}
LINE = {
    "model": "up",
    "created_at": "2024-01-01T00:00:00Z",
    "message": {"role": "assistant", "content": "par"},
}
DONE = {**LINE, "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}
FAILED = {
    "text-code": Said(b'{"error": {"code": "1301", "message": "sensitive"}}'),
    "page": Said(b"<html>sensitive</html>", kind="text/html"),
    "nothing": Said(b""),
}
SCRIPT = {
    **{f"{vendor}-{name}": said for vendor in PROVIDERS for name, said in FAILED.items()},
    "claude-good": Said(json.dumps(WHOLE).encode(), named(*PAR, *END)),
    "claude-cut": Said(stream=named(*PAR)),
    "claude-late": Said(stream=named(*PAR, BUSY)),
    "claude-busy": Said(json.dumps(BUSY).encode(), status=529, headers={"retry-after": "5"}),
    "gemini-good": Said(json.dumps(LAST).encode(), events(PIECE, LAST, done=False)),
    "gemini-cut": Said(stream=events(PIECE, done=False)),
    "gemini-late": Said(stream=events(PIECE, {"error": {"code": 503, "message": "too busy"}}, done=False)),
    "gemini-busy": Said(b'[{"error": {"code": 429, "message": "too busy"}}]', status=429),
    "llama-good": Said(json.dumps(DONE).encode(), lines({**LINE, "done": False}, DONE)),
    "llama-cut": Said(stream=lines({**LINE, "done": False})),
    "llama-late": Said(stream=lines({**LINE, "done": False}, {"error": "too busy"})),
    "llama-busy": Said(b'{"error": "too busy"}', status=503),
}


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    running = Scripted(SCRIPT).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def native(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    models = [
        deployment(name, f"{scripted.base}/{name}", provider=PROVIDERS[name.partition("-")[0]])
        for name in SCRIPT
    ]
    running = Proxy(configuration(models), tmp_path_factory.mktemp("native") / "log").wait()
    yield running
    assert running.stop()[0] == 0


def ask(proxy: Proxy, model: str, route: str, streamed: bool) -> httpx.Response:
    body = {"model": model, "stream": streamed, **ROUTES[route]}
    headers = {"authorization": f"Bearer {CLIENT}"}
    return httpx.post(proxy.base + route, json=body, headers=headers, timeout=20)


@pytest.mark.parametrize("vendor", PROVIDERS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
class TestEveryVendorOnEveryRoute:
    def test_an_answer_is_passed_on(self, native: Proxy, vendor: str, route: str, streamed: bool) -> None:
        answer = ask(native, f"{vendor}-good", route, streamed)
        assert (answer.status_code, answer.headers["x-one-adapter-way"]) == (200, "litellm")
        assert "par" in answer.text
        assert '"error"' not in answer.text.replace('"error":null', "")

    @pytest.mark.parametrize("name", FAILED)
    def test_what_is_no_answer_is_a_failure_before_anything_is_sent(
        self, native: Proxy, scripted: Scripted, vendor: str, route: str, streamed: bool, name: str
    ) -> None:
        scripted.take()
        answer = ask(native, f"{vendor}-{name}", route, streamed)
        assert answer.status_code == 502
        words = answer.json()["error"]["message"]
        assert "upstream" in words if name == "nothing" else "sensitive" in words
        assert len(scripted.take()) == 1

    def test_a_refusal_keeps_its_status_and_words(
        self, native: Proxy, vendor: str, route: str, streamed: bool
    ) -> None:
        answer = ask(native, f"{vendor}-busy", route, streamed)
        assert answer.status_code == {"claude": 529, "gemini": 429, "llama": 503}[vendor]
        assert answer.json()["error"]["message"] == "too busy"
        assert answer.headers.get("retry-after") == ("5" if vendor == "claude" else None)


@pytest.mark.parametrize("vendor", PROVIDERS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("name", "words"), [("cut", "ended before the answer"), ("late", "too busy")])
def test_a_stream_that_breaks_off_ends_in_an_error(
    native: Proxy, vendor: str, route: str, name: str, words: str
) -> None:
    answer = ask(native, f"{vendor}-{name}", route, streamed=True)
    *_, last = [line for line in answer.text.split("\n") if line.startswith("data:")]
    assert answer.status_code == 200
    assert "par" in answer.text
    assert words in last
    assert "error" in last
