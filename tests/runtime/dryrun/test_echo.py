from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from one_adapter.runtime.dryrun import echo


@pytest.fixture(scope="module")
def server() -> Iterator[echo.EchoServer]:
    running = echo.start()
    yield running
    running.stop()
    running.stop()


class TestEcho:
    @pytest.mark.parametrize(
        ("original", "path", "body", "said"),
        [
            (
                "https://api.openai.com/v1",
                "/chat/completions",
                {"messages": [{"content": "hi"}]},
                "message=hi",
            ),
            (
                "https://api.anthropic.com",
                "/v1/messages",
                {"messages": [{"content": [{"text": "hi"}]}]},
                "message=hi",
            ),
            (
                "https://g.com/v1beta",
                "/models/g1:generateContent",
                {"contents": [{"parts": [{"text": "hi"}]}]},
                "model=g1",
            ),
            ("http://127.0.0.1:11434", "/api/chat", {"messages": [{"content": "hi"}]}, "message=hi"),
            ("https://api.dify.ai/v1", "/chat-messages", {"query": "hi"}, "message=hi"),
            ("https://x.com/apps/1", "/responses", {"input": "hi"}, "message=hi"),
            ("https://x.com/v1", "/responses", {"input": [{"content": [{"text": "hi"}]}]}, "message=hi"),
            ("https://a.com", "/openai/deployments/d1/chat/completions", {}, "model=d1"),
            (
                "https://api.openai.com/v1",
                "/chat/completions",
                {
                    "messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hi"}],
                    "tools": [{"type": "function", "function": {"name": "get_time"}}],
                },
                "message=hi roles=system,user tools=get_time",
            ),
            (
                "https://api.anthropic.com",
                "/v1/messages",
                {"system": "be kind", "messages": [{"content": "hi"}], "tools": [{"name": "get_time"}, 1]},
                "message=hi roles=system,user tools=get_time",
            ),
            (
                "https://g.com/v1beta",
                "/models/g1:generateContent",
                {
                    "systemInstruction": {"parts": [{"text": "be kind"}]},
                    "contents": [{"role": "model", "parts": []}, {"role": "user", "parts": [{"text": "hi"}]}],
                    "tools": [{"functionDeclarations": [{"name": "get_time"}]}],
                },
                "message=hi roles=system,assistant,user tools=get_time",
            ),
        ],
    )
    @pytest.mark.parametrize("stream", [False, True])
    def test_every_vendor_is_answered_with_what_it_would_have_received(
        self, server: echo.EchoServer, original: str, path: str, body: dict[str, Any], said: str, stream: bool
    ) -> None:
        if stream:
            path = path.replace(":generate", ":streamGenerate").replace(
                "streamGenerateContent", "streamGenerateContent"
            )
        url = echo.through_echo(server.base_url, original) + path
        raw = json.dumps(
            {**body, "stream": stream, "response_mode": "streaming" if stream else "blocking"}
        ).encode()
        request = urllib.request.Request(url, raw, {"authorization": "Bearer sk-abcdefgh"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        assert f"{original}{path}" in text
        assert "key=...efgh" in text
        assert "sk-abcd" not in text
        assert said in text

    def test_embeddings_have_one_vector_a_text(self, server: echo.EchoServer) -> None:
        base = echo.through_echo(server.base_url, "https://api.openai.com/v1")
        raw = json.dumps({"model": "e", "input": ["a", "b"]}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{base}/embeddings", raw), timeout=10) as answer:
            assert len(json.load(answer)["data"]) == 2

    @pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-goog-api-key"])
    def test_a_key_is_found_in_each_vendors_header(self, server: echo.EchoServer, header: str) -> None:
        url = echo.through_echo(server.base_url, "https://x.com/v1") + "/chat/completions"
        with urllib.request.urlopen(
            urllib.request.Request(url, b"[", {header: "abcdefgh"}), timeout=10
        ) as answer:
            assert "key=...efgh" in answer.read().decode()

    def test_an_address_of_anthropics_protocol_may_end_in_anything(self, server: echo.EchoServer) -> None:
        url = echo.through_echo(server.base_url, "https://v.example/own#/v1/messages")
        assert url.endswith("/https/v.example/own#/v1/messages")
        request = urllib.request.Request(url, b'{"model": "m"}', {"anthropic-version": "2023-06-01"})
        with urllib.request.urlopen(request) as response:
            said = json.load(response)
        assert said["type"] == "message"
        assert said["content"][0]["text"].startswith("POST https://v.example/own model=m ")

    async def test_a_websocket_is_answered_in_iflyteks_frames(self, server: echo.EchoServer) -> None:
        import aiohttp

        url = echo.through_echo(server.base_url, "wss://spark-api.xf-yun.com/v4.0/chat")
        sent = {"header": {"app_id": "app12345"}, "parameter": {"chat": {"domain": "4.0Ultra"}}}
        sent["payload"] = {"message": {"text": [{"role": "user", "content": "hi"}]}}  # type: ignore[dict-item]
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket_:
            await socket_.send_json(sent)
            frame = await socket_.receive_json()
        text = frame["payload"]["choices"]["text"][0]["content"]
        assert text == "GET wss://spark-api.xf-yun.com/v4.0/chat model=4.0Ultra key=...2345 message=hi"
