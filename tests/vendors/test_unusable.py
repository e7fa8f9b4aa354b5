"""What is no credential is told from what is one, kind by kind, and never handed on."""

from __future__ import annotations

import json
import re

import pytest
from configurations import gateway, only, openai, plan, service
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.export.report.summary import strict_rows, summary_lines
from one_adapter.export.secrets.variables import dotenv, remarks_of, secrets_of
from one_adapter.lint import judge
from one_adapter.vendors.service_types import CREDENTIALS, SERVICE_TYPES
from one_adapter.vendors.unusable import KINDS, strange_character, unusable

UNUSABLE = {
    "redaction": [
        "__SIMPLE_ONE_REDACTED__:services.openai.0.credentials.api_key",
        "[REDACTED]",
        "***REDACTED***",
        "[Filtered]",
        "(hidden)",
        "已脱敏",
    ],
    "placeholder": [
        "xxx", "XXXXXXXX", "sk-xxxx", "nvapi--xxx", "sk-1a2bxxxxxxxx", "your-api-key", "YOUR_API_KEY",
        "sk-your-key-here", "your_deepseek_api_key", "<key>", "<API_KEY>", "my-api-key", "insert-key-here",
        "ENTER YOUR KEY", "changeme", "placeholder", "REPLACE_WITH_KEY", "api-key-here", "API_KEY",
        "secret_key", "TODO", "null", "None", "EMPTY", "dummy", "N/A", "sk-...", "你的密钥", "请填写",
        "替换为你的 key", "sk-在此填写",
    ],
    "variable": [
        "${KEY}", "${KEY:-sk-1}", "sk-${KEY}", "Bearer ${KEY}", "$KEY", "$DEEPSEEK_API_KEY", "$api_key",
        "$env:KEY", "$(KEY)", "${{ secrets.KEY }}", "{{KEY}}", "{{ .Env.KEY }}", "{KEY}", "#{KEY}", "%KEY%",
        "%(KEY)s", "__KEY__", "@KEY@", "env:KEY", "ENV.KEY", "process.env.KEY", "os.getenv('KEY')",
        "os.environ['KEY']", "DEEPSEEK_API_KEY", "vault:secret/deepseek", "op://vault/key", "file:///run/secrets/key",
    ],
    "mask": [
        "sk-****", "sk-1a2b****3c4d", "sk-ab...yz", "sk-ab…yz", "sk-ab..yz", "sk-1a2b••••", "●●●●●●",
        "********a", "sk-____", "AKID********",
    ],
    "several": [
        "sk-aaa111,sk-bbb222", "sk-aaa111, sk-bbb222", "sk-aaa111;sk-bbb222", "sk-aaa111，sk-bbb222",
        "sk-aaa111\nsk-bbb222", "sk-aaa111\r\nsk-bbb222\r\n", "sk-aaa111 sk-bbb222", "sk-aaa111|sk-bbb222",
        '["sk-aaa111","sk-bbb222"]', "1a2b3c.4d,5e6f7a.8b",
    ],
    "labelled": [
        "Bearer sk-4f9a", "bearer sk-4f9a", "Authorization: Bearer sk-4f9a", "Basic YTpi", "x-api-key: 4f9a",
        "OPENAI_API_KEY=sk-4f9a", "export KEY=sk-4f9a", "api_key: sk-4f9a",
    ],
    "quoted": ["'sk-4f9a'", '"sk-4f9a"', "`sk-4f9a`", "“sk-4f9a”", "sk-4f9a'", "[sk-4f9a]"],
    "address": ["https://api.deepseek.com/v1", "api.deepseek.com"],
    "strange": [
        "sk-4f\u200b9a", "\ufeffsk-4f9a", "sk\u00a04f9a", "ｓｋ-4f9a", "sk－4f9a", "sk–4f9a", "sk-4f9\u0430",
        "sk-4f\n9a", "sk-4f\x079a",
    ],
    "blank": ["sk-4f9a 1c2b"],
}  # fmt: skip

#: Type -> keys of the form its vendor gives, and others that people use with it.
GOOD = {
    "openai": [
        "sk-4f9a1c2b", "sk-proj-aB_3-dE9", "sk-svcacct-aB3", "sk-or-v1-0123456789abcdef", "nvapi-aB3_d-E9",
        "sk-example-openai", "relay:8f$k!2", "key:secret", "pa$word9", "$2a$10$abcdefghijkl", "ab%20cd",
        "12|AbCdEf0123456789", "b0a1c2d3-e4f5-6789-abcd-ef0123456789", "hf_aB3dE9", "r8_aB3", "xai-aB3",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0", "100%sure",
        "eyJhbGciOiJkaXIifQ..aB3.d-E_9xyz01234567.q",
        "bce-v3/ALTAK-aB3dE9/0123456789abcdef", "test", "123456", "k", "key", "secret", "sk-test",
        "YWJj/ZGVm+Zw==",
    ],
    "azure": ["0123456789abcdef0123456789abcdef", "aB3dE9JQQJ99AKACYeBjFXJ3w3AAABACOG"],
    "bailian": ["sk-0123456789abcdef"],
    "claude": ["sk-ant-api03-aB_3-dE9AA"],
    "dashscope": ["sk-0123456789abcdef", "sk-sp-0123"],
    "deepseek": ["sk-0123456789abcdef"],
    "dify": ["app-aB3dE9"],
    "gemini": ["AIzaSyD-aB3_dE9", "AQ.Ab8RN6aB3"],
    "groq": ["gsk_aB3dE9"],
    "huoshan": ["b0a1c2d3-e4f5-6789-abcd-ef0123456789", "ark-b0a1c2d3-e4f5-6789-abcd-ef0123456789-ab12c"],
    "minimax": ["eyJhbGciOiJSUzI1NiJ9.eyJHcm91cCI6IjEifQ.aB3-dE_9", "sk-api-aB3", "sk-cp-aB3"],
    "ollama": ["ollama", "EMPTY", "none"],
    "qianfan": ["aB3dE9fG1hI2jK3lM4nO5pQ6"],
    "xinghuo": ["0123456789abcdef0123456789abcdef", "APIKeyAPISecret"],
    "zhipu": ["0123456789abcdef0123456789abcdef.AbCdEfGhIjKlMnOp"],
}  # fmt: skip


def test_each_kind_of_unusable_credential_is_known() -> None:
    told = {value: unusable(value) for values in UNUSABLE.values() for value in values}
    kinds = {value: kind and kind.name for value, kind in told.items()}
    assert kinds == {value: kind for kind, values in UNUSABLE.items() for value in values}


def test_every_kind_has_its_examples() -> None:
    assert set(UNUSABLE) == {kind.name for kind in KINDS}


def credential_findings(config: object) -> list[str]:
    codes = [one.code for one in judge(parse(json.dumps(config).encode(), "config.json"))]
    return [code for code in codes if code in ("SOA510", *(f"SOA{n}" for n in range(512, 521)))]


def test_an_unusable_credential_gets_one_finding() -> None:
    def found(value: str) -> list[str]:
        entry = service("m", credentials={"api_key": value}, server_url="https://api.deepseek.com/v1")
        return credential_findings(openai(entry))

    every = {value: found(value) for values in UNUSABLE.values() for value in values}
    assert {value: codes for value, codes in every.items() if len(codes) != 1} == {}


@pytest.mark.parametrize(("kind", "value"), [(k, value) for k, values in GOOD.items() for value in values])
def test_a_good_key_of_every_vendor_gets_none(kind: str, value: str) -> None:
    others = {
        name: "1a2b3c4d" for name in CREDENTIALS[kind].known if name in ("appid", "api_secret", "secret_key")
    }
    assert credential_findings(only(kind, models=["m"], credentials={**others, "api_key": value})) == []
    assert "••" not in str(plan(only(kind, models=["m"], credentials={**others, "api_key": value})).tasks)


def test_every_type_with_an_api_key_has_good_ones() -> None:
    assert set(GOOD) == {kind for kind in SERVICE_TYPES if kind not in ("hunyuan", "vertexai")}


def test_words_for_no_key_are_as_good_as_any_where_no_vendor_is_known() -> None:
    own = openai(service("m", credentials={"api_key": "EMPTY"}, server_url="https://vllm.example.com/v1"))
    assert credential_findings(own) == []
    assert secrets_of(gateway(own), plan(own)).to_fill == ()


NO_KEYS = [
    value
    for name, values in UNUSABLE.items()
    for value in values
    if name in ("redaction", "placeholder", "variable", "mask")
]


@pytest.mark.parametrize("value", NO_KEYS)
def test_what_is_no_key_is_never_exported_as_one(value: str) -> None:
    entry = service("m", credentials={"api_key": value}, server_url="https://api.deepseek.com/v1")
    config = openai(entry, api_key="sk-client")
    decided, found = plan(config), secrets_of(gateway(config), plan(config))
    assert found.values["SOA_OPENAI_1_API_KEY"] == ""
    assert found.to_fill == ("SOA_OPENAI_1_API_KEY",)
    assert "# to be filled in" in dotenv(found.values, remarks_of(found.to_create, found.to_fill))
    assert [row.pointer for row in strict_rows(decided)] == ["/services/openai/0/credentials/api_key"]
    told = "\n".join(summary_lines(decided, found))
    assert "to be filled in: SOA_OPENAI_1_API_KEY" in told
    assert [task.code for task in decided.tasks] == ["credential-unusable"]
    assert value.strip() not in told or value in ("placeholder", "API_KEY")


@pytest.mark.parametrize(
    "value", ["Bearer sk-4f9a", "'sk-4f9a'", "sk-aaa111,sk-bbb222", "sk-4f\u200b9a", "sk-4f\n9a"]
)
def test_a_key_with_something_about_it_is_carried_over_and_told(value: str) -> None:
    config = openai(service("m", credentials={"api_key": value}), api_key="sk-client")
    assert secrets_of(gateway(config), plan(config)).values["SOA_OPENAI_1_API_KEY"] == value
    assert [task.code for task in plan(config).tasks] == ["credential-unusable"]


def test_empty_variables_of_two_services_whose_names_run_together_stay_apart() -> None:
    config = openai(
        service("m", id="a-b", credentials={"api_key": "${ONE}"}),
        service("m", id="a.b", credentials={"api_key": "${TWO}"}),
    )
    found = secrets_of(gateway(config), plan(config))
    assert found.to_fill == ("SOA_A_B_API_KEY", "SOA_A_B_API_KEY_2")
    assert len(set(found.names.values())) == 2


def test_a_mask_is_no_key_of_clients_either() -> None:
    config = openai(service("m"), api_key="__SIMPLE_ONE_REDACTED__:api_key")
    found = secrets_of(gateway(config), plan(config))
    assert found.values["SOA_CLIENT_KEY"] == ""
    assert [row.pointer for row in strict_rows(plan(config))] == ["/api_key"]
    assert credential_findings(config) == ["SOA518"]


def test_a_placeholder_for_clients_opens_the_door_as_before() -> None:
    config = openai(service("m"), api_key="sk-xxx")
    assert secrets_of(gateway(config), plan(config)).values["SOA_CLIENT_KEY"] == "sk-xxx"


def test_both_halves_of_sparks_key_must_be_keys() -> None:
    credentials = {"appid": "a", "api_key": "k1", "api_secret": "${SECRET}"}
    config = only("xinghuo", models=["spark-lite"], credentials=credentials)
    assert list(secrets_of(gateway(config), plan(config, spark="http")).values.values()) == [""]
    assert secrets_of(gateway(config), plan(config)).values["SOA_XINGHUO_1_API_KEY"] == "k1"


def test_a_service_accounts_file_may_stand_in_the_place_of_its_name() -> None:
    whole = json.dumps({"type": "service_account", "private_key": "-----BEGIN\nxxxxxxxx\n-----END"}, indent=1)
    credentials = {"project_id": "my-project", "location": "us-central1", "json_file": whole}
    assert credential_findings(only("vertexai", models=["m"], credentials=credentials)) == []


def test_blanks_around_a_key_are_told_and_taken_off() -> None:
    config = openai(service("m", credentials={"api_key": " sk-4f9a1c2b77\n"}), api_key="sk-client")
    assert credential_findings(config) == ["SOA520"]
    assert secrets_of(gateway(config), plan(config)).values["SOA_OPENAI_1_API_KEY"] == "sk-4f9a1c2b77"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("sk-4f\u200b9a", "the invisible character U+200B"),
        ("ｓk", "the full-width sign 'ｓ' (type 's')"),
        ("sk–1", "the character '–' (U+2013)"),
        ("sk\n1", "a line break"),
        ("sk\t1", "a tab"),
        ("sk-1", ""),
    ],
)
def test_a_strange_character_is_called_by_its_name(value: str, said: str) -> None:
    assert strange_character(value) == said


def test_what_is_longer_than_any_key_is_not_looked_at() -> None:
    assert unusable("*" * 20_000) is None


def test_the_short_way_for_plain_keys_says_what_the_long_one_says() -> None:
    good = {value for values in GOOD.values() for value in values}
    long_way = {value: next((kind for kind in KINDS if kind.found(value)), None) for value in good}
    assert {value for value, kind in long_way.items() if kind and kind != unusable(value)} == set()
    assert {value for value, kind in long_way.items() if kind} <= {"ollama", "EMPTY", "none"}


KEY_LIKE = re.compile(r"(?:sk|your|env|x|my|key|id|abc|na)?[a-zA-Z0-9]{1,12}(?:[-_.][a-zA-Z0-9]{1,12}){0,4}")


@given(st.from_regex(KEY_LIKE, fullmatch=True))
def test_what_goes_the_short_way_is_of_no_kind(value: str) -> None:
    if unusable(value) is None:
        assert not any(kind.found(value) for kind in KINDS)


def test_a_proxy_sends_what_the_gateway_sent() -> None:
    config = openai(service("m", credentials={"api_key": "xxx"}), api_key="${CLIENT}")
    found = secrets_of(gateway(config), plan(config), as_written=True)
    assert found.values == {"SOA_CLIENT_KEY": "${CLIENT}", "SOA_OPENAI_1_API_KEY": "xxx"}
    assert found.to_fill == ()
