"""The providers behind a stock LiteLLM proxy, as its clients see them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from live_proxy import MASTER_KEY, LiveProxy
from mock_vendors import CREDENTIALS, Vendors

USAGE = (7, 5, 12)
HELLO = [{"role": "user", "content": "hello"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
#: The answers of the three vendors to a plain question.
ANSWERS = {"spark": "你好，世界", "dify": "你好，\u2028世界", "ark": "你好", "ark-bot": "你好"}
FAULTS = {
    "spark/http-401": (401, openai.AuthenticationError),
    "spark/code-11202": (429, openai.RateLimitError),
    "spark/code-10013": (400, openai.BadRequestError),
    "spark/code-11200": (403, openai.PermissionDeniedError),
    "spark/code-10110": (503, openai.InternalServerError),
    "spark/code-10012": (500, openai.InternalServerError),
    "spark/silent": (408, openai.APIStatusError),
    "spark/garbage": (502, openai.InternalServerError),
    "spark/weird": (404, openai.NotFoundError),
    "dify/401": (401, openai.AuthenticationError),
    "dify/429": (429, openai.RateLimitError),
    "dify/404-not_found": (404, openai.NotFoundError),
    "dify/context": (400, openai.BadRequestError),
    "dify/early-end": (500, openai.InternalServerError),
    "ark/401": (401, openai.AuthenticationError),
    "ark/429-QuotaExceeded": (429, openai.RateLimitError),
    "ark/503": (503, openai.InternalServerError),
}


def _deployments(vendors: Vendors) -> Iterator[dict[str, Any]]:
    mint = {"openapi_base": vendors.url("mint", "ok"), "credential_env": "CANARY_ARK"}
    spark = {"model": "xinghuo/generalv3.5", "credential_env": "CANARY"}
    dify = {"model": "dify/app", "credential_env": "CANARY_DIFY"}
    ark = {"model": "huoshan/ep-1"} | mint
    named = {
        "spark": spark | {"api_base": vendors.url("spark", "chat")},
        "spark-lite": spark | {"model": "xinghuo/spark-lite", "api_base": vendors.url("spark", "echo")},
        "spark-tool": spark | {"api_base": vendors.url("spark", "tool")},
        "spark-reason": spark | {"api_base": vendors.url("spark", "reason")},
        "spark-dropping": spark | {"api_base": vendors.url("spark", "late-drop"), "drop_params": True},
        "spark-endless": spark | {"api_base": vendors.url("spark", "endless")},
        "dify": dify | {"api_base": vendors.url("dify", "chat")},
        "dify-echo": dify | {"api_base": vendors.url("dify", "echo")},
        "dify-endless": dify | {"api_base": vendors.url("dify", "endless")},
        "ark": ark | {"api_base": vendors.url("ark", "chat"), "allowed_openai_params": ["thinking"]},
        "ark-bot": ark | {"model": "huoshan/bot-1", "api_base": vendors.url("ark", "chat")},
        "ark-endless": ark | {"api_base": vendors.url("ark", "endless")},
    }
    base = {"spark": spark, "dify": dify, "ark": ark}
    for fault in FAULTS:
        vendor, _, scenario = fault.partition("/")
        more = {"idle_timeout": 0.5} if scenario == "silent" else {}
        named[fault] = base[vendor] | {"api_base": vendors.url(vendor, scenario)} | more
    named["spark/weird"]["model"] = "xinghuo/no-such-model"
    for name, params in named.items():
        yield {"model_name": name, "litellm_params": params, "model_info": {"id": name}}


@pytest.fixture(scope="session")
def proxy(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProxy]:
    providers = ("xinghuo", "dify", "huoshan")
    config = {
        "model_list": list(_deployments(vendors)),
        "litellm_settings": {
            "custom_provider_map": [
                {"provider": name, "custom_handler": f"one_adapter.providers.{name}.handler"}
                for name in providers
            ],
            "use_chat_completions_url_for_anthropic_messages": True,
            "num_retries": 0,
        },
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"cancel_on_disconnect": True},
    }
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    wrong = {f"EVIL_{name}": "canary-evil" for name in ("APPID", "API_KEY", "API_SECRET")}
    running = LiveProxy(config, {**CREDENTIALS, **dead, **wrong}, tmp_path_factory.mktemp("proxy"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(proxy: LiveProxy) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=MASTER_KEY, base_url=f"{proxy.url}/v1", max_retries=0) as made:
        yield made


@pytest.mark.parametrize("model", ANSWERS)
def test_a_chat(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=HELLO)
    assert answer.choices[0].message.content == ANSWERS[model]
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == model
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == USAGE


@pytest.mark.parametrize("model", ANSWERS)
def test_a_streamed_chat(client: openai.OpenAI, model: str) -> None:
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model=model, messages=HELLO, stream=True, stream_options=options)
    )
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == ANSWERS[model]
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert choices[0].delta.role == "assistant"
    assert {chunk.model for chunk in chunks} == {model}
    assert len({chunk.id for chunk in chunks}) == 1
    used = [chunk.usage for chunk in chunks if chunk.usage]
    assert [(u.prompt_tokens, u.completion_tokens, u.total_tokens) for u in used] == [USAGE]


@pytest.mark.parametrize("model", ANSWERS)
def test_the_responses_api(client: openai.OpenAI, model: str) -> None:
    answer = client.responses.create(model=model, input="hello")
    assert answer.output_text == ANSWERS[model]
    assert answer.usage is not None
    assert answer.usage.total_tokens == USAGE[2]
    events = list(client.responses.create(model=model, input="hello", stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == ANSWERS[model]
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize("model", ANSWERS)
def test_the_messages_api(proxy: LiveProxy, model: str) -> None:
    with anthropic.Anthropic(api_key=MASTER_KEY, base_url=proxy.url, max_retries=0) as client:
        asked: dict[str, Any] = {"model": model, "max_tokens": 50, "messages": HELLO}
        answer = client.messages.create(**asked)
        assert answer.content[0].text == ANSWERS[model]
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == USAGE[:2]
        with client.messages.stream(**asked) as stream:
            assert "".join(stream.text_stream) == ANSWERS[model]


@pytest.mark.parametrize("model", ["spark-tool", "ark"])
def test_function_calls(client: openai.OpenAI, model: str) -> None:
    choice = client.chat.completions.create(model=model, messages=HELLO, tools=[TOOL]).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    call = choice.message.tool_calls[0]
    assert call.id
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "北京"})
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, tools=[TOOL], stream=True))
    calls = [c for chunk in chunks for choice in chunk.choices for c in choice.delta.tool_calls or []]
    assert [c.function.name for c in calls if c.function.name] == ["get_weather"]
    assert [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason] == ["tool_calls"]
    told = [
        *HELLO,
        choice.message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    again = client.chat.completions.create(model=model.replace("-tool", ""), messages=told)
    assert again.choices[0].message.content


def test_functions_are_refused_where_a_model_has_none(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="spark-lite has no functions"):
        client.chat.completions.create(model="spark-lite", messages=HELLO, tools=[TOOL])


def test_reasoning(client: openai.OpenAI) -> None:
    message = client.chat.completions.create(model="spark-reason", messages=HELLO).choices[0].message
    assert message.model_dump()["reasoning_content"] == "think"
    chunks = client.chat.completions.create(model="spark-reason", messages=HELLO, stream=True)
    deltas = [choice.delta.model_dump() for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "think"


def test_the_frame_follows_the_models_message_rules(client: openai.OpenAI) -> None:
    said = [{"role": "system", "content": "be brief"}, *HELLO, {"role": "user", "content": "again"}]
    answer = client.chat.completions.create(
        model="spark-lite",
        messages=said,
        temperature=0,
        max_tokens=9,
        top_p=0.5,
        seed=1,
        presence_penalty=0.1,
    )
    frame = json.loads(answer.choices[0].message.content or "")
    assert frame["payload"]["message"]["text"] == [{"role": "user", "content": "be brief\n\nhello\n\nagain"}]
    assert frame["parameter"]["chat"] == {"domain": "lite", "temperature": 0.01, "max_tokens": 9}


def test_a_dify_conversation_goes_on(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="dify-echo", messages=HELLO, user="u-1")
    assert first.model_dump()["conversation_id"] == "c-1"
    body = json.loads(first.choices[0].message.content or "")
    assert (body["user"], body["query"], body["inputs"]) == ("u-1", "hello", {})
    said = [*HELLO, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "more"}]
    extra = {"conversation_id": "c-1", "inputs": {"城市": "北京"}}
    second = client.chat.completions.create(model="dify-echo", messages=said, user="u-1", extra_body=extra)
    body = json.loads(second.choices[0].message.content or "")
    assert (body["query"], body["conversation_id"], body["inputs"]) == ("more", "c-1", {"城市": "北京"})
    third = client.chat.completions.create(
        model="dify-echo", messages=said, metadata={"conversation_id": "c-2"}
    )
    assert json.loads(third.choices[0].message.content or "")["conversation_id"] == "c-2"


def test_ark_gets_what_the_client_asked(client: openai.OpenAI, vendors: Vendors) -> None:
    client.chat.completions.create(
        model="ark",
        messages=HELLO,
        temperature=1.5,
        seed=4,
        response_format={"type": "json_object"},
        extra_body={"thinking": {"type": "disabled"}, "repetition_penalty": 1.1},
    )
    sent = [call["body"] for call in vendors.calls if call["vendor"] == "ark"][-1]
    assert sent == {
        "model": "ep-1",
        "messages": HELLO,
        "temperature": 1.5,
        "seed": 4,
        "response_format": {"type": "json_object"},
        "thinking": {"type": "disabled"},
        "repetition_penalty": 1.1,
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", FAULTS)
def test_a_failed_call_has_its_status(client: openai.OpenAI, model: str, stream: bool) -> None:
    status, error = FAULTS[model]
    with pytest.raises(error) as raised:
        list(client.chat.completions.create(model=model, messages=HELLO, stream=stream))
    assert raised.value.status_code == status


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "model", ["spark/code-10012", "spark/code-11202", "dify/429", "dify/early-end", "ark/503"]
)
def test_a_fallback_fires_before_the_first_chunk(proxy: LiveProxy, model: str, stream: bool) -> None:
    body = {"model": model, "messages": HELLO, "stream": stream, "fallbacks": ["spark"]}
    answer = proxy.post("/v1/chat/completions", body)
    assert answer.status_code == 200
    assert "世界" in answer.text
    assert "error" not in answer.text


def test_a_broken_stream_is_an_error_and_no_end(proxy: LiveProxy) -> None:
    body = {"model": "spark-dropping", "messages": HELLO, "stream": True, "n": 2}
    text = proxy.post("/v1/chat/completions", body).text
    assert '"error"' in text
    assert "[DONE]" not in text
    assert '"finish_reason":"' not in text.replace(" ", "")


@pytest.mark.parametrize("model", ["spark-endless", "dify-endless", "ark-endless"])
def test_the_vendor_is_left_when_the_client_leaves(
    client: openai.OpenAI, vendors: Vendors, model: str
) -> None:
    cut = vendors.cut
    stream = client.chat.completions.create(model=model, messages=HELLO, stream=True)
    for number, _ in enumerate(stream):
        if number == 3:
            break
    stream.close()
    end = time.monotonic() + 60
    while vendors.cut == cut and time.monotonic() < end:
        time.sleep(0.05)
    assert vendors.cut > cut


FORGED = [
    {"credential_env": "EVIL"},
    {"domain": "evil"},
    {"proxy_env": "EVIL_API_KEY"},
    {"idle_timeout": 1000},
    {"uid": "12345"},
]


ROUTES = {
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/responses": {"input": "hello"},
    "/v1/messages": {"messages": HELLO, "max_tokens": 9},
    "/v1/completions": {"prompt": "hello"},
}


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: next(iter(forged)))
def test_a_client_cannot_set_what_the_operator_sets(
    proxy: LiveProxy, vendors: Vendors, path: str, forged: dict[str, Any]
) -> None:
    before = len(vendors.calls)
    for body in (forged, {"extra_body": forged}):
        answer = proxy.post(path, {"model": "spark", **ROUTES[path], **body})
        assert answer.status_code == 400, answer.text
        assert "only the operator can set" in answer.text
    assert len(vendors.calls) == before


def test_a_clients_fallback_cannot_smuggle_settings(proxy: LiveProxy, vendors: Vendors) -> None:
    asked = {"model": "spark/code-10012", "messages": HELLO}
    smuggled = {"model": "spark", "credential_env": "EVIL", "domain": "evil"}
    before = len(vendors.calls)
    answer = proxy.post("/v1/chat/completions", asked | {"fallbacks": [smuggled]})
    assert answer.status_code == 500
    assert "only the operator can set credential_env, domain" in answer.text
    assert [call["scenario"] for call in vendors.calls[before:]] == ["code-10012"]


@pytest.mark.parametrize("more", [{"api_base": "http://127.0.0.1:9"}, {"base_url": "http://127.0.0.1:9"}])
def test_a_client_cannot_choose_the_address(proxy: LiveProxy, more: dict[str, str]) -> None:
    answer = proxy.post("/v1/chat/completions", {"model": "dify", "messages": HELLO} | more)
    assert not answer.is_success


def test_a_clients_key_is_not_used(proxy: LiveProxy) -> None:
    answer = proxy.post(
        "/v1/chat/completions", {"model": "spark", "messages": HELLO, "api_key": "canary-evil"}
    )
    assert answer.json()["choices"][0]["message"]["content"] == "你好，世界"


def test_a_deployment_that_answers_is_healthy(proxy: LiveProxy) -> None:
    found = proxy.get("/health?model=spark").json()
    assert (found["healthy_count"], found["unhealthy_count"]) == (1, 0), found


def test_no_secret_is_anywhere(proxy: LiveProxy) -> None:
    """Runs last in this file: the log holds every call above at LiteLLM's debug level."""
    texts = [proxy.get("/model/info").text, proxy.get("/v1/models").text, proxy.get("/v1/model/info").text]
    for model in [*ANSWERS, *FAULTS]:
        answer = proxy.post("/v1/chat/completions", {"model": model, "messages": HELLO})
        texts += [answer.text, str(answer.headers)]
    secrets = [value for name, value in CREDENTIALS.items() if not name.endswith("_APPID")]
    for text in [*texts, proxy.log]:
        for secret in [*secrets, "canary-minted-key"]:
            place = text.find(secret)
            assert place < 0, text[max(0, place - 300) : place + 40]
        assert "authorization=YX" not in text
        assert "hmac-sha256" not in text


def test_documented_configurations_are_accepted() -> None:
    """The YAML of each page is what LiteLLM takes: its deployments are all known to a router."""
    import litellm
    import yaml

    pages = Path(__file__).parents[2] / "docs" / "providers"
    for name in ("xinghuo", "dify", "huoshan"):
        text = (pages / f"{name}.md").read_text()
        config = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
        entry = {"provider": name, "custom_handler": f"one_adapter.providers.{name}.handler"}
        assert entry in config["litellm_settings"]["custom_provider_map"]
        for deployment in config["model_list"]:
            params = deployment["litellm_params"]
            model, provider, *_ = litellm.get_llm_provider(params["model"])
            assert (model, provider) == (params["model"].partition("/")[2], name)
