"""What vendors with protocols of their own are sent: what the client said, and nothing that LiteLLM adds."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from proxy import CLIENT, Proxy, configuration, deployment
from scripted import Scripted
from test_native_vendors import PROVIDERS, SCRIPT

from one_adapter.runtime.host.native import plain_turns, with_images

NAMES = {
    "claude-sonnet-4-5": "claude",
    "gemini-1.5-flash": "gemini",
    "gemini-3-pro": "gemini",
    "llava": "llama",
}


def turn(role: str, content: Any = "") -> dict[str, Any]:
    return {"role": role, "content": content}


HI, SYSTEM = turn("user", "hi"), turn("system", "be brief")


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    running = Scripted(SCRIPT).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def native(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    models = []
    for name, vendor in NAMES.items():
        base = f"{scripted.base}/{vendor}-good"
        models.append(deployment(name, base, provider=PROVIDERS[vendor], upstream=name))
        if vendor == "gemini":  # as the exporter writes it
            models[-1]["model_info"]["supports_system_messages"] = True
    running = Proxy(configuration(models), tmp_path_factory.mktemp("native") / "log").wait()
    yield running
    assert running.stop()[0] == 0


@pytest.fixture
def asked(native: Proxy, scripted: Scripted) -> Any:
    """A function that sends messages and returns what the vendor got."""

    def ask(model: str, *messages: dict[str, Any], **more: Any) -> Any:
        scripted.take()
        body = {"model": model, "messages": list(messages), **more}
        headers = {"authorization": f"Bearer {CLIENT}"}
        answer = httpx.post(f"{native.base}/v1/chat/completions", json=body, headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        (call,) = scripted.take()
        return call

    return ask


@pytest.mark.parametrize("model", ["gemini-1.5-flash", "gemini-3-pro"])
def test_gemini_gets_the_systems_words_apart_and_no_temperature_of_litellms(asked: Any, model: str) -> None:
    call = asked(model, SYSTEM, HI)
    assert call["system_instruction"] == {"parts": [{"text": "be brief"}]}
    assert call["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]
    assert "temperature" not in call.get("generationConfig", {})


def test_gemini_gets_the_temperature_that_the_client_gave(asked: Any) -> None:
    assert asked("gemini-3-pro", HI, temperature=0.5)["generationConfig"]["temperature"] == 0.5


def test_gemini_is_told_a_lone_system_message_as_the_users(asked: Any) -> None:
    call = asked("gemini-1.5-flash", SYSTEM)
    assert call["contents"] == [{"role": "user", "parts": [{"text": "be brief"}]}]


@pytest.mark.parametrize("content", ["", "  \n", None, [{"type": "text", "text": ""}]])
def test_claude_is_told_nothing_for_an_empty_turn(asked: Any, content: Any) -> None:
    call = asked("claude-sonnet-4-5", HI, turn("assistant", content), turn("user", "still there?"))
    texts = [part["text"] for message in call["messages"] for part in message["content"]]
    assert texts == ["hi", "still there?"]


def test_claude_gets_a_later_system_message_among_the_systems_words(asked: Any) -> None:
    later = turn("system", "in French")
    call = asked("claude-sonnet-4-5", SYSTEM, HI, turn("assistant", "yes"), later, turn("user", "go on"))
    assert [part["text"] for part in call["system"]] == ["be brief", "in French"]
    assert [one["content"][0]["text"] for one in call["messages"]] == ["hi", "yes", "go on"]


def test_an_image_on_a_private_host_is_refused_and_nobody_is_asked(native: Proxy, scripted: Scripted) -> None:
    scripted.take()
    image = {"type": "image_url", "image_url": {"url": f"{scripted.base}/llama-good/a.png"}}
    body = {"model": "llava", "messages": [turn("user", [image])]}
    headers = {"authorization": f"Bearer {CLIENT}"}
    answer = httpx.post(f"{native.base}/v1/chat/completions", json=body, headers=headers, timeout=20)
    assert (answer.status_code, scripted.take()) == (400, [])
    assert "user_url_allowed_hosts" in answer.text


def test_images_by_address_are_fetched_and_others_left_alone() -> None:
    data = f"data:image/png;base64,{base64.b64encode(b'png').decode()}"
    fetched: list[str] = []

    async def fetch(url: str) -> str:
        fetched.append(url)
        return data

    here = {"type": "image_url", "image_url": {"url": data}}
    there = {"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}}
    text = {"type": "text", "text": "look"}
    given = [turn("user", [text, here, there]), turn("user", [{**there, "image_url": "http://c"}]), HI, "odd"]
    found = asyncio.run(with_images(given, fetch))
    assert found == [turn("user", [text, here, here]), turn("user", [here]), HI, "odd"]
    assert fetched == ["https://a.example/b.png", "http://c"]


@pytest.mark.parametrize(
    "kept",
    [
        [turn("assistant", "first"), HI],
        [{**turn("assistant", None), "tool_calls": [{"id": "1"}]}, {**turn("tool"), "tool_call_id": "1"}],
        [turn("user", [{"type": "image_url", "image_url": {"url": "data:"}}])],
        [turn("user", "")],
        [SYSTEM, HI],
        ["odd"],
    ],
)
def test_turns_that_say_something_stay_as_they_are(kept: list[Any]) -> None:
    assert plain_turns(kept) == kept
