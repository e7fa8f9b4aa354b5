"""Which upstream each of the seventeen service types means."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import gateway, only, plan, service, target

from one_adapter.config import defaults
from one_adapter.dialect import DIALECTS
from one_adapter.plan.types import SecretRef, Upstream
from one_adapter.plan.vendors import Options, embedding_upstream_of, known_host
from one_adapter.vendors.hosts import OPENAI_HOSTS
from one_adapter.vendors.spark import SPARK

ANY = "https://v.example/v1"


def upstream(kind: str, model: str = "m", spark: str = "websocket", **fields: Any) -> Upstream:
    made = {"models": [model], "credentials": {"api_key": "sk-one"}, **fields}
    return target(only(kind, **made), model, spark=spark).upstream


def nowhere(kind: str, model: str = "m", **fields: Any) -> bool:
    route = plan(only(kind, **{"models": [model], **fields})).route(model)
    assert route is not None
    return not route.targets


def ref(kind: str, field: str, *, successor: bool = False) -> SecretRef:
    return SecretRef(f"{kind}-1", 0, field, successor)


def test_there_is_an_upstream_for_every_service_type() -> None:
    everything = {"project_id": "p", "location": "l", "api_key": "k"}
    for kind in defaults.SERVICE_TYPES:
        assert upstream(kind, "spark-lite", server_url=ANY, credentials=everything).provider


@pytest.mark.parametrize("kind", ["openai", "deepseek", "zhipu", "groq"])
def test_types_that_speak_openais_protocol_go_to_their_address(kind: str) -> None:
    found = upstream(kind, server_url="https://v.example/v2/chat/completions?tenant=7")
    assert (found.provider, found.url, found.model) == ("openai", "https://v.example/v2", "m")
    assert found.query == (("tenant", "7"),)
    assert found.keys == (("api_key", ref(kind, "api_key")),)


def test_an_address_that_ends_in_embeddings_is_a_base_too() -> None:
    assert upstream("openai", server_url=f"{ANY}/embeddings").url == ANY


@pytest.mark.parametrize(
    ("kind", "model", "url"),
    [
        ("openai", "gpt-4o", "https://api.openai.com/v1"),
        ("openai", "GPT-4", "https://api.openai.com/v1"),
        ("openai", "glm-4", "https://open.bigmodel.cn/api/paas/v4"),
        ("openai", "deepseek-chat", "https://api.deepseek.com/v1"),
        ("openai", "yi-large", "https://api.lingyiwanwu.com/v1"),
        ("openai", "o1-mini", "https://api.openai.com/v1"),
        ("openai", "text-embedding-3-small", "https://api.openai.com/v1"),
        ("deepseek", "coder", "https://api.deepseek.com/v1"),
        ("zhipu", "charglm", "https://open.bigmodel.cn/api/paas/v4"),
        ("groq", "llama3-8b-8192", "https://api.groq.com/openai/v1"),
        ("groq", "gpt-oss", "https://api.openai.com/v1"),
        ("zhipu", "deepseek-v3", "https://api.deepseek.com/v1"),
    ],
)
def test_without_an_address_the_models_prefix_decides_and_then_the_type(
    kind: str, model: str, url: str
) -> None:
    assert upstream(kind, model).url == url


def test_the_default_address_looks_at_the_redirected_name() -> None:
    config = only("openai", models=["mine"], model_redirect={"mine": "glm-4"})
    assert target(config, "mine").upstream.url == "https://open.bigmodel.cn/api/paas/v4"


def test_an_unknown_model_of_type_openai_without_address_has_none() -> None:
    assert nowhere("openai", "llama")


@pytest.mark.parametrize(
    "credentials", [{}, {"api_key": ""}, {"api_key": "  "}, {"api_key": 5}, {"API_KEY": "x"}]
)
def test_a_key_that_is_no_text_is_no_key(credentials: dict[str, Any]) -> None:
    assert upstream("openai", server_url=ANY, credentials=credentials).keys == ()


@pytest.mark.parametrize(
    ("kind", "model", "url", "guards"),
    [
        ("groq", "m", "", ("groq",)),
        ("groq", "m", ANY, ("groq",)),
        ("openai", "m", "https://api.groq.com/openai/v1", ("groq",)),
        ("openai", "glm-4", "https://open.bigmodel.cn/api/paas/v4", ("glm",)),
        ("openai", "m", "https://open.bigmodel.cn/api/paas/v4", ()),
        ("openai", "glm-4-plus", "https://open.bigmodel.cn/api/paas/v4", ()),
        ("zhipu", "glm-4", "https://open.bigmodel.cn/api/paas/v4/chat/completions", ("glm",)),
        ("zhipu", "glm-4", "", ()),
        ("openai", "glm-4", "", ()),
        ("openai", "m", ANY, ()),
    ],
)
def test_guards_go_by_type_groq_and_by_the_given_host(
    kind: str, model: str, url: str, guards: tuple[str, ...]
) -> None:
    assert upstream(kind, model, server_url=url).guards == guards


def test_every_known_vendor_is_found_by_its_own_address() -> None:
    for row in OPENAI_HOSTS:
        assert known_host(row.base) is row
    assert known_host("https://other.example/v1") is None


# The other types.


def test_azure_keeps_deployment_and_version_of_its_address() -> None:
    found = upstream(
        "azure",
        "gpt-4o",
        server_url="https://r.openai.azure.com/openai/deployments/prod/chat/completions?api-version=2024-06-01",
    )
    assert found == Upstream(
        "azure",
        "https://r.openai.azure.com",
        "prod",
        parameters=(("api_version", "2024-06-01"),),
        keys=(("api_key", ref("azure", "api_key")),),
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://r.openai.azure.com",
        "https://r.openai.azure.com/openai/",
        "https://r.openai.azure.com/openai/deployments/",
    ],
)
def test_azure_without_deployment_takes_the_model_and_a_settled_version(url: str) -> None:
    found = upstream("azure", "gpt-4o", server_url=url)
    assert (found.url, found.model) == ("https://r.openai.azure.com", "gpt-4o")
    assert found.parameters == (("api_version", "2024-10-21"),)


def test_azure_without_an_address_goes_nowhere() -> None:
    assert nowhere("azure")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://api.anthropic.com",
        "https://api.anthropic.com/v1",
        "https://api.anthropic.com/v1/messages",
        "https://api.anthropic.com/v1/messages/",
    ],
)
def test_claude_goes_to_anthropic(url: str) -> None:
    found = upstream("claude", "claude-3", server_url=url)
    assert (found.provider, found.url, found.model) == ("anthropic", "https://api.anthropic.com", "claude-3")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://generativelanguage.googleapis.com/v1beta/models",
        "https://generativelanguage.googleapis.com/v1beta/models/",
    ],
)
def test_gemini_goes_to_google_with_its_version(url: str) -> None:
    found = upstream("gemini", "gemini-pro", server_url=url)
    assert (found.provider, found.url) == ("gemini", "https://generativelanguage.googleapis.com/v1beta")


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:11434", "http://127.0.0.1:11434/api/chat"])
def test_ollama_needs_no_key(url: str) -> None:
    found = upstream("ollama", "llama3", server_url=url)
    assert (found.provider, found.url, found.keys) == ("ollama_chat", "http://127.0.0.1:11434", ())


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("us-central1", "https://us-central1-aiplatform.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
    ],
)
def test_vertexai_goes_by_project_and_location(location: str, url: str) -> None:
    credentials = {"project_id": " p ", "location": location, "json_file": "/key.json"}
    found = upstream("vertexai", credentials=credentials)
    assert (found.provider, found.url) == ("vertex_ai", url)
    assert dict(found.parameters) == {
        "vertex_project": "p",
        "vertex_location": location,
        "vertex_credentials": "/key.json",
    }
    assert "vertex_credentials" not in dict(
        upstream("vertexai", credentials={**credentials, "json_file": ""}).parameters
    )


@pytest.mark.parametrize("credentials", [{}, {"project_id": "p"}, {"location": "l"}])
def test_vertexai_without_project_or_location_goes_nowhere(credentials: dict[str, str]) -> None:
    assert nowhere("vertexai", credentials=credentials)


def test_dashscope_goes_to_its_compatible_endpoint_whatever_the_address_says() -> None:
    found = upstream("dashscope", "qwen-plus", server_url=ANY)
    assert (found.provider, found.url) == ("openai", "https://dashscope.aliyuncs.com/compatible-mode/v1")


def test_bailian_goes_to_the_apps_own_endpoint_through_responses() -> None:
    found = upstream("bailian", "app-7", server_url=ANY)
    assert found.url == "https://dashscope.aliyuncs.com/api/v2/apps/agent/app-7/compatible-mode/v1"
    assert (found.provider, found.name) == ("openai", "responses/app-7")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "https://api.dify.ai/v1"),
        ("https://dify.example/v1/chat-messages", "https://dify.example/v1"),
        ("https://dify.example/v1", "https://dify.example/v1"),
    ],
)
def test_dify_is_called_where_its_address_says(given: str, url: str) -> None:
    found = upstream("dify", "helper", server_url=given)
    assert (found.provider, found.url, found.model, found.name) == ("dify", url, "", "helper")
    assert found.by_reference == (ref("dify", "api_key"),)


def test_huoshan_with_a_key_speaks_openais_protocol() -> None:
    found = upstream(
        "huoshan", "ep-1", server_url="https://ark.cn-beijing.volces.com/api/v3/chat/completions"
    )
    assert (found.provider, found.url) == ("openai", "https://ark.cn-beijing.volces.com/api/v3")
    assert upstream("huoshan", "ep-1").url == found.url


@pytest.mark.parametrize(
    "given", ["", "https://ark.cn-beijing.volces.com/api/v3/bots", "https://ark.cn-beijing.volces.com/api/v3"]
)
def test_bots_of_huoshan_have_an_address_of_their_own(given: str) -> None:
    assert (
        upstream("huoshan", "bot-7", server_url=given).url == "https://ark.cn-beijing.volces.com/api/v3/bots"
    )


def test_huoshan_with_access_key_and_secret_key_needs_the_adapter() -> None:
    pair = {"access_key": "a", "secret_key": "s"}
    found = upstream("huoshan", "ep-1", credentials=pair)
    assert found.provider == "huoshan"
    assert found.by_reference == (ref("huoshan", "access_key"), ref("huoshan", "secret_key"))
    assert upstream("huoshan", "ep-1", credentials={**pair, "api_key": "k"}).provider == "openai"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "https://api.minimaxi.com/v1"),
        ("https://api.minimax.chat/v1/text/chatcompletion_pro?GroupId=7", "https://api.minimaxi.com/v1"),
        ("https://api.minimaxi.com/v1/text/chatcompletion_v2", "https://api.minimaxi.com/v1"),
        ("https://proxy.example/v1/chat/completions", "https://proxy.example/v1"),
    ],
)
def test_minimax_goes_to_the_vendors_endpoint_of_today_without_its_group(given: str, url: str) -> None:
    found = upstream("minimax", "abab6.5", server_url=given, credentials={"api_key": "k", "group_id": "7"})
    assert (found.provider, found.url, found.query) == ("openai", url, ())


@pytest.mark.parametrize(
    ("model", "url", "domain"),
    [
        ("spark-lite", "wss://spark-api.xf-yun.com/v1.1/chat", "lite"),
        ("spark-v2.0", "wss://spark-api.xf-yun.com/v2.1/chat", "generalv2"),
        ("spark-pro", "wss://spark-api.xf-yun.com/v3.1/chat", "generalv3"),
        ("Spark-Pro-128K", "wss://spark-api.xf-yun.com/chat/pro-128k", "pro-128k"),
        ("spark-max", "wss://spark-api.xf-yun.com/v3.5/chat", "generalv3.5"),
        ("spark-max32k", "wss://spark-api.xf-yun.com/chat/max-32k", "max-32k"),
        ("4.0Ultra", "wss://spark-api.xf-yun.com/v4.0/chat", "4.0Ultra"),
    ],
)
def test_spark_models_have_an_address_and_a_domain(model: str, url: str, domain: str) -> None:
    found = upstream("xinghuo", model, credentials={"appid": "a", "api_key": "k", "api_secret": "s"})
    assert (found.provider, found.url, found.model, found.name) == ("xinghuo", url, domain, model)
    assert found.parameters == (("domain", domain),)
    assert [each.field for each in found.by_reference] == ["appid", "api_key", "api_secret"]


def test_address_and_domain_of_spark_may_be_given() -> None:
    found = upstream("xinghuo", "mine", server_url="wss://s.example/v9/chat?x=1", credentials={"domain": "d"})
    assert (found.url, found.model, found.query) == ("wss://s.example/v9/chat", "d", (("x", "1"),))


def test_an_unknown_spark_model_needs_both() -> None:
    assert nowhere("xinghuo", "mine", credentials={"domain": "d"})
    assert nowhere("xinghuo", "mine", server_url="wss://s.example/v9/chat")


def test_spark_over_http_is_a_choice() -> None:
    found = upstream("xinghuo", "spark-max", spark="http")
    assert (found.provider, found.url, found.model) == (
        "openai",
        "https://spark-api-open.xf-yun.com/v1",
        "generalv3.5",
    )
    assert found.keys == (("api_key", ref("xinghuo", "api_key:api_secret")),)


def test_spark_over_http_needs_a_known_model() -> None:
    config = only("xinghuo", models=["mine"])
    route = plan(config, spark="http").route("mine")
    assert route is not None
    assert not route.targets


def test_every_spark_name_has_an_address() -> None:
    assert all(url.startswith("wss://") and domain for url, domain in SPARK.values())


def test_hunyuan_goes_to_the_successor_with_a_key_to_be_created() -> None:
    found = upstream("hunyuan", "hunyuan-pro", server_url=ANY)
    assert (found.provider, found.url) == ("openai", "https://tokenhub.tencentmaas.com/v1")
    assert found.keys == (("api_key", ref("hunyuan", "tokenhub_api_key", successor=True)),)


def test_qianfan_goes_to_the_successor_with_names_in_lower_case() -> None:
    found = upstream("qianfan", "ERNIE-Speed-8K", server_url=ANY)
    assert (found.provider, found.url, found.model) == (
        "openai",
        "https://qianfan.baidubce.com/v2",
        "ernie-speed-8k",
    )
    assert found.keys == (("api_key", ref("qianfan", "v2_api_key", successor=True)),)


@pytest.mark.parametrize("kind", defaults.SERVICE_TYPES)
def test_only_two_types_have_an_upstream_for_embeddings(kind: str) -> None:
    one = gateway(only(kind, models=["m"], server_url=ANY)).services[0]
    found = embedding_upstream_of(one, 0, "m", Options())
    assert (found is not None) is (kind in ("openai", "qianfan"))


# What a person is told to do.


def codes(config: dict[str, Any], level: str) -> list[str]:
    return [task.code for task in plan(config).tasks if task.level == level]


@pytest.mark.parametrize(
    ("kind", "model", "expected"),
    [
        ("qianfan", "ERNIE-Lite-8K", ["vendor-ended"]),
        ("hunyuan", "hunyuan-lite", ["vendor-ended"]),
        ("minimax", "abab6.5", ["model-retired"]),
        ("minimax", "MiniMax-M1", []),
        ("dashscope", "qwen-max", ["model-retired"]),
        ("dashscope", "qwen2-7b", ["model-retired"]),
        ("dashscope", "qwen-plus", []),
    ],
)
def test_an_ended_service_or_model_is_something_to_act_on(kind: str, model: str, expected: list[str]) -> None:
    assert codes(only(kind, models=[model], credentials={"api_key": "k"}), "warning")[:-1] == expected


@pytest.mark.parametrize("kind", ["qianfan", "hunyuan", "dashscope"])
def test_what_a_vendor_ended_is_no_matter_to_a_service_with_a_protocol_of_its_own(kind: str) -> None:
    made = {"server_url": ANY, "upstream_protocol": "chat_completions", "credentials": {"api_key": "k"}}
    assert codes(only(kind, models=["qwen-max"], **made), "warning") == ["open-proxy"]


def test_of_a_name_without_an_address_it_is_told_what_stays() -> None:
    def said(**config: Any) -> list[str]:
        return [task.message for task in plan(config).tasks if task.code == "no-address"]

    assert (
        "here only its embeddings are kept. Give server_url." in said(**only("openai", models=["llama"]))[0]
    )
    assert "here the name is left out." in said(**only("xinghuo", models=["none"]))[0]


def test_a_disabled_service_is_nothing_to_act_on() -> None:
    assert codes({"services": {"qianfan": [service("m", enabled=False)]}}, "warning") == ["open-proxy"]


@pytest.mark.parametrize(
    ("config", "level", "code"),
    [
        (only("openai", models=["llama"]), "warning", "no-address"),
        (only("openai", models=["gpt-*"]), "warning", "wildcard-name"),
        (only("openai", models=["gpt-4"], embedding_models=["e*"]), "warning", "wildcard-name"),
        (only("openai", models=["gpt-4"], model_redirect={"*": "gpt-4"}), "warning", "wildcard-name"),
        ({"enable_web": True}, "info", "no-web-console"),
        ({}, "warning", "open-proxy"),
        (
            {
                "proxy": {"strategy": "default", "type": "http", "http_proxy": "http://p"},
                **only("openai", models=["gpt-4"]),
            },
            "info",
            "proxy-unused",
        ),
    ],
)
def test_what_a_person_should_know_is_told(config: dict[str, Any], level: str, code: str) -> None:
    assert code in codes(config, level)


def test_a_redirected_model_has_the_address_of_what_it_leads_to() -> None:
    config = only("openai", models=["mine"], model_redirect={"mine": "glm-4"})
    assert "no-address" not in codes(config, "warning")


def test_nothing_is_told_of_a_plain_configuration() -> None:
    assert (
        plan({**only("openai", models=["gpt-4"], credentials={"api_key": "k"}), "api_key": "c"}).tasks == ()
    )


@pytest.mark.parametrize("kind", ["openai", "gemini", "ollama", "azure", "qianfan", "dashscope", "claude"])
@pytest.mark.parametrize(
    ("protocol", "server_url", "expected"),
    [
        ("chat_completions", f"{ANY}/", ("openai", ANY, "m")),
        ("chat_completions", f"{ANY}/responses", ("openai", f"{ANY}/responses", "m")),
        ("responses", ANY, ("openai", ANY, "responses/m")),
        ("responses", f"{ANY}//", ("openai", ANY, "responses/m")),
        ("responses", f"{ANY}/responses/", ("openai", ANY, "responses/m")),
        ("responses", f"{ANY}/chat/completions", ("openai", ANY, "responses/m")),
        ("responses", "", ("openai", "https://api.openai.com/v1", "responses/m")),
        ("anthropic_messages", f"{ANY}/messages", ("anthropic", "https://v.example", "m")),
        ("anthropic_messages", ANY, ("anthropic", f"{ANY}#/v1/messages", "m")),
        ("anthropic_messages", f"{ANY}/messages/", ("anthropic", f"{ANY}/messages/#/v1/messages", "m")),
        ("anthropic_messages", "", ("anthropic", "https://api.anthropic.com", "m")),
    ],
)
def test_a_protocol_of_the_services_own_counts_for_more_than_its_type(
    kind: str, protocol: str, server_url: str, expected: tuple[str, str, str]
) -> None:
    found = upstream(kind, server_url=server_url, upstream_protocol=protocol)
    assert (found.provider, found.url, found.name) == expected
    assert (found.model, found.keys) == ("m", (("api_key", ref(kind, "api_key")),))


def test_the_protocol_auto_and_none_at_all_are_the_types_own() -> None:
    for word in ("auto", "", None, " AUTO "):
        assert upstream("gemini", upstream_protocol=word) == upstream("gemini")


def test_a_service_asked_by_chat_completions_without_an_address_goes_where_type_openai_would() -> None:
    assert upstream("groq", "glm-4", upstream_protocol="chat_completions").url.startswith("https://open.bigm")
    assert nowhere("groq", "llama3", upstream_protocol="chat_completions")


def test_what_groq_refuses_is_left_out_by_type_only_where_the_type_says_how_it_speaks() -> None:
    assert upstream("groq", server_url=ANY).guards == ("groq",)
    assert upstream("groq", server_url=ANY, upstream_protocol="chat_completions").guards == ()
    assert upstream("groq", server_url=ANY, upstream_protocol="responses").guards == ()


def test_the_gateway_of_before_knows_no_protocols() -> None:
    found = plan(only("gemini", models=["m"], upstream_protocol="responses"), gateway=DIALECTS["0.10"]).route(
        "m"
    )
    assert found is not None
    assert found.targets[0].upstream.provider == "gemini"


@pytest.mark.parametrize(
    ("protocol", "server_url", "url"),
    [
        ("responses", ANY, ANY),
        ("responses", "", defaults.EMBEDDING_URL),
        ("anthropic_messages", f"{ANY}/messages", f"{ANY}/messages"),
    ],
)
def test_embeddings_go_by_the_type_whatever_protocol_chats_have(
    protocol: str, server_url: str, url: str
) -> None:
    made = service("m", server_url=server_url, upstream_protocol=protocol)
    entry = gateway({"services": {"openai": [made]}}).services[0]
    found = embedding_upstream_of(entry, 0, "m", Options())
    assert found is not None
    assert (found.provider, found.url, found.name) == ("openai", url, "m")
    route = plan({"services": {"openai": [made]}}).route("m")
    assert route is not None
    assert route.embedding_targets is not None
    assert route.embedding_targets[0].upstream == found


def test_parts_are_made_text_for_chats_in_openais_protocol_alone() -> None:
    for protocol, flat in (
        ("auto", False),
        ("chat_completions", True),
        ("responses", False),
        ("anthropic_messages", False),
    ):
        config = only("gemini", models=["m"], server_url=ANY, upstream_protocol=protocol)
        assert target(config, "m").flatten is flat
