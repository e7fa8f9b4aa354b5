"""What becomes of each field: one line for every judgement there is."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import openai, rows, service

from one_adapter.dialect import V0_10

M, E, A, I, D = "mapped", "emulated", "approximated", "inert", "dropped"  # noqa: E741
ONE = openai(service("m"))
PROXY = {"strategy": "force_all", "type": "http", "http_proxy": "http://p", "https_proxy": ""}
KEYS = [{"api_key": "a", "supported_models": {"openai": ["m"]}}]


def whole(**fields: Any) -> dict[str, Any]:
    """A configuration with one service and these settings for the whole gateway."""
    return {**ONE, **fields}


# (configuration, pointer, verdict, what target or note says)
WHOLE: list[tuple[dict[str, Any], str, str, str]] = [
    (whole(server_port=":80"), "/server_port", M, "--port 80"),
    (whole(server_port=None), "/server_port", I, "null says nothing"),
    (whole(debug=True), "/debug", A, "LITELLM_LOG=DEBUG"),
    (whole(debug=False), "/debug", I, "the default"),
    (whole(log_level=" "), "/log_level", I, "empty"),
    (whole(log_level="info"), "/log_level", A, "LITELLM_LOG"),
    (whole(load_balancing="rr"), "/load_balancing", E, "order: rr"),
    (whole(load_balancing="first"), "/load_balancing", E, "order: first"),
    (whole(load_balancing="hash"), "/load_balancing", E, "order: hash always the same entry"),
    (whole(load_balancing="Round_Robin"), "/load_balancing", E, "order: rr strict rotation"),
    (whole(load_balancing="random"), "/load_balancing", M, "litellm_params.weight"),
    (whole(load_balancing=""), "/load_balancing", M, "empty: random"),
    (whole(api_key=""), "/api_key", I, "no key is asked for"),
    (whole(api_key="k"), "/api_key", E, "general_settings.one_adapter.access"),
    (whole(api_key=" k "), "/api_key", E, "blanks"),
    (whole(api_key="z", api_keys=KEYS), "/api_key", E, "may call no model"),
    (whole(api_keys=KEYS), "/api_keys/0/api_key", E, "guards every route"),
    (whole(api_key="z", api_keys=KEYS), "/api_keys/0/api_key", I, "first door"),
    (whole(api_keys=KEYS), "/api_keys/0/supported_models/openai/0", E, "access"),
    (whole(api_key="z", api_keys=KEYS), "/api_keys/0/supported_models/openai/0", I, "never be used"),
    (
        whole(api_keys=[{"api_key": "a", "supported_models": {"s": ["*"]}}]),
        "/api_keys/0/supported_models/s/0",
        E,
        "access",
    ),
    (
        whole(api_keys=[{"api_key": "a", "supported_models": {"s": ["x"]}}]),
        "/api_keys/0/supported_models/s/0",
        I,
        "no such model",
    ),
    (
        whole(api_keys=[{"api_key": "a", "supported_models": {"s": []}}]),
        "/api_keys/0/supported_models/s",
        I,
        "allows nothing",
    ),
    (whole(api_keys=[{"api_key": "a", "supported_models": {}}]), "/api_keys/0/supported_models", I, "empty"),
    (whole(api_keys=[]), "/api_keys", I, "empty"),
    (whole(multi_content_models=["v"]), "/multi_content_models/0", E, "flatten_parts"),
    (whole(multi_content_models=[" "]), "/multi_content_models/0", I, "blank"),
    (whole(multi_content_models=[]), "/multi_content_models", I, "empty"),
    (whole(model_redirect={"a": "m"}), "/model_redirect/a", M, "a"),
    (whole(model_redirect={"a": "gone"}), "/model_redirect/a", I, "no service answers"),
    (whole(model_redirect={"m": "m"}), "/model_redirect/m", I, "leads to itself"),
    (whole(model_redirect={"all": "m"}), "/model_redirect/all", E, "every name leads to m"),
    (whole(model_redirect={"all": "all"}), "/model_redirect/all", E, "every name leads to random"),
    (whole(model_redirect={"all": "m", "a": "m"}), "/model_redirect/a", I, "answers every name before"),
    (whole(model_redirect={}), "/model_redirect", I, "empty"),
    (whole(params_range={"m": {"maxTokens": 5}}), "/params_range/m/maxTokens", I, "never uses it"),
    (whole(params_range={}), "/params_range", I, ""),
    (whole(enable_web=True), "/enable_web", D, "web console"),
    (whole(enable_web=False), "/enable_web", I, "the default"),
    (whole(translation={"enable": True}), "/translation/enable", I, "whether or not"),
    (whole(translation={"promptTemplate": "t"}), "/translation/promptTemplate", E, "translation"),
    (whole(translation={"promptTemplate": ""}), "/translation/promptTemplate", I, "the default"),
    (whole(translation={"retry": 2}), "/translation/retry", E, "translation"),
    (whole(translation={"concurrency": 0}), "/translation/concurrency", I, "the default"),
    (whole(circuit_breaker={"enabled": True}), "/circuit_breaker/enabled", E, "breaker"),
    (whole(circuit_breaker={"enabled": False}), "/circuit_breaker/enabled", M, "no breaker"),
    (whole(circuit_breaker={"failure_threshold": 3}), "/circuit_breaker/failure_threshold", E, "breaker"),
    (whole(circuit_breaker={"failure_threshold": 0}), "/circuit_breaker/failure_threshold", I, "the default"),
    (
        whole(circuit_breaker={"enabled": False, "half_open_max_requests": 3}),
        "/circuit_breaker/half_open_max_requests",
        I,
        "switched off",
    ),
    (
        whole(circuit_breaker={"recovery_timeout_seconds": 3}),
        "/circuit_breaker/recovery_timeout_seconds",
        E,
        "breaker",
    ),
    (whole(proxy=PROXY), "/proxy/strategy", E, "proxy"),
    (whole(proxy=PROXY), "/proxy/type", E, "proxy"),
    (whole(proxy=PROXY), "/proxy/http_proxy", E, "proxy"),
    (whole(proxy=PROXY), "/proxy/https_proxy", I, "not used with type http"),
    (whole(proxy={**PROXY, "socks5_proxy": "p:1"}), "/proxy/socks5_proxy", I, "not used with type http"),
    (
        whole(proxy={"strategy": "all", "type": "socks5", "socks5_proxy": "p:1", "http_proxy": "http://p"}),
        "/proxy/socks5_proxy",
        E,
        "proxy",
    ),
    (
        whole(proxy={"strategy": "all", "type": "socks5", "socks5_proxy": "p:1", "http_proxy": "http://p"}),
        "/proxy/http_proxy",
        I,
        "not used",
    ),
    (whole(proxy={**PROXY, "timeout": 30}), "/proxy/timeout", I, "the default"),
    (whole(proxy={**PROXY, "timeout": 9}), "/proxy/timeout", A, "timeout"),
    (whole(proxy={"strategy": "disabled", "http_proxy": "http://p"}), "/proxy/strategy", I, "the default"),
    (whole(proxy={"strategy": "disabled", "http_proxy": "http://p"}), "/proxy/http_proxy", I, "not used"),
    (whole(proxy={**PROXY, "strategy": "default"}), "/proxy/http_proxy", I, "no enabled service"),
    ({"services": None}, "/services", I, "null says nothing"),
    ({"services": {}}, "/services", I, "empty"),
    ({"services": {"openai": []}}, "/services/openai", I, "empty"),
    ({"services": {"openai": [{}]}}, "/services/openai/0", I, "empty"),
    ({"services": {"openai": [None]}}, "/services/openai/0", I, "null says nothing"),
]


def one(
    kind: str = "openai", *models: str, top: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A configuration with one enabled service of a type."""
    url = {"server_url": "https://v.example/v1"} if kind == "openai" else {}
    return {"services": {kind: [service(*(models or ("m",)), **{**url, **fields})]}, **(top or {})}


#: Pointers below are from the service on.
SERVICE: list[tuple[dict[str, Any], str, str, str]] = [
    (one(id="mine"), "id", M, "service"),
    (one(id=" "), "id", I, "openai-1"),
    (one(provider="x"), "provider", E, "one_adapter.owned_by"),
    (one(provider=" "), "provider", I, "label"),
    (one(), "enabled", M, "model_list"),
    (one(enabled=False), "enabled", I, "switched off"),
    (one(enabled=False), "models/0", I, "switched off"),
    (one(), "models/0", M, "model_list"),
    (one("openai", "m", " m "), "models/1", I, "already listed"),
    (one("openai", "m", " "), "models/1", I, "blank"),
    (one("openai", "m*"), "models/0", D, "pattern"),
    (one("openai", "random"), "models/0", I, "hides it"),
    (one("openai", "m", server_url=""), "models/0", D, "no address"),
    (one("minimax", "abab6.5"), "models/0", A, "MiniMax"),
    (one("dashscope", "qwen-max"), "models/0", A, "retired"),
    (one("dashscope", "qwen-plus"), "models/0", M, "model_list"),
    (one("qianfan", "ERNIE-Lite-8K"), "models/0", A, "successor"),
    (one("hunyuan", "hunyuan-lite"), "models/0", A, "successor"),
    (one("azure", "m", server_url="https://r.example/openai/deployments/d"), "models/0", M, "model_list"),
    (
        one("openai", "m", server_url="", models=["gpt-4"], embedding_models=["m"]),
        "embedding_models/0",
        M,
        "model_list",
    ),
    (one(models=[]), "models", I, "empty"),
    (one(models=None), "credentials/api_key", M, "api_key"),
    (one(embedding_models=["e"]), "embedding_models/0", M, "model_list"),
    (one("claude", "c", embedding_models=["e"]), "embedding_models/0", M, "chats only"),
    (one(embedding_models=["e", "e"]), "embedding_models/1", I, "already listed"),
    (one(model_redirect={"a": "m"}), "model_redirect/a", M, "model_list"),
    (one(model_redirect={"m": "m"}), "model_redirect/m", M, "leads to itself"),
    (one(model_redirect={"*": "m"}), "model_redirect/*", D, "pattern"),
    (one("openai", "gpt-4", server_url="", model_redirect={"a": "x"}), "model_redirect/a", D, "no address"),
    (one(models=[], model_redirect={"a": "m"}), "model_redirect/a", I, "lists no model"),
    (one(model_redirect={}), "model_redirect", I, "empty"),
    (
        one("openai", "v/m", server_url="https://openrouter.ai/api/v1", model_redirect={"v/m": "m"}),
        "model_redirect/v~1m",
        A,
        "other way round",
    ),
    (one(model_map={"m": "x"}), "model_map/m", M, "litellm_params.model"),
    (one(model_map={"x": "y"}), "model_map/x", I, "followed once"),
    (one(model_redirect={"a": "b"}, model_map={"b": "y"}), "model_map/b", M, "litellm_params.model"),
    (one(reasoning_models={"m": "r1"}), "reasoning_models/m", M, "reasoning_content"),
    (one(limit={"qps": 1}), "limit/qps", E, "one_adapter.limits"),
    (one(limit={"qps": 0}), "limit/qps", I, "0: no limit"),
    (one(limit={"qpm": 2, "rpm": 3}), "limit/rpm", I, "qpm counts"),
    (one(limit={"qpm": 2, "timeout": 3}), "limit/timeout", E, "one_adapter.limits"),
    (one(limit={"timeout": 3}), "limit/timeout", I, "no limit above 0"),
    (one(limit={"qpm": 2, "timeout": 0}), "limit/timeout", I, "0"),
    (one(limit={"QPM": 2}), "limit/QPM", E, "one_adapter.limits"),
    (one(limit={"qpm": None}), "limit/qpm", I, "null says nothing"),
    (one(embedding_models=["e"], embedding_limit={"rpm": 1}), "embedding_limit/rpm", E, "limits.embeddings"),
    (one(embedding_limit={"rpm": 1}), "embedding_limit/rpm", E, "limits.embeddings"),
    (one("claude", embedding_limit={"rpm": 1}), "embedding_limit/rpm", I, "no embeddings for type claude"),
    (one(server_url=" "), "server_url", I, "default address"),
    (one(), "server_url", M, "litellm_params.api_base"),
    (one(server_url="https://api.deepseek.com/v1"), "server_url", M, "DeepSeek"),
    (one(server_url="https://v.example/v1?t=7"), "server_url", E, "query"),
    (one("hunyuan", server_url="https://v.example"), "server_url", I, "ignores it"),
    (one("vertexai", server_url="https://v.example"), "server_url", I, "ignores it"),
    (one("dify", server_url="https://v.example"), "server_url", M, "honoured"),
    (one("dify", server_url="https://v.example", upstream_protocol="responses"), "server_url", M, "api_base"),
    (
        one("hunyuan", server_url="https://v.example", upstream_protocol="chat_completions"),
        "server_url",
        M,
        "api_base",
    ),
    (
        one("qianfan", credentials={"api_key": "k"}, upstream_protocol="anthropic_messages"),
        "credentials/api_key",
        M,
        "litellm_params.api_key",
    ),
    (one("qianfan", "m", upstream_protocol="responses"), "models/0", M, "model_list"),
    (one("azure", server_url="https://v.example"), "server_url", M, "api-version"),
    (one(use_proxy=True), "use_proxy", I, "the strategy disabled"),
    (one(use_proxy=True, top={"proxy": PROXY}), "use_proxy", I, "the strategy force_all"),
    (one(use_proxy=True, top={"proxy": {**PROXY, "strategy": "default"}}), "use_proxy", E, "proxy"),
    (one(use_proxy=False, top={"proxy": {**PROXY, "strategy": "all"}}), "use_proxy", E, "proxy"),
    (one(timeout=5), "timeout", E, "timeout"),
    (one(timeout=0), "timeout", I, "default of 30 s"),
    (one(), "credentials/api_key", M, "in .env"),
    (one(credentials={}), "credentials", I, "empty"),
    (one(credentials=None), "enabled", M, ""),
    (one(credentials={"api_key": " "}), "credentials/api_key", I, "empty"),
    (one(credentials={"api_key": 5}), "credentials/api_key", I, "not a text"),
    (one(credentials={"api_key": None}), "credentials/api_key", I, "null"),
    (one(credentials={"API_KEY": "k"}), "credentials/API_KEY", I, "reads no such credential"),
    (one(credentials={"api_key": {"a": ["b"]}}), "credentials/api_key/a/0", I, "not a text"),
    (one(credential_list=[{"api_key": "a"}]), "credentials/api_key", I, "credential_list counts"),
    (one(credential_list=[{"api_key": "a"}]), "credential_list/0/api_key", M, "in .env"),
    (one(credential_list=[{}]), "credential_list/0", I, "empty"),
    (one(credential_list=[None]), "credential_list/0", I, ""),
    (one(credential_list=[]), "credential_list", I, "empty"),
    (
        one(credential_list=[{"api_key": "a"}, {"api_key": "b"}], top={"load_balancing": "first"}),
        "credential_list/1/api_key",
        M,
        "in .env",
    ),
    (one("qianfan", credentials={"api_key": "k"}), "credentials/api_key", D, "Baidu"),
    (one("hunyuan", credentials={"secret_id": "k"}), "credentials/secret_id", D, "Tencent"),
    (one("minimax", credentials={"group_id": "k"}), "credentials/group_id", D, "nothing to do"),
    (one("ollama"), "credentials/api_key", I, "reads no such credential"),
    (one("dify"), "credentials/api_key", E, "credential_env"),
    (one("xinghuo", "spark-lite", credentials={"appid": "a"}), "credentials/appid", E, "credential_env"),
    (
        one("xinghuo", "spark-lite", credentials={"domain": "d"}),
        "credentials/domain",
        E,
        "litellm_params.domain",
    ),
    (one("huoshan", credentials={"access_key": "a"}), "credentials/access_key", E, "credential_env"),
    (
        one("huoshan", credentials={"access_key": "a", "api_key": "k"}),
        "credentials/access_key",
        I,
        "api_key counts",
    ),
    (
        one("vertexai", credentials={"project_id": "p", "location": "l"}),
        "credentials/project_id",
        M,
        "vertex_project",
    ),
    (one(credentials={"limit": {"rpm": 5}}), "credentials/limit/rpm", E, "one_adapter.limits"),
    (
        one(credentials={"limit": {"rpm": 5, "timeout": 9}}),
        "credentials/limit/timeout",
        E,
        "one_adapter.limits.credential",
    ),
    (one(credentials={"limit": {"rpm": 5, "qpm": 4}}), "credentials/limit/rpm", I, "qpm counts"),
    (one(credentials={"limit": {"rpm": 5, "qpm": 4}}), "credentials/limit/qpm", E, "limits.credential"),
    (one(limit={"rpm": 4, "qpm": 4}), "limit/rpm", I, "qpm counts"),
    (one(limit={"rpm": 4, "qpm": 5}), "limit/qpm", I, "rpm counts"),
    (one(limit={"qps": 4, "tpm": 5}), "limit/tpm", E, "limits.service"),
    (one(credentials={"limit": {"rpm": "5"}}), "credentials/limit/rpm", I, "not a number"),
    (one(credentials={"limit": {"rpm": 5, "tpm": 9}}), "credentials/limit/tpm", E, "limits.credential"),
    (one(credentials={"limit": {"rpm": 5, "x": 9}}), "credentials/limit/x", I, "knows no such field"),
    (one(credentials={"limit": {"rpm": 0}}), "credentials/limit/rpm", I, "0: no limit"),
    (one(credentials={"limit": {"QPS": 5}}, limit={"rpm": 1}), "credentials/limit/QPS", E, "limits.cred"),
    (one(credentials={"limit": 5}), "credentials/limit", I, ""),
    (one(credentials={"limit": {}}), "credentials/limit", I, ""),
    (one(credential_list=[{"limit": {"qps": 2}}]), "credential_list/0/limit/qps", E, "one_adapter.limits"),
]

# What the gateway of today reads beside a key, by a pool of two; and the same in 0.10.
POOL = [{"id": "main", "name": "Main", "enabled": True, "api_key": "a"}, {"enabled": False, "api_key": "b"}]
KEYED: list[tuple[dict[str, Any], str, str, str]] = [
    (one(credential_list=POOL), "credential_list/0/id", M, "one_adapter.key"),
    (one(credential_list=[{"id": 7}]), "credential_list/0/id", I, "no text in it: key-1"),
    (one(credentials={"id": "x"}), "credentials/id", I, "stand alone"),
    (one(credential_list=POOL), "credential_list/0/name", I, "a label"),
    (one(credential_list=POOL), "credential_list/0/enabled", I, "the default"),
    (one(credential_list=POOL), "credential_list/1/enabled", M, "its turns go to the next key"),
    (one(credential_list=POOL), "credential_list/1/api_key", I, "switched off"),
    (one(credentials={"enabled": False}), "credentials/enabled", I, "cannot be switched off"),
    (one(credential_list=[{"Enabled": False}]), "credential_list/0/Enabled", I, "reads no such credential"),
    (one(credential_list=[{"limit": {"tpm": 9}}]), "credential_list/0/limit/tpm", E, "limits.credential"),
    (
        one(credential_list=[{"model_limits": {"m": {"tpm": 9}}}]),
        "credential_list/0/model_limits/m/tpm",
        E,
        "limits.credential_models",
    ),
    (
        one(credential_list=[{"model_limits": {"m": {"tpm": 9}, "n": "x"}}]),
        "credential_list/0/model_limits/m/tpm",
        I,
        "reads none of them",
    ),
    (
        one(credential_list=[{"model_limits": "x"}]),
        "credential_list/0/model_limits",
        I,
        "no limit of a model",
    ),
    (one(model_limits={"m": {"qps": 9}}), "model_limits/m/qps", E, "limits.service_models"),
    (one(model_limits={" m ": {"qps": 9}}), "model_limits/ m /qps", E, "limits.service_models"),
    (one(model_limits={" m ": {"qps": 9}, "m": {"qps": 8}}), "model_limits/ m /qps", I, "a later key"),
    (one(model_limits={"o": {"qps": 9}}), "model_limits/o/qps", I, "looked up under this name"),
    (one(model_limits={"o": {"qps": 9}}, model_map={"m": "o"}), "model_limits/o/qps", E, "service_models"),
    (one(model_limits={" ": {"qps": 9}}), "model_limits/ /qps", I, "empty name"),
    (one("xinghuo", limit={"qps": 1}), "limit/qps", I, "never asked"),
    (one("xinghuo", credentials={"limit": {"qps": 1}}), "credentials/limit/qps", I, "never asked"),
    (one(upstream_protocol="AUTO"), "upstream_protocol", I, "of the type"),
    (one(upstream_protocol="responses"), "upstream_protocol", M, "whatever its type"),
]
OLD: list[tuple[dict[str, Any], str, str, str]] = [
    (one(provider="acme"), "provider", I, "label"),
    (one(limit={"qps": 1, "qpm": 2}), "limit/qpm", I, "qps counts"),
    (one(limit={"tpm": 1}), "limit/tpm", I, "knows no such field"),
    (one(credential_list=POOL), "credential_list/0/enabled", I, "reads no such credential"),
    (one(credential_list=POOL), "credential_list/1/api_key", M, "in .env"),
    (
        one(credential_list=POOL, top={"load_balancing": "first"}),
        "credential_list/1/api_key",
        I,
        "first credential",
    ),
    (one(credentials={"limit": {"rpm": 5, "tpm": 9}}), "credentials/limit/tpm", I, "reads no such limit"),
    (
        one(credentials={"limit": {"rpm": 5}}, limit={"rpm": 1}),
        "credentials/limit/rpm",
        I,
        "own limit counts",
    ),
    (one(credentials={"limit": {"rpm": 5}}), "credentials/limit/rpm", E, "one_adapter.limits.credential"),
]


def named(table: list[tuple[dict[str, Any], str, str, str]]) -> list[str]:
    return [f"{pointer}-{verdict}-{said}" for _, pointer, verdict, said in table]


@pytest.mark.parametrize(("config", "pointer", "verdict", "said"), WHOLE, ids=named(WHOLE))
def test_a_setting_for_the_whole_gateway(
    config: dict[str, Any], pointer: str, verdict: str, said: str
) -> None:
    row = rows(config)[pointer]
    assert row.verdict == verdict, row
    assert said in f"{row.target} {row.note}"


@pytest.mark.parametrize(("config", "pointer", "verdict", "said"), SERVICE, ids=named(SERVICE))
def test_a_setting_of_a_service(config: dict[str, Any], pointer: str, verdict: str, said: str) -> None:
    (kind,) = config["services"]
    row = rows(config)[f"/services/{kind}/0/{pointer}"]
    assert row.verdict == verdict, row
    assert said in f"{row.target} {row.note}"


@pytest.mark.parametrize(("config", "pointer", "verdict", "said"), KEYED, ids=named(KEYED))
def test_what_the_gateway_of_today_reads_beside_a_key(
    config: dict[str, Any], pointer: str, verdict: str, said: str
) -> None:
    (kind,) = config["services"]
    row = rows(config)[f"/services/{kind}/0/{pointer}"]
    assert row.verdict == verdict, row
    assert said in f"{row.target} {row.note}"


@pytest.mark.parametrize(("config", "pointer", "verdict", "said"), OLD, ids=named(OLD))
def test_what_0_10_makes_of_a_setting(config: dict[str, Any], pointer: str, verdict: str, said: str) -> None:
    row = rows(config, gateway=V0_10)[f"/services/openai/0/{pointer}"]
    assert row.verdict == verdict, row
    assert said in f"{row.target} {row.note}"


@pytest.mark.parametrize(
    ("word", "verdict", "said"),
    [
        ("first", M, "the first service alone"),
        ("hash", M, "hash behaves as random"),
        ("Round_Robin", M, "round_robin behaves as random"),
        ("rr", E, "order: rr"),
    ],
)
def test_what_0_10_makes_of_load_balancing(word: str, verdict: str, said: str) -> None:
    row = rows(whole(load_balancing=word), gateway=V0_10)["/load_balancing"]
    assert row.verdict == verdict, row
    assert said in f"{row.target} {row.note}"


def test_statistics_are_the_gateways_own() -> None:
    found = rows(whole(statistics={"enabled": True, "retention_days": 7}))
    for field in ("enabled", "retention_days"):
        assert found[f"/statistics/{field}"].verdict == I
        assert "DATABASE_URL" in found[f"/statistics/{field}"].note
