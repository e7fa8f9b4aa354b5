"""Translation: DeepL's shapes over a chat model, each text a chat that comes in through the door."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from doorway import Caller, Loaded, Way, ask, begin_stream, deployment, loaded_of, serve, whole
from virtual import run

from one_adapter.runtime.entry import translate
from one_adapter.runtime.entry.request import Request

HELLO = {"text": "Hello", "source_lang": "EN", "target_lang": "DE"}


def prompt_of(request: Request) -> str:
    return str(request.body.fields["messages"][0]["content"])


async def echo(request: Request, send: Any) -> None:
    """A model that says what it was asked, whole or in two pieces."""
    text = prompt_of(request)
    if not request.streams:
        await whole(send, body=json.dumps({"choices": [{"message": {"content": text}}]}).encode())
        return
    pieces = (text[: len(text) // 2], text[len(text) // 2 :])
    events = [json.dumps({"choices": [{"delta": {"content": one}}]}) for one in pieces]
    await begin_stream(send, *(f"data: {one}\n\n".encode() for one in (*events, "[DONE]")))
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def translating(**rule: Any) -> Loaded:
    rule = {"model": "m", "prompt_template": "To %s: %s", **rule}
    return loaded_of(deployment("m"), deployment("other"), translation=rule)


def failing(*statuses: int) -> tuple[Caller, Way]:
    """A door whose model fails with these statuses, one a call, and then answers."""
    left = list(statuses)

    async def behave(request: Request, send: Any) -> None:
        if left:
            await whole(send, left.pop(0), b'{"error": {"message": "busy"}}')
        else:
            await echo(request, send)

    return serve(translating(retry=2), behave)


class TestAnswers:
    @pytest.mark.parametrize("path", ["/translate", "/v1/translate"])
    def test_one_text(self, path: str) -> None:
        status, body, _ = ask("POST", path, HELLO, translating(), echo)
        assert 8_000_000_000 <= body.pop("id") < 9_000_000_000
        said = {
            "code": 200,
            "data": "To DE: Hello",
            "method": "Pro",
            "source_lang": "EN",
            "target_lang": "DE",
        }
        assert (status, body) == (200, said)

    def test_several_texts_in_their_order(self) -> None:
        body = {"text": ["a", "b", "c"], "target_lang": "DE"}
        status, found, _ = ask("POST", "/v2/translate", body, translating(), echo)
        texts = [one["text"] for one in found["translations"]]
        assert (status, texts) == (200, ["To DE: a", "To DE: b", "To DE: c"])

    @pytest.mark.parametrize(("path", "text"), [("/translate", "Hello"), ("/v2/translate", ["Hello", "You"])])
    def test_a_stream_of_pieces(self, path: str, text: Any) -> None:
        body = {"text": text, "target_lang": "DE", "stream": True}
        status, raw, headers = ask("POST", path, body, translating(), echo)
        assert (status, headers["content-type"]) == (200, "text/event-stream")
        events = [json.loads(one.removeprefix("data: ")) for one in raw.decode().strip().split("\n\n")]
        pieces = [one["data"] if path == "/translate" else one["translations"][0]["text"] for one in events]
        assert "".join(pieces) == "To DE: Hello" + ("" if path == "/translate" else "To DE: You")
        assert len(pieces) == (2 if path == "/translate" else 4)

    def test_an_answer_without_choices_is_an_empty_translation(self) -> None:
        async def empty(_request: Request, send: Any) -> None:
            await whole(send, body=b'{"choices": []}')

        assert ask("POST", "/translate", HELLO, translating(), empty)[1]["data"] == ""

    def test_an_event_that_is_no_json_says_nothing(self) -> None:
        async def odd(_request: Request, send: Any) -> None:
            await begin_stream(send, b"data: {\n\n", b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n')
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        raw = ask("POST", "/translate", {**HELLO, "stream": True}, translating(), odd)[1]
        said = [json.loads(one[6:])["data"] for one in raw.decode().strip().split("\n\n")]
        assert "".join(said) == "a"


class TestRequests:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/translate", {"text": "x"}),
            ("/translate", {"text": "x", "target_lang": ""}),
            ("/translate", {"text": "", "target_lang": "DE"}),
            ("/translate", {"text": ["x"], "target_lang": "DE"}),
            ("/v1/translate", {"target_lang": "DE"}),
            ("/v2/translate", {"text": "x", "target_lang": "DE"}),
            ("/v2/translate", {"text": ["x", 1], "target_lang": "DE"}),
            ("/v2/translate", {"text": [], "target_lang": "DE", "stream": True}),
            ("/translate", []),
            ("/translate", b"{"),
            ("/translate", b'{"text": ' + b"[" * 100_000),
            ("/translate", b'{"text": NaN}'),
        ],
    )
    def test_what_is_missing_or_wrong_is_400(self, path: str, body: Any) -> None:
        assert ask("POST", path, body, translating(), echo)[0] == 400

    def test_no_text_at_all_is_an_empty_list(self) -> None:
        body = {"text": [], "target_lang": "DE"}
        assert ask("POST", "/v2/translate", body, translating(), echo)[1] == {"translations": []}

    @pytest.mark.parametrize("name", ["x_api_key", "x_litellm_api_key"])
    def test_the_key_may_stand_in_any_header_that_holds_one(self, name: str) -> None:
        assert ask("POST", "/translate", HELLO, translating(), echo, key="", **{name: "sk-client"})[0] == 200
        assert ask("POST", "/translate", HELLO, translating(), echo, key="", **{name: "sk-wrong"})[0] == 401

    def test_deepls_own_scheme_is_understood(self) -> None:
        key = "DeepL-Auth-Key sk-client"
        assert ask("POST", "/translate", HELLO, translating(), echo, key="", authorization=key)[0] == 200

    def test_a_key_for_some_models_is_held_to_them(self) -> None:
        loaded = translating(model="other")
        status, body, _ = ask("POST", "/translate", HELLO, loaded, echo, key="sk-some")
        assert (status, body["error"]["code"]) == (403, "translation_failed")

    def test_half_of_a_surrogate_pair_is_replaced(self) -> None:
        raw = b'{"text": "a\\ud83d", "target_lang": "DE"}'
        assert ask("POST", "/translate", raw, translating(), echo)[1]["data"] == "To DE: a\ufffd"


class TestFailures:
    @pytest.mark.parametrize("stream", [False, True])
    def test_the_first_failure_is_the_answer(self, stream: bool) -> None:
        async def refuse(_request: Request, send: Any) -> None:
            await whole(send, 402, b'{"error": {"message": "no money"}}')

        status, body, _ = ask("POST", "/translate", {**HELLO, "stream": stream}, translating(), refuse)
        assert (status, body["error"]["message"]) == (402, "no money")

    def test_one_without_words_has_some(self) -> None:
        async def refuse(_request: Request, send: Any) -> None:
            await whole(send, 402, b"<html>")

        assert ask("POST", "/translate", HELLO, translating(), refuse)[1]["error"]["message"]

    @pytest.mark.parametrize("statuses", [[], [503], [429, 500], [502, 504]])
    def test_the_upstreams_failures_are_tried_again_as_often_as_the_rule_says(
        self, statuses: list[int]
    ) -> None:
        caller, way = failing(*statuses)
        assert run(caller("POST", "/translate", HELLO))[0] == 200
        assert len(way.seen) == len(statuses) + 1

    def test_and_not_oftener(self) -> None:
        caller, way = failing(503, 503, 503, 503)
        assert run(caller("POST", "/translate", HELLO))[0] == 503
        assert len(way.seen) == 3

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    def test_the_clients_own_faults_are_not_tried_again(self, status: int) -> None:
        caller, way = failing(status)
        assert run(caller("POST", "/translate", HELLO))[0] == status
        assert len(way.seen) == 1

    def test_each_text_of_several_is_tried_again_for_itself(self) -> None:
        caller, way = failing(503, 503)
        status, text, _ = run(caller("POST", "/v2/translate", {"text": ["a", "b", "c"], "target_lang": "DE"}))
        assert status == 200
        assert [one["text"] for one in json.loads(text)["translations"]] == [
            "To DE: a",
            "To DE: b",
            "To DE: c",
        ]
        assert len(way.seen) == 5


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (2, 2), (0, 4), (-1, 4), (100, 9)])
def test_as_many_texts_are_asked_for_at_once_as_the_rule_says(concurrency: int, most: int) -> None:
    now = seen = 0

    async def slow(request: Request, send: Any) -> None:
        nonlocal now, seen
        now += 1
        seen = max(seen, now)
        await asyncio.sleep(1)
        now -= 1
        await echo(request, send)

    texts = [str(number) for number in range(9)]
    loaded = translating(concurrency=concurrency)
    assert ask("POST", "/v2/translate", {"text": texts, "target_lang": "DE"}, loaded, slow)[0] == 200
    assert seen == most


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_ends_every_text(stream: bool) -> None:
    left: list[str] = []

    async def hang(request: Request, _send: Any) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            left.append(prompt_of(request))

    limits = {"service": {"concurrency": 5, "wait_seconds": 1}}
    loaded = loaded_of(deployment("m", limits=limits), translation={"model": "m"})

    async def scenario() -> float:
        caller, _ = serve(loaded, hang)
        body = {"text": ["a", "b", "c"], "target_lang": "DE", "stream": stream}
        await caller("POST", "/v2/translate", body, leave=3.0)
        return asyncio.get_running_loop().time()

    assert run(scenario()) < 4
    assert len(left) == (1 if stream else 3)
    assert loaded.memory.limits.held() == {}


class TestPrompts:
    @pytest.mark.parametrize(
        ("template", "filled"),
        [("To %s: %s", "To DE: Hi"), ("Into %s", "Into DE\nHi"), ("Translate", "Translate\nHi")],
    )
    def test_a_template_takes_the_language_and_then_the_text(self, template: str, filled: str) -> None:
        assert translate.prompt(template, "DE", "Hi") == filled

    def test_without_a_template_there_is_one(self) -> None:
        assert translate.prompt("", "DE", "Hi").endswith("\nHi")
