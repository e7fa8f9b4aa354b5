"""Secrets: their names, the `.env`, and that their values are nowhere else."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from configurations import document, gateway, only, openai, plan, service
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.dialect import V0_10, V0_12, Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.proxy_config import environment, proxy_config, refuse_references
from one_adapter.export.secrets.env_merge import merged
from one_adapter.export.secrets.variables import Secrets, dotenv, remarks_of, secrets_of, variable


def secrets(config: dict[str, Any], **options: str) -> Secrets:
    return secrets_of(gateway(config), plan(config, **options))


def test_a_key_has_the_name_of_its_service_and_field() -> None:
    assert secrets(openai(service("m"))).values == {"SOA_OPENAI_1_API_KEY": "sk-one"}


def test_keys_of_a_list_are_numbered_from_the_second_on() -> None:
    keys = [{"api_key": "a"}, {"api_key": " b "}, {"api_key": "c"}]
    assert secrets(openai(service("m", id="my.gate", credential_list=keys))).values == {
        "SOA_MY_GATE_API_KEY": "a",
        "SOA_MY_GATE_API_KEY_2": "b",
        "SOA_MY_GATE_API_KEY_3": "c",
    }


@pytest.mark.parametrize("version", [V0_10, V0_12])
def test_azure_is_asked_with_credentials_whatever_its_list_holds(version: Dialect) -> None:
    entry = service(
        "m",
        server_url="https://r.openai.azure.com",
        credentials={"api_key": "sk-own"},
        credential_list=[{"api_key": "sk-a"}, {"api_key": "sk-b"}],
    )
    azure = {"load_balancing": "rr", "services": {"azure": [entry]}}
    found = secrets_of(gateway(azure), plan(azure, gateway=version))
    assert set(found.values.values()) == {"sk-own"}
    verdicts = {row.pointer: row.verdict for row in plan(azure, gateway=version).ledger}
    assert verdicts["/services/azure/0/credentials/api_key"] == "mapped"
    assert verdicts["/services/azure/0/credential_list/1/api_key"] == "inert"


def test_azure_asked_in_a_protocol_of_its_choice_draws_from_its_list() -> None:
    entry = service(
        "m",
        upstream_protocol="chat_completions",
        server_url="https://own.example/v1",
        credentials={"api_key": "sk-own"},
        credential_list=[{"api_key": "sk-a"}, {"api_key": "sk-b"}],
    )
    assert set(secrets({"services": {"azure": [entry]}}).values.values()) == {"sk-a", "sk-b"}


def test_client_keys_have_names_of_their_own() -> None:
    assert secrets({"api_key": " k "}).values == {"SOA_CLIENT_KEY": "k"}
    found = secrets({"api_keys": [{"api_key": "a"}, {"api_key": ""}, {"api_key": "b"}]})
    assert found.values == {"SOA_CLIENT_KEY_1": "a", "SOA_CLIENT_KEY_3": "b"}


def test_services_whose_names_run_together_keep_their_keys_apart() -> None:
    config = openai(
        service("m", id="a-b", credentials={"api_key": "one"}),
        service("m", id="a.b", credentials={"api_key": "two"}),
    )
    assert secrets(config).values == {"SOA_A_B_API_KEY": "one", "SOA_A_B_API_KEY_2": "two"}


def test_an_adapter_reads_its_own_credentials_even_when_names_run_together() -> None:
    spark = [
        {
            "id": name,
            "models": ["spark-lite"],
            "enabled": True,
            "credentials": {"appid": name, "api_key": name},
        }
        for name in ("a-b", "a.b", "a_b")
    ]
    found = secrets({"services": {"xinghuo": spark}})
    assert len(set(found.prefixes.values())) == 3
    for (name, _), prefix in found.prefixes.items():
        assert found.values[f"{prefix}_APPID"] == found.values[f"{prefix}_API_KEY"] == name


def test_an_adapters_variables_begin_with_what_it_is_told() -> None:
    pair = {"access_key": "a", "secret_key": "s"}
    found = secrets(only("huoshan", models=["ep-1"], credential_list=[pair, {**pair, "access_key": "b"}]))
    assert found.prefixes == {("huoshan-1", 0): "SOA_HUOSHAN_1", ("huoshan-1", 1): "SOA_HUOSHAN_1_2"}
    assert found.values == {
        "SOA_HUOSHAN_1_ACCESS_KEY": "a",
        "SOA_HUOSHAN_1_SECRET_KEY": "s",
        "SOA_HUOSHAN_1_2_ACCESS_KEY": "b",
        "SOA_HUOSHAN_1_2_SECRET_KEY": "s",
    }


def test_spark_over_http_joins_key_and_secret() -> None:
    credentials = {"appid": "a", "api_key": "k", "api_secret": "s"}
    found = secrets(only("xinghuo", models=["spark-lite"], credentials=credentials), spark="http")
    assert found.values == {"SOA_XINGHUO_1_API_KEY_API_SECRET": "k:s"}


@pytest.mark.parametrize(
    ("kind", "name"), [("qianfan", "SOA_QIANFAN_1_V2_API_KEY"), ("hunyuan", "SOA_HUNYUAN_1_TOKENHUB_API_KEY")]
)
def test_a_key_to_be_created_is_empty_and_marked(kind: str, name: str) -> None:
    found = secrets(
        only(kind, models=["m"], credentials={"api_key": "old", "secret_key": "old", "secret_id": "old"})
    )
    assert found.values == {name: ""}
    assert found.to_create == (name,)
    text = dotenv(found.values, remarks_of(found.to_create, found.to_fill))
    assert text == f"# to be created with the vendor, see the report\n{name}=\n"


def test_an_address_with_a_password_is_a_secret() -> None:
    found = secrets(openai(service("m", "n", server_url="http://me:pw@h.example/v1")))
    assert found.values["SOA_OPENAI_1_ADDRESS"] == "http://me:pw@h.example/v1"
    assert found.addresses == {"http://me:pw@h.example/v1": "SOA_OPENAI_1_ADDRESS"}


def test_a_secret_in_an_addresss_query_is_one_too() -> None:
    url = "https://h.example/v1?api-key=canary&tenant=7"
    config = openai(service("m", "n", server_url=url))
    found = secrets(config)
    (name,) = found.queries.values()
    assert found.values[name] == "canary"
    text = proxy_config(plan(config), found)
    assert "canary" not in text
    assert 'tenant: "7"' in text
    assert f"api-key: os.environ/{name}" in text


def test_only_proxies_that_are_used_are_carried_over() -> None:
    proxy = {"strategy": "default", "type": "http", "http_proxy": "http://p", "https_proxy": "http://me:pw@q"}
    assert secrets(openai(service("m"), proxy=proxy)).proxies == {}
    used = secrets(openai(service("m", use_proxy=True), proxy=proxy))
    assert used.proxies == {"http": "SOA_PROXY_HTTP", "https": "SOA_PROXY_HTTPS"}
    assert used.values["SOA_PROXY_HTTPS"] == "http://me:pw@q"
    socks = {"strategy": "all", "type": "socks5", "socks5_proxy": "p:1080"}
    assert secrets(openai(service("m"), proxy=socks)).proxies == {"socks5": "SOA_PROXY_SOCKS5"}


def test_secrets_of_services_that_are_off_stay_behind() -> None:
    assert secrets(openai(service("m", enabled=False))).values == {}


CANARY = "canary-7f3a"


def test_no_value_is_in_the_exported_file() -> None:
    fields = ["api_key", "secret_key", "secret_id", "access_key", "appid", "api_secret", "group_id"]
    credentials = {field: f"{CANARY}-{field}" for field in fields}
    config: dict[str, Any] = {
        kind: [
            service("spark-lite", credentials=credentials),
            service("m", credential_list=[credentials, credentials]),
        ]
        for kind in [
            "openai",
            "azure",
            "claude",
            "gemini",
            "huoshan",
            "xinghuo",
            "dify",
            "minimax",
            "qianfan",
            "hunyuan",
        ]
    }
    for entries in config.values():
        entries[1]["server_url"] = f"https://user:{CANARY}@h.example/v1"
    whole = {
        "services": config,
        "api_key": f"{CANARY}-client",
        "api_keys": [{"api_key": f"{CANARY}-client", "supported_models": {"x": ["*"]}}],
        "proxy": {"strategy": "force_all", "type": "http", "http_proxy": f"http://u:{CANARY}@p"},
    }
    decided = plan(whole)
    found = secrets_of(gateway(whole), decided)
    for pure in (False, True):
        assert CANARY not in proxy_config(decided, found, pure)
    assert CANARY in dotenv(found.values)
    assert CANARY not in "".join(f"{row.target}{row.note}" for row in decided.ledger)
    assert CANARY not in "".join(task.message for task in decided.tasks)


# References LiteLLM would expand.


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"api_key": "os.environ/HOME"}, "c.json:1:13"),
        ({"services": {"openai": [{"models": ["m", " os.environ/X"]}]}}, "c.json:1:43"),
        ({"services": {"openai": [{"model_redirect": {"os.environ/X": "m"}}]}}, "c.json:1:62"),
        ({"os.environ/X": {}}, "c.json:1:18"),
    ],
)
def test_a_literal_reference_is_refused_with_its_place(config: dict[str, Any], place: str) -> None:
    source = parse(json.dumps(config).encode(), "c.json")
    with pytest.raises(OneAdapterError, match=r"LiteLLM would replace it by a variable's value") as raised:
        refuse_references(source)
    assert raised.value.exit_code == 1
    assert str(raised.value).startswith(place)


def test_what_only_holds_a_reference_is_fine() -> None:
    values = {"a": "see os.environ/HOME", "b": ["os.environ"], "c": 5}
    refuse_references(document(values))
    with pytest.raises(OneAdapterError, match=r"LiteLLM would replace it"):
        refuse_references(document({**values, "d": "os.environ/HOME"}))


def test_a_secret_that_is_a_reference_is_refused_by_name() -> None:
    with pytest.raises(OneAdapterError, match="SOA_OPENAI_1_API_KEY") as raised:
        secrets(openai(service("m", credentials={"api_key": " os.environ/HOME"})))
    assert raised.value.exit_code == 1


# The `.env`.

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)
HARD = [
    "",
    "plain",
    "it's",
    'say "hi"',
    "$HOME",
    "${HOME}",
    "it's ${HOME} and $PATH",
    "a\\nb\\",
    "two\nlines",
    "it's\nhere",
]
HARD += [
    " blanks ",
    "#no comment",
    "a=b",
    "`id`",
    "\\'",
    "'\"$\\",
    "钥匙",
    "a\tb",
    "${X:-y}",
    "$${a}",
    "!history",
    "\\${A}",
]


def read(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=io.StringIO(text)))


@given(st.one_of(st.sampled_from(HARD), VALUES))
def test_dotenv_reads_every_value_back(value: str) -> None:
    if "`" in value and any(part in value for part in ("'", "\\", "${")):
        return  # double quotes and a backtick: for the shell alone
    assert read(dotenv({"A": value, "B": "x"}, {"B": "told"})) == {"A": value, "B": "x"}


def test_a_shell_reads_every_value_back(tmp_path: Path) -> None:
    values = {f"A{number}": value for number, value in enumerate([*HARD, "it's `id`"])}
    file = tmp_path / ".env"
    file.write_text(dotenv(values), encoding="utf-8")
    script = '. "$1"; shift; for name; do eval "printf \'%s\\0\' \\"\\$$name\\""; done'
    done = subprocess.run(["sh", "-c", script, "sh", str(file), *values], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(values.values())


@given(st.text("abcXYZ019_./:@%+,=-"))
def test_a_key_of_plain_characters_has_no_quotes_that_docker_would_keep(value: str) -> None:
    assert dotenv({"A": value}) == f"A={value}\n"


def test_the_environment_is_the_master_key_and_the_secrets() -> None:
    assert environment(secrets(openai(service("m"))), "sk-master") == {
        "LITELLM_MASTER_KEY": "sk-master",
        "SOA_OPENAI_1_API_KEY": "sk-one",
    }


@given(st.text())
def test_a_variables_name_is_one_a_shell_takes(text: str) -> None:
    name = variable(text, "api_key")
    assert name.isascii()
    assert name.replace("_", "").isalnum()
    assert name == name.upper()


# Values in the place of names.


def test_values_may_be_written_into_the_file() -> None:
    config = openai(service("m", credentials={"api_key": "sk: 'one'"}), api_key="client")
    decided, found = plan(config), secrets(config)
    text = proxy_config(decided, found, values=found.values)
    assert "api_key: \"sk: 'one'\"" in text
    assert "os.environ/SOA" not in text
    assert "SOA_CLIENT_KEY" in text, "our own code reads the client's key at run time"
    assert "client" not in text.replace("SOA_CLIENT_KEY", "").replace("clients", "").replace(
        "a client", ""
    ).replace("the client's", "")


def test_a_reference_without_a_value_stays() -> None:
    one, other = (service("m", credentials={"api_key": key}) for key in ("sk-1", "1e3"))
    config = openai(one, other)
    decided, found = plan(config), secrets(config)
    text = proxy_config(decided, found, values={"SOA_OPENAI_2_API_KEY": "1e3"})
    assert "api_key: os.environ/SOA_OPENAI_1_API_KEY\n" in text
    assert 'api_key: "1e3"\n' in text


def test_an_old_env_file_keeps_what_is_the_users_and_loses_variables_of_services_that_are_gone() -> None:
    found = merged({"SOA_NEW_API_KEY": "sk-new"}, {"SOA_GONE_API_KEY": "sk-old", "MINE": "1"})
    assert found.values == {"SOA_NEW_API_KEY": "sk-new", "MINE": "1"}
    assert found.kept == ("MINE",)
