"""The official clients, unchanged, against a real proxy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import anthropic
import httpx
import openai
import pytest
from proxy import CLIENT, SOME, WAYS, Proxy
from vendor import TOOL, Vendor

HI: list[Any] = [{"role": "user", "content": "hi"}]
NAMES = ["m1", "fast", "通义千问", "org/model:free"]
UPSTREAM = {"m1": "up-m1", "fast": "up-m1", "通义千问": "通义", "org/model:free": "org/model:free"}


@pytest.fixture
def client(proxy: Proxy, vendor: Vendor, way: str) -> Iterator[openai.OpenAI]:
    """A client whose requests go either way: a test that has it holds for both."""
    vendor.take()
    base, headers = f"{proxy.base}/v1", WAYS[way]
    with openai.OpenAI(api_key=CLIENT, base_url=base, max_retries=0, default_headers=headers) as one:
        yield one


@pytest.fixture
def claude(proxy: Proxy, vendor: Vendor) -> Iterator[anthropic.Anthropic]:
    vendor.take()
    with anthropic.Anthropic(api_key=CLIENT, base_url=proxy.base, max_retries=0) as one:
        yield one


@pytest.mark.parametrize("name", NAMES)
class TestEveryKindOfName:
    def test_a_chat(self, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
        answer = client.chat.completions.create(model=name, messages=HI)
        (call,) = vendor.take()
        assert (call.path, call.key, call.model) == (
            "/a/v1/chat/completions",
            "sk-upstream-one",
            UPSTREAM[name],
        )
        assert call.body == {"model": UPSTREAM[name], "messages": HI}
        assert answer.model == name
        assert answer.choices[0].finish_reason == "stop"
        said = f"POST {call.path} model={call.model} key=***"  # the vendor repeats the key, which stays here
        assert answer.choices[0].message.content == said

    def test_a_stream(self, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
        chunks = list(client.chat.completions.create(model=name, messages=HI, stream=True))
        (call,) = vendor.take()
        assert call.body == {"model": UPSTREAM[name], "messages": HI, "stream": True}
        assert {chunk.model for chunk in chunks} == {name}
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert text == f"POST {call.path} model={call.model} key=***"
        assert chunks[-1].choices[0].finish_reason == "stop"

    def test_a_response(self, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
        answer = client.responses.create(model=name, input="hi", instructions="short")
        (call,) = vendor.take()
        assert call.path == "/a/v1/chat/completions"
        assert call.body["messages"] == [{"role": "system", "content": "short"}, *HI]
        assert answer.model == name
        assert answer.output_text.startswith("POST /a/v1/chat/completions")

    def test_a_streamed_response(self, client: openai.OpenAI, vendor: Vendor, name: str) -> None:
        events = list(client.responses.create(model=name, input="hi", stream=True))
        assert len(vendor.take()) == 1
        assert {event.response.model for event in events if hasattr(event, "response")} == {name}
        assert events[-1].type == "response.completed"
        raw = client.responses.with_raw_response.create(model=name, input="hi", stream=True)
        assert "event: response.completed" in raw.http_response.read().decode()
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert text.startswith("POST /a/v1/chat/completions")

    def test_a_message(self, claude: anthropic.Anthropic, vendor: Vendor, name: str) -> None:
        answer = claude.messages.create(model=name, max_tokens=9, system="short", messages=HI)
        (call,) = vendor.take()
        assert call.path == "/a/v1/chat/completions"
        assert call.body["max_tokens"] == 9
        assert (answer.model, answer.stop_reason) == (name, "end_turn")
        assert answer.content[0].text.startswith("POST /a/v1/chat/completions")

    def test_a_streamed_message(self, claude: anthropic.Anthropic, vendor: Vendor, name: str) -> None:
        with claude.messages.stream(model=name, max_tokens=9, messages=HI) as stream:
            text = "".join(stream.text_stream)
            answer = stream.get_final_message()
        assert len(vendor.take()) == 1
        assert (answer.model, answer.stop_reason) == (name, "end_turn")
        assert text.startswith("POST /a/v1/chat/completions")


class TestMore:
    def test_embeddings(self, client: openai.OpenAI, vendor: Vendor) -> None:
        answer = client.embeddings.create(model="emb", input=["a", "b"], dimensions=2)
        (call,) = vendor.take()
        assert call.path == "/a/v1/embeddings"
        assert call.body["input"] == ["a", "b"]
        assert call.body["dimensions"] == 2
        assert [len(one.embedding) for one in answer.data] == [2, 2]
        assert answer.model == "up-emb"

    def test_tool_calls_are_kept(self, client: openai.OpenAI, vendor: Vendor) -> None:
        tools: list[Any] = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
        whole = client.chat.completions.create(model="tools", messages=HI, tools=tools)
        assert whole.choices[0].finish_reason == "tool_calls"
        assert whole.choices[0].message.tool_calls is not None
        assert whole.choices[0].message.tool_calls[0].function.arguments == TOOL["function"]["arguments"]  # type: ignore[index, union-attr]
        chunks = list(client.chat.completions.create(model="tools", messages=HI, tools=tools, stream=True))
        calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
        assert calls[0].function is not None
        assert calls[0].function.name == "weather"
        assert all(call.body["tools"] == tools for call in vendor.take())

    def test_reasoning_has_both_names_whole_and_streamed(self, client: openai.OpenAI) -> None:
        whole = client.chat.completions.create(model="thinker", messages=HI).choices[0].message.model_dump()
        assert (whole["reasoning_content"], whole["reasoning"]) == ("because", "because")
        deltas = [
            chunk.choices[0].delta.model_dump()
            for chunk in client.chat.completions.create(model="thinker", messages=HI, stream=True)
        ]
        thoughts = [(one["reasoning_content"], one["reasoning"]) for one in deltas if one.get("reasoning")]
        assert thoughts == [("because", "because")]

    def test_unknown_fields_zeros_and_nulls_reach_the_upstream(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        fields = {
            "enable_thinking": True,
            "chat_template_kwargs": {"a": 1},
            "thinking": {"type": "enabled"},
            "top_k": 0,
            "user": None,
            "metadata": {"a": "b"},
            "n": "2",
            "temperature": 0,
        }
        client.chat.completions.create(model="m1", messages=HI, extra_body=fields)
        (call,) = vendor.take()
        assert call.body == {"model": "up-m1", "messages": HI, **fields}

    def test_a_models_name_does_not_decide_what_it_may_be_asked(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        client.chat.completions.create(model="gpt-5", messages=HI, top_p=0.5, temperature=0.1, max_tokens=5)
        (call,) = vendor.take()
        assert call.body == {
            "model": "gpt-5",
            "messages": HI,
            "top_p": 0.5,
            "temperature": 0.1,
            "max_tokens": 5,
        }

    def test_usage_comes_when_it_is_asked_for(self, client: openai.OpenAI, vendor: Vendor) -> None:
        asked = {"include_usage": True}
        chunks = list(
            client.chat.completions.create(model="m1", messages=HI, stream=True, stream_options=asked)
        )  # type: ignore[call-overload]
        assert vendor.take()[0].body["stream_options"] == asked
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.total_tokens == 12

    def test_the_models_list_is_the_keys_own(self, client: openai.OpenAI, proxy: Proxy) -> None:
        listed = [model.id for model in client.models.list()]
        assert {"m1", "通义千问", "org/model:free"} <= set(listed)
        assert not {"emb", "fast", "random"} & set(listed)
        with openai.OpenAI(api_key=SOME, base_url=f"{proxy.base}/v1") as other:
            assert [model.id for model in other.models.list()] == ["m1"]

    def test_a_model_with_a_slash_can_be_looked_up(self, client: openai.OpenAI) -> None:
        assert client.models.retrieve("org/model:free").id == "org/model:free"

    def test_parts_are_flattened_and_images_leave_their_address(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        parts: list[Any] = [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "https://x.invalid/a.png"}},
        ]
        client.chat.completions.create(model="m1", messages=[{"role": "user", "content": parts}])
        assert vendor.take()[0].body["messages"][0]["content"] == "look\nhttps://x.invalid/a.png"

    def test_sampling_values_are_clamped_where_the_vendor_wants_it(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        client.chat.completions.create(model="glm-4", messages=HI, temperature=1.5, max_tokens=9000)
        body = vendor.take()[0].body
        assert (body["temperature"], body["max_tokens"]) == (0.99, 4095)

    def test_query_parameters_of_the_address_are_sent_with_each_call(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        client.chat.completions.create(model="tenant", messages=HI)
        assert vendor.take()[0].query == "tenant=7"

    def test_a_service_without_a_key_is_sent_none(self, client: openai.OpenAI, vendor: Vendor) -> None:
        for stream in (False, True):
            list(client.chat.completions.create(model="keyless", messages=HI, stream=stream))
        assert all("authorization" not in call.headers for call in vendor.take())

    def test_a_proxied_service_goes_through_its_proxy_and_others_do_not(
        self, client: openai.OpenAI, vendor: Vendor
    ) -> None:
        client.chat.completions.create(model="proxied", messages=HI)
        client.chat.completions.create(model="m1", messages=HI)
        through, direct = vendor.take()
        assert through.path == "http://upstream.invalid/v1/chat/completions"
        assert direct.path == "/a/v1/chat/completions"

    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("azure", "http://azure.invalid/openai/deployments/up-azure/chat/completions"),
            ("claude", "http://claude.invalid/v1/messages"),
        ],
    )
    def test_other_protocols_go_through_their_proxy_too(
        self, client: openai.OpenAI, vendor: Vendor, name: str, address: str
    ) -> None:
        client.chat.completions.create(model=name, messages=HI)
        assert vendor.take()[0].path == address

    def test_ollama_is_asked_for_the_chat_and_for_nothing_else(
        self, client: openai.OpenAI, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tools: list[Any] = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
        client.chat.completions.create(model="llama", messages=HI, tools=tools)
        (call,) = vendor.take()
        assert call.path == "/local/api/chat"
        assert call.body["tools"] == tools
        monkeypatch.setenv("OLLAMA_API_BASE", vendor.base)
        from litellm.llms.ollama.common_utils import OllamaModelInfo

        from one_adapter.runtime.host import side_calls as quiet

        quiet.stop_side_calls()
        found = OllamaModelInfo().get_model_info("llama")
        assert found is not None
        assert found["supports_function_calling"]
        assert vendor.take() == []

    def test_services_take_turns_from_the_first_on(
        self, client: openai.OpenAI, vendor: Vendor, way: str
    ) -> None:
        for _ in range(4):
            client.chat.completions.create(model=f"turn-{way}", messages=HI)
        calls = [(call.path.split("/")[1], call.key) for call in vendor.take()]
        assert calls == [("one", "sk-upstream-one"), ("two", "sk-upstream-two")] * 2


class TestFailures:
    @pytest.mark.parametrize("code", [400, 401, 404, 422, 429, 500, 503])
    def test_the_upstreams_status_is_kept_and_it_is_asked_once(
        self, client: openai.OpenAI, vendor: Vendor, code: int
    ) -> None:
        with pytest.raises(openai.APIStatusError) as problem:
            client.chat.completions.create(model=f"fail-{code}", messages=HI)
        assert problem.value.status_code == code
        assert f"vendor says {code}" in json.dumps(problem.value.body)
        assert len(vendor.take()) == 1

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("kind", ["drop", "html", "cut"])
    def test_an_upstream_that_speaks_nonsense_is_an_error(
        self, client: openai.OpenAI, vendor: Vendor, kind: str, stream: bool
    ) -> None:
        with pytest.raises(openai.OpenAIError):
            list(client.chat.completions.create(model=f"odd-{kind}", messages=HI, stream=stream))
        assert len(vendor.take()) == 1

    def test_embeddings_are_asked_for_once(self, client: openai.OpenAI, vendor: Vendor) -> None:
        with pytest.raises(openai.InternalServerError):
            client.embeddings.create(model="fail-500", input="x")
        assert len(vendor.take()) == 1

    def test_a_message_that_fails_has_anthropics_form(self, claude: anthropic.Anthropic) -> None:
        with pytest.raises(anthropic.RateLimitError) as problem:
            claude.messages.create(model="fail-429", max_tokens=9, messages=HI)
        assert isinstance(problem.value.body, dict)
        assert problem.value.body["type"] == "error"

    def test_a_service_that_takes_too_long_is_504(self, client: openai.OpenAI) -> None:
        with pytest.raises(openai.APIStatusError) as problem:
            client.chat.completions.create(model="late", messages=HI)
        assert problem.value.status_code == 504

    def test_a_stream_that_takes_too_long_ends_with_an_error(self, client: openai.OpenAI) -> None:
        with pytest.raises(openai.APIError, match="in time"):
            list(client.chat.completions.create(model="late-stream", messages=HI, stream=True))

    def test_the_spare_takes_over_when_the_first_keeps_failing(
        self, client: openai.OpenAI, vendor: Vendor, way: str
    ) -> None:
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                client.chat.completions.create(model=f"spare-{way}", messages=HI)
        client.chat.completions.create(model=f"spare-{way}", messages=HI)
        assert [call.path.split("/")[1] for call in vendor.take()] == ["fail500", "fail500", "two"]

    def test_without_a_spare_an_open_breaker_is_503_without_a_call(
        self, client: openai.OpenAI, vendor: Vendor, way: str
    ) -> None:
        statuses = []
        for _ in range(3):
            with pytest.raises(openai.APIStatusError) as problem:
                client.chat.completions.create(model=f"alone-{way}", messages=HI)
            statuses.append(problem.value.status_code)
        assert statuses == [500, 500, 503]
        assert problem.value.response.headers["retry-after"] == "1"
        assert len(vendor.take()) == 2


class TestTranslation:
    def ask(self, client: openai.OpenAI, path: str, body: dict[str, Any]) -> Any:
        url = str(client.base_url).replace("/v1/", path)
        return client._client.post(url, json=body, headers={"authorization": f"Bearer {CLIENT}"})

    def test_one_text(self, client: openai.OpenAI, vendor: Vendor) -> None:
        answer = self.ask(
            client, "/translate", {"text": "Hello", "source_lang": "EN", "target_lang": "DE"}
        ).json()
        assert (answer["code"], answer["source_lang"], answer["target_lang"]) == (200, "EN", "DE")
        assert answer["data"].startswith("POST /a/v1/chat/completions")
        assert vendor.take()[0].body["messages"] == [{"role": "user", "content": "To DE: Hello"}]

    def test_several_texts_at_once_in_order(self, client: openai.OpenAI, vendor: Vendor) -> None:
        answer = self.ask(client, "/v2/translate", {"text": ["a", "b", "c"], "target_lang": "DE"}).json()
        assert len(answer["translations"]) == 3
        asked = sorted(call.body["messages"][0]["content"] for call in vendor.take())
        assert asked == ["To DE: a", "To DE: b", "To DE: c"]

    @pytest.mark.parametrize(("path", "text"), [("/v1/translate", "Hello"), ("/v2/translate", ["Hello"])])
    def test_a_stream(self, client: openai.OpenAI, path: str, text: Any) -> None:
        answer = self.ask(client, path, {"text": text, "target_lang": "DE", "stream": True})
        assert answer.headers["content-type"] == "text/event-stream"
        assert "POST /a/v1" in answer.text

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/translate", {"text": "x"}),
            ("/v1/translate", {"target_lang": "DE"}),
            ("/v2/translate", {"text": "x", "target_lang": "DE"}),
            ("/v2/translate", {"text": [], "target_lang": "DE", "stream": True}),
            ("/translate", []),
        ],
    )
    def test_what_is_missing_is_400(self, client: openai.OpenAI, path: str, body: Any) -> None:
        assert self.ask(client, path, body).status_code == 400


@pytest.mark.parametrize(("model", "stream"), [("brief-slow", False), ("brief-stream", True)])
def test_a_client_that_leaves_frees_its_place_and_ends_the_call(
    client: openai.OpenAI, vendor: Vendor, way: str, model: str, stream: bool
) -> None:
    left = vendor.left
    impatient = client.with_options(timeout=0.5)
    with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
        list(impatient.chat.completions.create(model=f"{model}-{way}", messages=HI, stream=stream))
    client.chat.completions.create(model=f"brief-{way}", messages=HI)  # it would wait for 1 s at most
    for _ in range(600):
        if vendor.left > left:
            break
        time.sleep(0.05)
    assert vendor.left == left + 1


class TestAnthropicsOwnUpstream:
    """A message for a vendor that speaks Anthropic's protocol: nothing of it is translated."""

    BODY: ClassVar[dict[str, Any]] = {
        "max_tokens": 2048,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "system": [{"type": "text", "text": "short", "cache_control": {"type": "ephemeral"}}],
        "messages": HI,
    }

    def test_a_message_passes_whole(self, claude: anthropic.Anthropic, vendor: Vendor) -> None:
        raw = claude.messages.with_raw_response.create(
            model="claude", extra_headers={"anthropic-beta": "a,b"}, **self.BODY
        )
        answer = raw.parse()
        (call,) = vendor.take()
        assert raw.headers["x-one-adapter-way"] == "relay"
        assert call.body == {**self.BODY, "model": "up-claude"}
        assert call.headers["anthropic-beta"] == "a,b"
        assert call.headers["anthropic-version"] == raw.http_request.headers["anthropic-version"]
        assert call.headers["x-api-key"] == "sk-upstream-one"
        assert answer.model == "claude"
        assert [block.type for block in answer.content] == ["thinking", "text"]

    def test_a_stream_passes_event_by_event(self, claude: anthropic.Anthropic, vendor: Vendor) -> None:
        with claude.messages.stream(model="claude", **self.BODY) as stream:
            text = "".join(stream.text_stream)
            answer = stream.get_final_message()
        assert vendor.take()[0].body["stream"] is True
        assert (answer.model, answer.stop_reason) == ("claude", "end_turn")
        assert text.endswith("model=up-claude")

    def test_a_failure_keeps_its_words_in_anthropics_form(self, claude: anthropic.Anthropic) -> None:
        with pytest.raises(anthropic.RateLimitError, match="vendor says 429") as problem:
            claude.messages.create(model="claude-429", max_tokens=9, messages=HI)
        assert isinstance(problem.value.body, dict)
        assert problem.value.body["type"] == "error"


def test_every_answer_says_which_way_it_came(client: openai.OpenAI, vendor: Vendor, way: str) -> None:
    chats = client.chat.completions.with_raw_response
    told = [chats.create(model="m1", messages=HI, stream=stream).headers for stream in (False, True)]
    told.append(client.embeddings.with_raw_response.create(model="emb", input="x").headers)
    with pytest.raises(openai.APIStatusError) as problem:
        client.chat.completions.create(model="fail-429", messages=HI)
    told.append(problem.value.response.headers)
    assert {one["x-one-adapter-way"] for one in told} == {way}
    assert [one["x-litellm-model-id"] for one in told[:3]] == ["m1-openai-1", "m1-openai-1", "emb-openai-1"]
    assert {one["x-litellm-model-group"] for one in told[:3]} == {"m1", "emb"}
    vendor.take()


def test_no_answer_tells_the_upstreams_address(client: openai.OpenAI, vendor: Vendor) -> None:
    for stream in (False, True):
        raw = client.chat.completions.with_raw_response.create(model="m1", messages=HI, stream=stream)
        shown = " ".join(f"{name}: {value}" for name, value in raw.headers.items())
        assert vendor.base not in shown
        assert "x-litellm-model-group" in shown
        raw.parse()
    vendor.take()
