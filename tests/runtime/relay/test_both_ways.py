"""What vendors are known to say, by the relay and by LiteLLM's own way: a client is told the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from proxy import CLIENT, Proxy, configuration, deployment
from scripted import Said, Scripted, chunk, completion, events

pytestmark = pytest.mark.proxy

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cached": 1}
HI = [{"role": "user", "content": "hi"}]
PARTS = [{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]
GOOD = completion({"role": "assistant", "content": "ok"})
GOOD_STREAM = events(
    chunk({"role": "assistant", "content": "o"}),
    chunk({"content": "k"}),
    chunk({}, "stop"),
    {**chunk({}), "choices": [], "usage": USAGE},
)
TWO = events(
    chunk({"role": "assistant", "content": "a"}, index=0),
    chunk({"role": "assistant", "content": "b"}, index=1),
    chunk({}, "stop", index=0),
    chunk({"content": "bb"}, index=1),
    chunk({}, "length", index=1),
)
THINK = "<think>mull</think>\n\nanswer"
#: Name of a model -> what its vendor says. The first group are failures, told as anything but one.
FAILURES = {
    "text-code": (Said(b'{"error": {"code": "1301", "message": "sensitive"}}'), "sensitive"),
    "bare-text": (Said(b'{"error": "model is loading"}'), "model is loading"),
    "base-resp": (
        Said(b'{"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": null}'),
        "login fail",
    ),
    "page": (Said(b"<html>maintenance</html>", kind="text/html"), "maintenance"),
    "nothing": (Said(b""), ""),
    "no-choices": (Said(b'{"id": "c-1", "note": "come back"}'), "come back"),
    "error-event": (
        Said(b'{"error": {"message": "mid"}}', events({"error": {"message": "overloaded", "code": "x1"}})),
        "",
    ),
}
ANSWERS = {
    "good": Said(GOOD, GOOD_STREAM),
    "no-index": Said(GOOD, events(chunk({"content": "x"}, index=None), chunk({}, "stop", index=None))),
    "two": Said(GOOD, TWO),
    "think": Said(completion({"role": "assistant", "content": THINK}), GOOD_STREAM),
    "parts": Said(
        completion({"role": "assistant", "content": PARTS}),
        events(chunk({"role": "assistant", "content": "in parts"}), chunk({}, "stop")),
    ),
    "cut": Said(GOOD, events(chunk({"role": "assistant", "content": "par"}), done=False)),
    "late-error": Said(
        GOOD,
        events(chunk({"role": "assistant", "content": "par"}), {"error": {"message": "gone", "code": "9"}}),
    ),
    "slow-down": Said(b'{"error": {"message": "too fast"}}', status=429, headers={"retry-after": "7"}),
    "embed": Said(
        b'{"object": "list", "model": "up", "data": [{"object": "embedding", "index": 0, "embedding": [1]}],'
        b' "usage": {"prompt_tokens": 1, "total_tokens": 1}}'
    ),
}
SCRIPT = {**{name: said for name, (said, _) in FAILURES.items()}, **ANSWERS}
#: A header by which a client tells LiteLLM something, so that the relay stands aside.
ASIDE = {"relay": {}, "litellm": {"x-litellm-tags": "mine"}}
Way = str


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.text)[name]

    @property
    def events(self) -> list[Any]:
        lines = [line[5:].strip() for line in self.text.split("\n") if line.startswith("data:")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    running = Scripted(SCRIPT).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def both(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    mode = {"embed": "embedding"}
    models = [deployment(name, f"{scripted.base}/{name}/v1", mode=mode.get(name, "chat")) for name in SCRIPT]
    models += [deployment(name, f"{scripted.base}/good/v1", upstream=name) for name in ("o3-mini", "gpt-5")]
    running = Proxy(configuration(models, relay=True), tmp_path_factory.mktemp("both") / "log").wait()
    yield running
    assert running.stop()[0] == 0


@pytest.fixture(params=["relay", "litellm"])
def way(request: pytest.FixtureRequest, scripted: Scripted) -> Way:
    scripted.take()
    return str(request.param)


def ask(proxy: Proxy, way: Way, body: dict[str, Any], path: str = "/v1/chat/completions") -> Answer:
    headers = {"authorization": f"Bearer {CLIENT}", "content-type": "application/json", **ASIDE[way]}
    reply = httpx.post(proxy.base + path, content=json.dumps(body), headers=headers, timeout=20)
    answer = Answer(reply.status_code, dict(reply.headers), reply.text)
    assert answer.headers["x-one-adapter-way"] == way
    return answer


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", FAILURES)
def test_a_failure_is_told_as_one_in_the_upstreams_words(
    both: Proxy, way: Way, model: str, streamed: bool
) -> None:
    answer = ask(both, way, {"model": model, "messages": HI, "stream": streamed})
    assert answer.status >= 500
    assert FAILURES[model][1] in answer["error"]["message"]
    assert "litellm" not in answer.text.lower()


def test_a_failure_keeps_the_vendors_code_and_type(both: Proxy, way: Way) -> None:
    error = ask(both, way, {"model": "text-code", "messages": HI})["error"]
    assert error == {"message": "sensitive", "type": "server_error", "param": None, "code": "1301"}


def test_a_status_and_when_to_come_back_are_kept(both: Proxy, way: Way) -> None:
    answer = ask(both, way, {"model": "slow-down", "messages": HI})
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer["error"]["message"] == "too fast"


@pytest.mark.parametrize(("model", "words"), [("cut", "ended before"), ("late-error", "gone")])
def test_a_stream_that_breaks_off_ends_in_an_error(both: Proxy, way: Way, model: str, words: str) -> None:
    answer = ask(both, way, {"model": model, "messages": HI, "stream": True})
    first, *_, last = answer.events
    assert first["choices"][0]["delta"]["content"] == "par"
    assert words in last["error"]["message"]
    assert not any(one.get("choices", [{}])[0].get("finish_reason") for one in answer.events)


def test_chunks_without_a_number_have_one(both: Proxy, way: Way) -> None:
    *chunks, last = ask(both, way, {"model": "no-index", "messages": HI, "stream": True}).events
    assert [one["choices"][0]["index"] for one in chunks] == [0, 0]
    assert (chunks[-1]["choices"][0]["finish_reason"], last) == ("stop", "[DONE]")


def test_the_usage_is_the_upstreams_in_a_chunk_without_choices(both: Proxy, way: Way) -> None:
    body = {"model": "good", "messages": HI, "stream": True, "stream_options": {"include_usage": True}}
    *_, usage, _ = ask(both, way, body).events
    assert (usage["choices"], usage["usage"]) == ([], USAGE)


def test_two_streamed_choices_are_both_whole(both: Proxy, way: Way) -> None:
    *chunks, last = ask(both, way, {"model": "two", "n": 2, "messages": HI, "stream": True}).events
    choices = [one["choices"][0] for one in chunks]
    texts = {n: "".join(c["delta"].get("content") or "" for c in choices if c["index"] == n) for n in (0, 1)}
    ends = {c["index"]: c["finish_reason"] for c in choices if c.get("finish_reason")}
    assert (texts, ends, last) == ({0: "a", 1: "bbb"}, {0: "stop", 1: "length"}, "[DONE]")


@pytest.mark.parametrize(("model", "content"), [("think", THINK), ("parts", PARTS)])
def test_a_content_comes_as_the_upstream_wrote_it(both: Proxy, way: Way, model: str, content: Any) -> None:
    (choice,) = ask(both, way, {"model": model, "messages": HI})["choices"]
    assert choice["message"] == {"role": "assistant", "content": content}


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "good"])
@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_role_goes_as_it_was_sent(both: Proxy, scripted: Scripted, way: Way, model: str, role: str) -> None:
    ask(both, way, {"model": model, "messages": [{"role": role, "content": "be brief"}, *HI]})
    ((asked),) = scripted.take()
    assert [one["role"] for one in asked["messages"]] == [role, "user"]


def test_options_of_embeddings_that_are_null_stay_here(both: Proxy, scripted: Scripted, way: Way) -> None:
    body = {"model": "embed", "input": "x", "encoding_format": None, "dimensions": None, "user": None}
    answer = ask(both, way, body, "/v1/embeddings")
    assert answer["data"][0]["embedding"] == [1]
    assert scripted.take() == [{"model": "up-embed", "input": "x"}]


def test_half_a_surrogate_pair_is_replaced(both: Proxy, scripted: Scripted, way: Way) -> None:
    ask(both, way, {"model": "good", "messages": [{"role": "user", "content": "cut \ud83d"}]})
    ((asked),) = scripted.take()
    assert asked["messages"][0]["content"] == "cut \ufffd"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_what_is_no_number_is_refused_and_nobody_is_asked(
    both: Proxy, scripted: Scripted, number: str
) -> None:
    raw = f'{{"model": "good", "temperature": {number}, "messages": []}}'
    headers = {"authorization": f"Bearer {CLIENT}"}
    reply = httpx.post(f"{both.base}/v1/chat/completions", content=raw, headers=headers, timeout=20)
    assert (reply.status_code, scripted.take()) == (400, [])


class TestAnotherProtocolsRoutes:
    """`/v1/messages` and `/v1/responses` for a vendor that speaks OpenAI's protocol: LiteLLM translates."""

    @pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
    @pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
    @pytest.mark.parametrize("model", FAILURES)
    def test_a_failure_is_told_as_one(self, both: Proxy, path: str, model: str, streamed: bool) -> None:
        body = {"model": model, "max_tokens": 9, "stream": streamed}
        body |= {"messages": HI} if path == "/v1/messages" else {"input": "hi"}
        answer = ask(both, "litellm", body, path)
        assert answer.status >= 500
        assert FAILURES[model][1] in answer["error"]["message"]
        assert "litellm" not in answer.text.lower()

    @pytest.mark.parametrize("path", ["/v1/messages", "/v1/responses"])
    @pytest.mark.parametrize("model", ["cut", "late-error"])
    def test_a_stream_that_breaks_off_ends_in_an_error(self, both: Proxy, path: str, model: str) -> None:
        body = {"model": model, "max_tokens": 9, "stream": True}
        body |= {"messages": HI} if path == "/v1/messages" else {"input": "hi"}
        last = ask(both, "litellm", body, path).events[-1]
        assert last["type"] == "error"
        assert "upstream" in str(last) or "gone" in str(last)

    def test_openai_gets_no_field_it_does_not_know(self, both: Proxy, scripted: Scripted) -> None:
        scripted.take()
        thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
        blocks = [{"type": "text", "text": t, "cache_control": {"type": "ephemeral"}} for t in ("A.", "B.")]
        said = {"role": "assistant", "content": [thinking, {"type": "text", "text": "a"}]}
        body = {"model": "good", "max_tokens": 9, "system": blocks, "messages": [*HI, said, *HI]}
        assert ask(both, "litellm", body, "/v1/messages").status == 200
        ((asked),) = scripted.take()
        assert asked["messages"] == [
            {"role": "system", "content": "A.\n\nB."},
            *HI,
            {"role": "assistant", "content": "a"},
            *HI,
        ]
