"""What a body cannot do: give orders, open the breaker for others, or say one thing and send another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from raw import CHEAP, Answer
from wires import Wires

HI = [{"role": "user", "content": "hi"}]
CHAT, EMBEDDINGS, MESSAGES, RESPONSES = (
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/messages",
    "/v1/responses",
)
#: The least each route takes.
LEAST: Mapping[str, dict[str, Any]] = {
    CHAT: {"model": "cheap", "messages": HI},
    EMBEDDINGS: {"model": "vectors", "input": "hi"},
    MESSAGES: {"model": "cheap", "messages": HI, "max_tokens": 9},
    RESPONSES: {"model": "cheap", "input": "hi"},
}
TRANSLATION = {"text": "a", "target_lang": "DE"}
NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400 + ".0", "1" * 5000)
Ask = Callable[..., Answer]


def written(body: dict[str, Any], **more: str) -> bytes:
    """A body with some fields in JSON that Python would not write."""
    fields = [*(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in body.items())]
    return ("{" + ",".join([*fields, *(f'"{name}":{value}' for name, value in more.items())]) + "}").encode()


class TestNumbers:
    """LiteLLM makes 500 of them, and the breaker counted that."""

    @pytest.mark.parametrize("path", list(LEAST))
    @pytest.mark.parametrize("where", ['{"a": %s}', "[1, %s]", "%s"])
    def test_what_is_no_number_is_400_wherever_it_stands(
        self, path: str, where: str, ask: Ask, upstream: Wires
    ) -> None:
        for number in NUMBERS:
            for name in ("temperature", "whatever", "metadata"):
                answer = ask("POST", path, written(LEAST[path], **{name: where % number}))
                assert answer.status == 400, (number, name, answer)
        assert upstream.take() == []

    @pytest.mark.parametrize("path", ["/translate", "/v1/translate", "/v2/translate"])
    def test_translations_read_no_others(self, path: str, ask: Ask) -> None:
        assert {ask("POST", path, written(TRANSLATION, x=number)).status for number in NUMBERS} == {400}

    def test_numbers_that_are_only_large_arrive_as_they_are(self, ask: Ask, upstream: Wires) -> None:
        body = {**LEAST[CHAT], "seed": 2**62, "whatever": [10**30, 1e300, -0.0]}
        assert ask("POST", CHAT, body).status == 200
        (call,) = upstream.take()
        assert (call.body["seed"], call.body["whatever"]) == (2**62, [10**30, 1e300, -0.0])


#: Fields that are not what they are called, route by route.
SHAPES: Mapping[str, list[dict[str, Any]]] = {
    CHAT: [
        *({"messages": one} for one in ("text", 5, {}, True, ["text"], [5], [None], [[]], [HI])),
        *({"messages": [{"role": "user", "content": one}]} for one in (5, True, [5], [None], [[]])),
        *(
            {"messages": [{"role": "user", "content": [one]}]}
            for one in ({"type": 5}, {"type": []}, {"type": "text"})
        ),
        *(
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": one}]}]}
            for one in (5, {}, [])
        ),
        *({"messages": [{"role": one, "content": "x"}]} for one in (5, [], {})),
        *({"messages": [{"role": "assistant", "tool_calls": one}, *HI]} for one in ("x", 5, {}, ["x"], [5])),
        *({"tools": one} for one in ("text", 5, {}, True, ["f"], [5], [None], [[]])),
        *({"functions": one} for one in ("text", 5, {}, ["f"])),
        *({"stop": one} for one in (5, {}, True, [5], [["a"]])),
        *({"tool_choice": one} for one in (5, True, ["auto"], {}, {"type": 5})),
        *(
            {"response_format": one}
            for one in ("json", 5, ["json"], {}, {"type": 5}, {"type": "json_schema"})
        ),
        {"response_format": {"type": "json_schema", "json_schema": {"schema": 5}}},
        *({"stream_options": one} for one in ("x", 5, [])),
        *({"logit_bias": one} for one in ("x", 5, [])),
        *(
            {"thinking": one}
            for one in ("x", [], {"type": 5}, {"budget_tokens": "x"}, {"budget_tokens": 10**30})
        ),
        *({name: "x"} for name in ("modalities", "audio", "prediction", "web_search_options")),
        *({"temperature": one} for one in ("hot", [], {}, True, 10**400)),
        *({"stream": one} for one in ("yes", 1, [])),
        *({"model": one} for one in (5, None, ["cheap"], {}, True, "m" * 5000)),
    ],
    EMBEDDINGS: [
        {"input": one} for one in (None, 5, True, {}, [], [[]], [{}], [None], ["a", 1], [["a"]], [[1], "a"])
    ],
    MESSAGES: [
        *({"messages": one} for one in ("text", None, [], {}, ["x"], [5], [{}], [{"content": "x"}])),
        *(
            {"messages": [{"role": "user", "content": one}]}
            for one in (5, ["x"], [{"type": "text"}], [{"type": 5}])
        ),
        *({"system": one} for one in (5, {}, True)),
        *({"tools": one} for one in ("x", {}, [5], [{}], [{"name": 5}], [{"type": "mcp", "name": "x"}])),
        *({"tool_choice": one} for one in ("auto", [], {}, {"type": 5})),
        *({"max_tokens": one} for one in ("x", [], True, 10**30)),
        *({"stop_sequences": one} for one in ("x", [5])),
        {"thinking": {"type": "enabled", "budget_tokens": "x"}},
    ],
    RESPONSES: [
        *({"input": one} for one in (5, {}, True, ["x"], [5], [[]], [{"role": "user", "content": 5}])),
        *(
            {"tools": one}
            for one in ("x", {}, [5], [{"type": "function"}], [{"type": "function", "name": 5}])
        ),
        *({name: 5} for name in ("instructions", "text", "reasoning", "include", "truncation", "user")),
        {"previous_response_id": "resp_1"},
        {"Previous_Response_Id": "resp_1"},
    ],
}


@pytest.mark.parametrize("path", list(SHAPES))
def test_what_is_not_what_it_is_called_is_400_before_litellm(path: str, ask: Ask, upstream: Wires) -> None:
    for fields in SHAPES[path]:
        answer = ask("POST", path, {**LEAST[path], **fields})
        assert answer.status == 400, (fields, answer)
        assert b"litellm" not in answer.body, (fields, answer)
    assert upstream.take() == []


@pytest.mark.parametrize("path", ["/v2/translate", "/translate", *LEAST])
@pytest.mark.parametrize(
    "raw",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"model":"cheap","x":' + b"[" * 150 + b"]" * 150 + b"}"],
    ids=["lists", "objects", "closed"],
)
def test_what_is_nested_too_deep_is_400(path: str, raw: bytes, ask: Ask) -> None:
    assert ask("POST", path, raw).status in (400, 413)


@pytest.mark.parametrize(
    "crowd",
    [
        b"[" + b"1," * 310_000 + b"1]",
        b"[" + b"{}," * 310_000 + b"1]",
        b'[{"a":1}' + b',{"a":1}' * 51_000 + b"]",
    ],
    ids=["numbers", "objects", "fields"],
)
def test_more_values_than_can_be_read_at_once_are_413(crowd: bytes, ask: Ask, upstream: Wires) -> None:
    assert ask("POST", CHAT, b'{"model":"cheap","messages":[],"x":' + crowd + b"}").status == 413
    assert upstream.take() == []


def test_a_long_text_is_one_value(ask: Ask, upstream: Wires) -> None:
    text = 'a, "b": c\\, ' * 400_000
    assert (
        ask("POST", CHAT, {"model": "cheap", "messages": [{"role": "user", "content": text}]}).status == 200
    )
    assert upstream.take()[0].body["messages"][0]["content"] == text


@pytest.mark.parametrize("tools", ["x", [5], {}, 5, [{"type": "mcp"}]])
def test_embeddings_have_no_tools(tools: Any, ask: Ask) -> None:
    assert ask("POST", EMBEDDINGS, {**LEAST[EMBEDDINGS], "tools": tools}).status == 200


def test_what_the_gateway_takes_is_taken(ask: Ask, upstream: Wires) -> None:
    taken: list[dict[str, Any]] = [
        {"max_tokens": "ten"},
        {"n": "2", "top_k": 1},
        {"messages": None},
        {"messages": [{"role": "user", "content": {"type": "text", "text": "solo"}}]},
        {"messages": [{"role": "user", "content": None}]},
        {"stop": "END"},
        {"tools": None, "response_format": None, "stream": None, "stream_options": None},
        {"tools": [{"type": "mcp", "server_url": "litellm_proxy"}]},
    ]
    for fields in taken:
        assert ask("POST", CHAT, {**LEAST[CHAT], **fields}).status == 200, fields
    assert [call.path for call in upstream.take()] == ["/cheap/v1/chat/completions"] * len(taken)


class TestBreaker:
    """Three failures open it; each deployment here is one test's own."""

    #: What LiteLLM falls over by itself, before any call and after a good answer.
    FALLS: Mapping[str, list[dict[str, Any]]] = {
        "claude-breaking": [
            {"tools": [{"type": "web_search_20250305"}]},
            {"tools": [{"type": "custom"}]},
            {"web_search_options": {"search_context_size": 5}},
        ],
        "gemini-breaking": [
            {"messages": [{"role": "alien", "content": "x"}]},
            {"messages": [{"role": "tool", "content": "x"}]},
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
        ],
        "ollama-breaking": [
            {"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": "x"}]}]},
            {"messages": [{"role": "assistant", "function_call": "x"}, *HI]},
            {"messages": [{"role": "assistant", "tool_calls": [{}]}, *HI]},
        ],
        "azure-breaking": [{"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}],
        "dify-breaking": [{"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}],
        "spark-breaking": [{"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}],
        "ark-breaking": [{"messages": [{"role": "user", "content": ["text"]}]}],
    }

    @pytest.mark.parametrize("model", list(FALLS))
    def test_no_client_opens_it_for_others(self, model: str, ask: Ask, upstream: Wires) -> None:
        for fields in self.FALLS[model] * (6 // len(self.FALLS[model])):
            answer = ask("POST", CHAT, {"model": model, "messages": HI, **fields})
            relayed = answer.headers.get("x-one-adapter-way") == "relay"
            assert relayed or answer.status in (400, 500), (
                "who speaks the protocol may take what others cannot"
            )
        assert ask("POST", CHAT, {"model": model, "messages": HI}).status == 200
        with upstream.acting("cut" if model.startswith("dify") else "fail-503"):
            for _ in range(3):
                assert ask("POST", CHAT, {"model": model, "messages": HI}).status >= 500
        upstream.take()
        answer = ask("POST", CHAT, {"model": model, "messages": HI})
        called = [call for call in upstream.take() if call.wire]
        assert (answer.status, called) == (503, []), "what the upstream does wrong counts"

    @pytest.mark.parametrize("path", [MESSAGES, RESPONSES])
    def test_it_holds_on_the_other_routes(self, path: str, ask: Ask, upstream: Wires) -> None:
        model = {MESSAGES: "failing-0", RESPONSES: "failing-1"}[path]
        with upstream.acting("fail-500"):
            found = [ask("POST", path, {**LEAST[path], "model": model}).status for _ in range(4)]
        assert found == [500, 500, 500, 503]

    def test_an_upstream_that_cannot_be_reached_counts(self, ask: Ask) -> None:
        found = [ask("POST", CHAT, {"model": "unreachable", "messages": HI}).status for _ in range(4)]
        assert found[:3] == [502, 502, 502]
        assert found[3] == 503

    def test_one_that_does_not_answer_in_time_does_not_count(self, ask: Ask, upstream: Wires) -> None:
        with upstream.acting("silent"):
            found = [ask("POST", CHAT, {"model": "brief", "messages": HI}).status for _ in range(4)]
        assert found == [504, 504, 504, 504]

    @pytest.mark.parametrize("manner", ["html", "null"])
    def test_one_that_answers_nonsense_counts(self, manner: str, ask: Ask, upstream: Wires) -> None:
        model = {"html": "failing-2", "null": "failing-3"}[manner]
        with upstream.acting(manner):
            found = [ask("POST", CHAT, {"model": model, "messages": HI}).status for _ in range(4)]
        assert found[3] == 503, found


class TestNames:
    """The gateway's reader, and that of upstreams written in Go, takes a field's name in any case."""

    @pytest.mark.parametrize("name", ["Model", "MODEL", "mOdEl", "model\u0000"])
    def test_a_key_for_one_model_gets_no_other_by_it(self, name: str, ask: Ask, upstream: Wires) -> None:
        for body in (
            {"model": "cheap", name: "expensive", "messages": HI},
            {name: "expensive", "messages": HI},
        ):
            answer = ask("POST", CHAT, body, key=CHEAP)
            calls = upstream.take()
            assert answer.status in (400, 403) or [call.body["model"] for call in calls] == ["up-cheap"]
            assert not [
                key for call in calls for key in call.body if key.lower() == "model" and key != "model"
            ]

    def test_the_last_of_several_is_the_one_that_is_checked_and_sent(self, ask: Ask, upstream: Wires) -> None:
        said = b'[{"Role":"user","CONTENT":"hi"}]'
        raw = b'{"model":"expensive","Model":"cheap","messages":[],"Me\xc5\xbf\xc5\xbfages":' + said + b"}"
        assert ask("POST", CHAT, raw, key=CHEAP).status == 200
        (call,) = upstream.take()
        assert call.body == {"model": "up-cheap", "messages": HI}
        assert (
            ask("POST", CHAT, b'{"model":"cheap","model":"expensive","messages":[]}', key=CHEAP).status == 403
        )

    @pytest.mark.parametrize("path", list(LEAST))
    def test_every_known_field_may_be_written_so(self, path: str, ask: Ask, upstream: Wires) -> None:
        body = {name.title(): value for name, value in LEAST[path].items()}
        more = {"Dimensions": 2} if path == EMBEDDINGS else {"Temperature": 0.5}
        assert ask("POST", path, {**body, **more}).status == 200
        (call,) = upstream.take()
        assert all(name.islower() for name in call.body)
        assert {name: call.body[name.lower()] for name in more} == more
        assert call.body["model"] == f"up-{LEAST[path]['model']}"

    def test_half_a_character_is_none(self, ask: Ask, upstream: Wires) -> None:
        raw = (
            rb'{"model":"cheap","messages":[{"role":"user","content":"\ud83d\ude00 \\ud800 \ud800 \udc00"}]}'
        )
        assert ask("POST", CHAT, raw).status == 200
        (call,) = upstream.take()
        assert call.body["messages"][0]["content"] == "\U0001f600 \\ud800 \ufffd \ufffd"


#: Names that LiteLLM takes as orders and that its own list of them lacks, beside some that it has.
ORDERS: Mapping[str, Any] = {
    "deployment_id": "../../../admin/x?y=",
    "azure_ad_token": "t",
    "mock_tool_calls": [{"id": "1", "type": "function", "function": {"name": "x", "arguments": "{}"}}],
    "mock_delay": 3,
    "mock_response": "mocked",
    "azure": True,
    "custom_llm_provider": "azure",
    "api_base": "http://127.0.0.1:9",
    "fallbacks": ["expensive"],
    "ssl_verify": False,
    "shared_session": "x",
    "enable_json_schema_validation": True,
    "litellm_logging_obj": "x",
    "preset_cache_key": "x",
    "text_completion": True,
    "auditing": "none",
    "uid": "x",
    "domain": "x",
    "service_tier": "flex",
    "safety_identifier": "x",
    "store": True,
    "prompt_cache_key": "x",
    "verbosity": "low",
    "whatever": 1,
}


@pytest.mark.parametrize("model", ["dify", "spark", "ark", "claude", "gemini", "ollama", "azure"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_no_field_that_a_provider_does_not_read_changes_its_call(
    model: str, stream: bool, ask: Ask, upstream: Wires
) -> None:
    plain = {"model": model, "messages": HI, "stream": stream}

    def call(**more: Any) -> tuple[str, str, Any]:
        answer = ask("POST", CHAT, {**plain, **more})
        assert answer.status == 200
        (made,) = [one for one in upstream.take() if one.wire != "mint"]
        passed_on = set(more) if answer.headers.get("x-one-adapter-way") == "relay" else set()
        body = {name: value for name, value in made.body.items() if name not in passed_on}
        return made.path, made.headers.get("authorization", ""), body

    usual = call()
    for name, value in ORDERS.items():
        assert call(**{name: value}) == usual, name
    assert call(**ORDERS) == usual


def test_what_a_provider_reads_reaches_it(ask: Ask, upstream: Wires) -> None:
    read = {
        "dify": {"inputs": {"a": 1}, "workflow_id": "w", "trace_id": "t", "auto_generate_name": True},
        "spark": {"chat_id": "c", "search_disable": True},
        "ark": {"repetition_penalty": 1.1},
    }
    for model, fields in read.items():
        assert ask("POST", CHAT, {"model": model, "messages": HI, **fields}).status == 200
        made = next(one for one in upstream.take() if one.wire != "mint")
        chat = made.body["parameter"]["chat"] if model == "spark" else made.body
        assert {name: chat[name] for name in fields} == fields


def test_no_prompt_is_stored_in_the_owners_account(ask: Ask, upstream: Wires) -> None:
    part = {"type": "text", "text": "word " * 5000, "cache_control": {"type": "ephemeral", "ttl": "86400s"}}
    body = {"model": "gemini", "messages": [{"role": "user", "content": [part]}, *HI]}
    assert ask("POST", CHAT, body).status == 200
    assert [call.path.rpartition(":")[2] for call in upstream.take()] == ["generateContent"]


class TestTranslations:
    """`/v2/translate` takes as many texts as DeepL, and works on a few at a time."""

    def test_more_than_fifty_texts_are_refused_in_a_sentence(self, ask: Ask, upstream: Wires) -> None:
        for count in (51, 200_000):
            answer = ask("POST", "/v2/translate", {"text": [""] * count, "target_lang": "DE"})
            assert answer.status == 400
            assert answer.json["error"]["message"].startswith("The field 'text' may hold 50 texts")
        assert upstream.take() == []

    def test_fifty_are_translated_a_few_at_a_time(self, ask: Ask, upstream: Wires) -> None:
        body = {"text": [f"t{at}" for at in range(50)], "target_lang": "DE"}
        answer = ask("POST", "/v2/translate", body, seconds=60)
        assert answer.status == 200
        assert len(answer.json["translations"]) == 50
        calls = sorted(upstream.take(), key=lambda call: call.began)
        assert len(calls) == 50
        assert max(sum(one.began <= other.began < one.over for one in calls) for other in calls) <= 4
