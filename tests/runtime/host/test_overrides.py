"""What a client might try in order to reach more than its key opens, against a real proxy."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from proxy import CLIENT, MASTER, SOME, WAYS, Proxy
from vendor import Vendor

HI = [{"role": "user", "content": "hi"}]
EVIL = "http://127.0.0.1:1/evil/v1"

#: Fields of a body that LiteLLM would take as orders to itself. None may change where the call goes,
#: with which key or which model, how often, or what comes back.
FIELDS: list[dict[str, Any]] = [
    {"api_base": EVIL},
    {"base_url": EVIL},
    {"api_key": "sk-evil"},
    {"api_version": "evil"},
    {"organization": "evil"},
    {"custom_llm_provider": "anthropic"},
    {"credential": "UP_2"},
    {"credential_env": "UP_2"},
    {"litellm_credential_name": "UP_2"},
    {"domain": "evil"},
    {"proxy": EVIL},
    {"client": {}},
    {"extra_headers": {"authorization": "Bearer sk-evil"}},
    {"headers": {"authorization": "Bearer sk-evil"}},
    {"extra_body": {"model": "secret"}},
    {"extra_query": {"key": "evil"}},
    {"model_info": {"id": "secret-openai-2"}},
    {"model_list": [{"model_name": "m1", "litellm_params": {"model": "openai/evil", "api_base": EVIL}}]},
    {"litellm_params": {"api_base": EVIL, "metadata": {"api_base": EVIL}}},
    {"litellm_metadata": {"model_group": "secret", "api_base": EVIL}},
    {"metadata": {"model_group": "secret", "api_base": EVIL, "tags": ["a"]}},
    {"proxy_server_request": {"body": {"model": "secret"}}},
    {"secret_fields": {"raw_headers": {}}},
    {"user_config": {"model_list": []}},
    {"mock_response": "mocked"},
    {"mock_tool_calls": []},
    {"mock_timeout": True},
    {"mock_testing_fallbacks": True},
    {"mock_testing_rate_limit_error": True},
    {"fallbacks": ["secret"]},
    {"context_window_fallbacks": [{"m1": ["secret"]}]},
    {"disable_fallbacks": True},
    {"num_retries": 5},
    {"max_retries": 5},
    {"retry_policy": {"InternalServerErrorRetries": 5}},
    {"timeout": 0.001},
    {"request_timeout": 0.001},
    {"stream_timeout": 0.001},
    {"cooldown_time": 3600},
    {"weight": 0},
    {"rpm": 0, "tpm": 0, "max_parallel_requests": 0},
    {"tags": ["secret"]},
    {"guardrails": ["none"], "guardrail_config": {}},
    {"caching": True, "cache": {"ttl": 60}, "cache_key": "a"},
    {"no-log": True, "turn_off_message_logging": True},
    {"success_callback": ["evil"], "failure_callback": ["evil"], "callbacks": ["evil"]},
    {"langfuse_host": EVIL, "langfuse_secret": "evil"},
    {"specific_deployment": True, "deployment_id": "secret-openai-2"},
    {"team_id": "evil", "team": "evil", "key_alias": "evil"},
    {"router_settings_override": {"model_group_alias": {"m1": "secret"}}},
    {"allowed_openai_params": ["api_base"], "drop_params": True, "additional_drop_params": ["messages"]},
    {"prompt_id": "evil", "prompt_variables": {}},
    {"hf_model_name": "evil", "custom_prompt_dict": {}},
    {"input_cost_per_token": -1, "output_cost_per_token": -1, "base_model": "secret"},
    {"ssl_verify": False, "cert": "evil"},
    {"aws_access_key_id": "evil", "vertex_credentials": "evil", "azure_ad_token": "os.environ/UP_2"},
    {"use_chat_completions_api": False, "use_litellm_proxy": True},
    {"one_adapter": {"limits": None}, "service": "openai-2", "order": "first"},
]
HEADERS = [
    {"x-litellm-timeout": "0.001"},
    {"x-litellm-num-retries": "5"},
    {"x-litellm-tags": "secret"},
    {"x-litellm-model": "secret"},
    {"x-litellm-api-base": EVIL},
    {"x-litellm-enable-message-redaction": "true"},
    {"x-litellm-disable-callbacks": "all"},
    {"x-api-base": EVIL},
]
NAMES = [
    "secret-openai-2",
    "openai/up-secret",
    "up-secret",
    "openai/up-m1",
    "m1-openai-1",
    "team/m1",
    "*",
    "openai/*",
]


@pytest.fixture
def client(proxy: Proxy, vendor: Vendor) -> Any:
    vendor.take()
    with httpx.Client(base_url=proxy.base, headers={"authorization": f"Bearer {CLIENT}"}, timeout=30) as one:
        yield one


def reached(vendor: Vendor) -> tuple[str, str, str, str]:
    (call,) = vendor.take()
    return call.path, call.query, call.key, call.model


HOME = ("/a/v1/chat/completions", "", "sk-upstream-one", "up-m1")


@pytest.mark.half_of_product
@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: "+".join(fields))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_no_field_of_a_chat_gives_an_order(
    client: httpx.Client, vendor: Vendor, way: str, fields: dict[str, Any], stream: bool
) -> None:
    body = {"model": "m1", "messages": HI, **({"stream": True} if stream else {}), **fields}
    answer = client.post("/v1/chat/completions", json=body, headers=WAYS[way])
    assert answer.headers["x-one-adapter-way"] == way
    assert answer.status_code == 200
    assert reached(vendor) == HOME
    assert "sk-upstream" not in answer.text.replace("key=sk-upstream-one", "")


@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: "+".join(fields))
@pytest.mark.parametrize(
    ("path", "more", "home", "headers"),
    [
        ("/v1/messages", {"messages": HI, "max_tokens": 9}, "chat/completions", {}),
        ("/v1/responses", {"input": "hi"}, "chat/completions", {}),
        *(("/v1/embeddings", {"input": "hi"}, "embeddings", headers) for headers in WAYS.values()),
    ],
)
def test_no_field_on_another_route_gives_an_order(
    client: httpx.Client,
    vendor: Vendor,
    fields: dict[str, Any],
    path: str,
    more: dict[str, Any],
    home: str,
    headers: dict[str, str],
) -> None:
    answer = client.post(path, json={"model": "m1", **more, **fields}, headers=headers)
    assert answer.status_code == 200
    assert reached(vendor) == (f"/a/v1/{home}", *HOME[1:])


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: "+".join(headers))
def test_no_header_gives_an_order(client: httpx.Client, vendor: Vendor, headers: dict[str, str]) -> None:
    answer = client.post("/v1/chat/completions", json={"model": "m1", "messages": HI}, headers=headers)
    assert answer.status_code == 200
    assert reached(vendor) == HOME


@pytest.mark.parametrize("query", ["model=secret", f"api_base={EVIL}", "timeout=0.001"])
def test_no_query_gives_an_order(client: httpx.Client, vendor: Vendor, query: str) -> None:
    assert (
        client.post(f"/v1/chat/completions?{query}", json={"model": "m1", "messages": HI}).status_code == 200
    )
    assert reached(vendor) == HOME


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"])
def test_deployments_have_no_names_of_their_own(
    client: httpx.Client, vendor: Vendor, name: str, path: str
) -> None:
    answer = client.post(path, json={"model": name, "messages": HI, "input": "hi", "max_tokens": 9})
    assert answer.status_code == 400
    assert vendor.take() == []


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/translate"]
)
def test_a_key_for_some_models_is_held_to_them_on_every_route(
    client: httpx.Client, vendor: Vendor, path: str
) -> None:
    body = {
        "model": "secret",
        "messages": HI,
        "input": "hi",
        "max_tokens": 9,
        "text": "a",
        "target_lang": "DE",
    }
    answer = client.post(path, json=body, headers={"authorization": f"Bearer {SOME}"})
    assert answer.status_code == 403
    assert vendor.take() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/key/generate"),
        ("GET", "/key/list"),
        ("GET", "/model/info"),
        ("GET", "/v1/model/info"),
        ("POST", "/model/new"),
        ("POST", "/model/delete"),
        ("POST", "/config/update"),
        ("GET", "/get/config/callbacks"),
        ("GET", "/settings"),
        ("GET", "/spend/logs"),
        ("GET", "/global/spend"),
        ("GET", "/health"),
        ("GET", "/health/services?service=slack"),
        ("POST", "/team/new"),
        ("POST", "/user/new"),
        ("GET", "/debug/memory/summary"),
        ("POST", "/cache/flushall"),
        ("GET", "/openapi.json"),
        ("GET", "/routes"),
        ("POST", "/v1/completions"),
        ("POST", "/engines/m1/chat/completions"),
        ("POST", "/openai/deployments/m1/chat/completions"),
        ("POST", "/openai/v1/responses"),
        ("GET", "/v1/responses/resp_1"),
        ("GET", "/v1/files"),
        ("POST", "/v1/batches"),
        ("POST", "/v1beta/models/m1:generateContent"),
        ("POST", "/anthropic/v1/messages"),
        ("POST", "/vertex_ai/v1/x"),
        ("POST", "/mcp/tools/call"),
        ("GET", "/v1/../key/list"),
        ("GET", "//key/list"),
    ],
)
def test_what_manages_litellm_is_closed_to_clients(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path, json={} if method == "POST" else None).status_code in (403, 404)


def test_the_clients_key_is_not_the_master_key_and_the_master_key_opens_the_management(
    client: httpx.Client,
) -> None:
    assert client.get("/model/info", headers={"authorization": f"Bearer {MASTER}"}).status_code == 200


def test_nothing_that_went_wrong_wrote_a_key_anywhere(client: httpx.Client, proxy: Proxy) -> None:
    for model in ("fail-500", "odd-drop", "odd-html", "late"):
        client.post("/v1/chat/completions", json={"model": model, "messages": HI, "api_key": "sk-evil"})
    client.post("/v1/chat/completions", content=b"{", headers={"authorization": "Bearer sk-wrong-key-given"})
    output = proxy.output()
    for secret in ("sk-upstream", CLIENT, SOME, MASTER, "sk-evil", "sk-wrong-key-given"):
        assert secret not in output
    with open(f"/proc/{proxy.process.pid}/cmdline", "rb") as arguments:  # noqa: PTH123
        assert b"sk-" not in arguments.read()
