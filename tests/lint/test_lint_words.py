"""What is told of fields the gateway does not know, of signs it cannot read, and each fact once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from configurations import openai, service

from one_adapter.config.document import parse
from one_adapter.config.encoding import encoding_of
from one_adapter.config.fields import structs_of
from one_adapter.dialect import CURRENT, DIALECTS, V0_10, Dialect
from one_adapter.finding import Finding
from one_adapter.lint import judge, refused, render_text
from one_adapter.lint.hints.words import word_for, words_of


def findings(config: object, name: str = "config.json", dialect: Dialect = CURRENT) -> tuple[Finding, ...]:
    data = config if isinstance(config, bytes) else json.dumps(config, ensure_ascii=False).encode()
    return judge(parse(data, name), dialect)


def told(config: object, name: str = "config.json") -> list[tuple[str, str, str]]:
    return [(one.code, one.pointer, one.help) for one in findings(config, name)]


def in_service(**fields: Any) -> dict[str, Any]:
    return openai(
        {"models": ["gpt-4o"], "enabled": True, "credentials": {"api_key": "sk-4f9a1c2b"}, **fields}
    )


ENTRY = {"models": ["m"], "enabled": True, "credentials": {"api_key": "sk-4f9a1c2b"}}

SPARK = {
    "models": ["spark-lite"],
    "enabled": True,
    "credentials": {"appid": "a", "api_key": "b", "api_secret": "c"},
    "server_url": "https://spark-api-open.xf-yun.com/v1",
}


@pytest.mark.parametrize(
    ("config", "pointer", "place"),
    [
        (
            openai({"models": ["gpt-4o"], "enabled": True, "api_key": "sk-4f"}),
            "/services/openai/0/api_key",
            "credentials",
        ),
        (
            openai({"models": ["gpt-4o"], "enabled": True, "secret_key": "s"}),
            "/services/openai/0/secret_key",
            "credentials",
        ),
        ({"xinghuo": [ENTRY]}, "/xinghuo", "services"),
        ({"xinghuo": ENTRY}, "/xinghuo", "services, with square brackets around it"),
        ({"anthropic": [ENTRY]}, "/anthropic", "services, where it is called claude"),
        ({"moonshot": [ENTRY]}, "/moonshot", "services, under the type it speaks, such as openai"),
        (in_service(zhipu=[ENTRY]), "/services/openai/0/zhipu", "services, beside the other types"),
        (in_service(services={}), "/services/openai/0/services", "the top level"),
        (in_service(load_balancing="rr"), "/services/openai/0/load_balancing", "the top level"),
        (in_service(rpm=5), "/services/openai/0/rpm", "a service's limit"),
        (in_service(failure_threshold=5), "/services/openai/0/failure_threshold", "circuit_breaker"),
        (
            in_service(limit={"models": []}),
            "/services/openai/0/limit/models",
            "the service, one level higher",
        ),
        ({**in_service(), "models": ["x"]}, "/models", "a service"),
        ({**in_service(), "appid": "x"}, "/appid", "the credentials of a service"),
        ({**in_service(), "supported_models": {}}, "/supported_models", "an entry of api_keys"),
        ({**in_service(), "http_proxy": "x"}, "/http_proxy", "proxy"),
    ],
)
def test_a_misplaced_field_is_told_its_place(config: object, pointer: str, place: str) -> None:
    assert [(code, at, advice) for code, at, advice in told(config)] == [
        ("SOA101", pointer, f"It belongs in {place}.")
    ]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("models", "It belongs in the service, one level higher."),
        ("server_url", "It belongs in the service, one level higher."),
        ("base_url", "It belongs in the service, one level higher, as server_url."),
        ("load_balancing", "It belongs in the top level."),
        ("rpm", 'It belongs in a limit: "limit": {"qps": …}.'),
        ("organization", "The gateway sends no organization; exported, litellm_params.organization does."),
        ("secret", "The key is called api_key here."),
        ("API_KEY", "Did you mean api_key? The names of credentials match exactly."),
        ("aip_key", "The key is called api_key here."),
        ("zzz", "It reads api_key."),
    ],
)
def test_a_credential_nobody_reads_is_told_where_it_belongs(name: str, advice: str) -> None:
    config = in_service(credentials={"api_key": "sk-4f9a1c2b", name: "x"})
    assert told(config) == [("SOA513", f"/services/openai/0/credentials/{name}", advice)]


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        (b'{"services": {"server_port": ":1"}}', "It belongs in the top level, beside services."),
        (
            b'{"services": {"models": []}}',
            "It belongs in a service: an entry of the list under its type, such as openai.",
        ),
    ],
)
def test_a_field_among_the_types_is_told_its_place(config: bytes, advice: str) -> None:
    assert [(one.code, one.help) for one in findings(config)] == [("SOA220", advice)]


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("base_url", "server_url"),
        ("api_base", "server_url"),
        ("url", "server_url"),
        ("endpoint", "server_url"),
        ("key", "credentials"),
        ("token", "credentials"),
        ("apikey", "credentials"),
        ("keys", "credential_list"),
        ("api_keys", "credential_list"),
        ("weight", "twice"),
        ("priority", "order of the services"),
        ("maxTpm", '{"tpm": …}'),
        ("name", "id"),
        ("type", "services"),
        ("organization", "organization"),
        ("headers", "extra_headers"),
        ("proxy", "use_proxy"),
        ("max_tokens", "litellm_params"),
        ("retry", "every key"),
        ("fallback", "second key"),
        ("model", "models"),
        ("modelMapping", "model_redirect"),
        ("enable", '"enabled": true'),
        ("rate_limit", '"limit"'),
        ("api-version", "server_url"),
        ("wire_api", "upstream_protocol"),
    ],
)
def test_a_word_people_mean_something_by_is_told_what_does_it(word: str, part: str) -> None:
    found = [one for one in findings(in_service(**{word: 1})) if one.code == "SOA101"]
    assert len(found) == 1
    assert part in found[0].help


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("tpm", "qps, qpm, rpm or concurrency"),
        ("maxTpm", "qps, qpm, rpm or concurrency"),
        ("retry", "once and never again"),
        ("fallback", "second service"),
        ("upstream_protocol", "Gateway 0.12 knows it, 0.10 does nothing with it."),
        ("model_limits", "Gateway 0.12 knows it, 0.10 does nothing with it."),
    ],
)
def test_an_older_gateway_knows_less_of_what_people_mean(word: str, part: str) -> None:
    (found,) = [one for one in findings(in_service(**{word: 1}), dialect=V0_10) if one.code == "SOA101"]
    assert part in found.help


@pytest.mark.parametrize(
    ("where", "name", "version", "told_of_it"),
    [
        ("credential_list", "enabled", "0.10", "Gateway 0.12 knows it"),
        ("credential_list", "model_limits", "0.10", "Gateway 0.12 knows it"),
        ("credentials", "enabled", "0.12", "It switches keys of credential_list alone"),
        ("credentials", "id", "0.12", "Keys of credential_list alone have one"),
        ("credential_list", "active", "0.12", 'A key rests with "enabled": false.'),
        ("credential_list", "Enabled", "0.12", "Did you mean enabled?"),
        ("credential_list", "rpm", "0.12", "It belongs in a limit"),
        ("credential_list", "tpm", "0.12", "It belongs in a limit"),
        ("credential_list", "upstream_protocol", "0.12", "in the service, one level higher"),
    ],
)
def test_what_a_key_may_have_is_told_by_the_version(
    where: str, name: str, version: str, told_of_it: str
) -> None:
    key = {"api_key": "sk-4f9a1c2b", name: True}
    config = in_service(**{where: [key] if where == "credential_list" else key})
    (found,) = [one for one in findings(config, dialect=DIALECTS[version]) if one.code == "SOA513"]
    assert told_of_it in found.help


def test_the_fields_of_a_key_are_known_where_keys_are_a_pool() -> None:
    key = {"api_key": "sk-4f9a1c2b", "id": "a", "name": "A", "enabled": True, "limit": {}, "model_limits": {}}
    codes = {
        version: [one.code for one in findings(in_service(credential_list=[key]), dialect=dialect)]
        for version, dialect in DIALECTS.items()
    }
    assert "SOA513" not in codes["0.12"]
    assert codes["0.10"].count("SOA513") == 4


@pytest.mark.parametrize("key", ["remark", "comment", "_comment", "//", "备注", "description"])
def test_a_note_for_people_is_only_an_info(key: str) -> None:
    assert [one.severity for one in findings(in_service(**{key: "x"}))] == ["info"]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_no_word_of_the_tables_is_a_field_at_its_place(dialect: Dialect) -> None:
    structs = structs_of(dialect)
    for place, struct in (("top", structs.gateway), ("service", structs.service)):
        assert not {name.replace("_", "") for name in struct.fields} & set(words_of(dialect)[place])
    assert word_for("service", "zzz") is None


@pytest.mark.parametrize(
    "config",
    [
        {"xinghuo": [ENTRY]},
        {"channels": [ENTRY]},
        openai({"models": ["gpt-4o"], "enable": True}),
        openai({"models": ["gpt-4o"], "enabled": True, "apikey": "sk-4f"}),
        openai({"models": ["gpt-4o"], "enabled": True, "credentials": {"key": "sk-4f"}}),
        openai({**ENTRY, "base_url": "https://x.example/v1"}),
        openai({**ENTRY, "models": None, "model": ["gpt-4o"]}),
        {
            "services": {
                "aliyun": [{**ENTRY, "server_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"}]
            }
        },
        {"services": {"xinghuo": [SPARK]}},
        {"model_redirect": {"x": "gpt-4o"}, **openai({**ENTRY, "models": ["gpt-4o"], "enabled": "true"})},
    ],
)
def test_one_fact_gets_one_finding(config: object) -> None:
    assert len(findings(config)) == 1


@pytest.mark.parametrize(
    ("kind", "url", "advice"),
    [
        ("aliyun", "https://dashscope.aliyuncs.com/compatible-mode/v1", "Move it to type openai"),
        ("aliyun", "https://dashscope.aliyuncs.com/api/v1", "It is called dashscope here."),
        ("volcengine", "https://ark.cn-beijing.volces.com/api/v3", "It is called huoshan here."),
        ("siliconflow", "https://api.siliconflow.cn/v1", "Move it to type openai"),
        ("Claude", "https://api.deepseek.com/v1", "Move it to type openai or deepseek"),
    ],
)
def test_an_unknown_type_gets_one_answer_by_name_and_address(kind: str, url: str, advice: str) -> None:
    found = findings({"services": {kind: [{**ENTRY, "server_url": url}]}})
    assert [one.code for one in found] == ["SOA220"]
    assert found[0].help.startswith(advice)


def test_in_a_service_that_is_off_a_warning_is_an_info_and_an_error_stays() -> None:
    off = {"models": ["m"], "enabled": False, "credentials": {"api_key": "xxx"}, "zzz": 1, "timeout": -1}
    found = findings(openai(service("on", credentials={"api_key": "sk-4f"}), off))
    assert {(one.code, one.severity) for one in found} == {
        ("SOA101", "info"),
        ("SOA510", "info"),
        ("SOA223", "error"),
    }


def test_what_keeps_a_service_off_stays_a_warning() -> None:
    on = service("on", credentials={"api_key": "sk-4f"})
    found = findings(openai(on, {"models": ["gpt-4o"], "enable": True, "credentials": {"api_key": "sk-1"}}))
    assert [(one.code, one.severity) for one in found] == [("SOA101", "warning")]


@pytest.mark.parametrize(
    ("key", "advice"), [("gpt-*", "Name each model."), ("*", 'write "all"'), (".*", 'write "all"')]
)
def test_a_wildcard_in_a_global_redirect_is_no_pattern(key: str, advice: str) -> None:
    found = findings({"model_redirect": {key: "gpt-4o"}, **in_service()})
    assert [one.code for one in found] == ["SOA320"]
    assert advice in found[0].help


@pytest.mark.parametrize(
    ("pairs", "advice"),
    [
        ({"gpt4o": "ep-1"}, "Did you mean gpt-4o?"),
        ({"ep-1": "gpt-4o"}, 'write "gpt-4o": "ep-1"'),
        ({"qwen": "ep-1"}, "beside it"),
        ({"nick": "ep-1"}, ""),
        ({"gpt-4o": "ep-1"}, ""),
    ],
)
def test_a_map_nothing_leads_to_is_told(pairs: dict[str, str], advice: str) -> None:
    found = findings(in_service(model_map=pairs, model_redirect={"nick": "gpt-4o"}))
    said = [one.help for one in found if one.code == "SOA309"]
    assert len(said) == bool(advice)
    assert all(advice in one for one in said)


@pytest.mark.parametrize("text", ["a,b", "gpt-4o, gpt-4o-mini", "a；b", "a、b", "a\nb", "a|b", "a,b,"])
def test_several_names_in_one_text_are_told(text: str) -> None:
    assert "SOA325" in [one.code for one in findings(in_service(models=[text]))]


@pytest.mark.parametrize(
    "text", ["gpt-4o", "deepseek-ai/DeepSeek-V3", "qwen2.5:7b", "智谱清言", "my model", "@cf/a-b"]
)
def test_one_name_is_not_taken_for_several(text: str) -> None:
    assert "SOA325" not in [one.code for one in findings(in_service(models=[text]))]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ('{"a"：1}', "the full-width sign ： (U+FF1A)", "Type : in its place"),
        ('{"a": 1，"b": 2}', "the full-width sign ，", "Type , in its place"),
        ("{“a”: 1}", "the full-width sign “", 'Type " in its place'),
        ('{"a": “x”}', "the full-width sign “", 'Type " in its place'),
        ('{"a": "x”}', "the full-width sign ”", 'Type " in its place'),
        ('{"a": "x”,\n "b": 1}', "the full-width sign ”", 'Type " in its place'),
        ("｛}", "the full-width sign ｛", "Type { in its place"),
        ('{"a": 【1】}', "the full-width sign 【", "Type [ in its place"),
        ('{"a"：1，\n"b"：2}', "the full-width sign ：", "There are more such signs in lines 1 and 2."),
        ('{"a":\u00a01}', "a no-break space (U+00A0)", "Delete it"),
        ('{\u200b"a": 1}', "a zero-width space (U+200B)", "Delete it"),
        ('{"a": "x\ty"}', "a tab in a string", "Write \\t"),
        ('{"a": "x\ny"}', "a line break in a string", "closing"),
        ('{"a": "x}', "this string has no end", "closing"),
        ("{'a': 1}", "double quotes", 'Write "like this".'),
        ('{"a": 1,}', "comma after the last", "Remove the comma."),
        ('{"a": [1,]}', "comma after the last", "Remove the comma."),
        ('{"a": 1,, "b": 2}', "','", "There is a comma too many."),
        ('{"a": [1,,2]}', "','", "a comma too many"),
        ('{"a": 1 "b": 2}', "a comma or", "A comma is missing before this."),
        ('{"a": 1] ', "a comma or", "this should be }"),
        ('{"a": 1: 2}', "a comma or", "Write a comma"),
        ('{"a" = 1}', "a colon", "Write a colon."),
        ('{"a": }', "a value", "A value is missing"),
        ('{"a": True}', "a value", "Write true."),
        ('{"a": None}', "a value", "Write null."),
        ('{"a": hello}', "a value", "Put it in double quotes."),
        ("{a: 1}", "a key", "Write the key in double quotes."),
        ('{"a": 1 // x\n}', "no comments", "Remove the comment"),
        ('# x\n{"a": 1}', "no comments", "Remove the comment"),
        ('{"a": [1', "the file ends", "the [ in line 1, column 7 is never closed"),
        ('{"a": {', "the file ends", "the { in line 1, column 7 is never closed"),
        ('{"a": 1}}', "after the end", "There is a bracket too many."),
        ('{"a": 1} {"b": 2}', "after the end", "One file holds one configuration."),
        ("server_port: ':9090'\n", "a value", "This looks like YAML"),
        ('{"a": "\\x"}', "no escape", "Write \\\\"),
        ('"openai": []', "a part of a configuration", "Put braces and services around it"),
        ('"api_key": "x",', "a part of a configuration", "Put braces around it: {…}. Take away the comma"),
        ('"models": []', "a part of a configuration", "Put it into a service"),
        ('{"models": []}, {"models": []}', "several objects", '{"services": {"openai": […]}} around them'),
        ("@", "a value", "strict JSON"),
    ],
)
def test_json_that_cannot_be_read_is_told_the_sign_to_type(text: str, message: str, help: str) -> None:
    (found,) = findings(text.encode())
    assert found.code == "SOA003"
    assert message in found.message
    assert help in found.help


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services:\n  openai:\n\t- models: [a]\n", "a tab"),
        ("services:\n\topenai: []\n", "a tab"),
        ("a: “x\nb：y\nc: [\n", "full-width"),
        ('a: "x\nb: 1\n', "A quote is opened and never closed."),
        ("a:b\nc: d\n", "Put a blank after the colon."),
        ("a: @x\n", "Put the value in quotes"),
        ("a: b: c\n", "a colon in quotes"),
        ("a: [1\nb: 2\n", "Check the indentation"),
    ],
)
def test_yaml_that_cannot_be_read_is_told_what_to_do(text: str, said: str) -> None:
    (found,) = findings(text.encode(), "config.yaml")
    assert found.code == "SOA003"
    assert said in f"{found.message} {found.help}"


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (json.dumps([ENTRY]).encode(), "config.json", '{"services": {"openai": …}} around it'),
        ("api_key：sk-1\n".encode(), "config.yaml", "full-width sign ："),
        (b"api_key:sk-1\n", "config.yaml", "Put a blank after each colon."),
        (b"5", "config.json", ""),
    ],
)
def test_what_is_no_configuration_as_a_whole_is_told_why(data: bytes, name: str, said: str) -> None:
    (found,) = findings(data, name)
    assert found.code == "SOA006"
    assert said in found.help


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("config.json", "utf-16"),
        *[
            (f"config.{form}", encoding)
            for form in ("json", "yaml")
            for encoding in ("utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
        ],
    ],
)
def test_a_file_of_wide_characters_is_told_by_its_encodings_name(encoding: str, name: str) -> None:
    text = '{"api_key": "sk-CANARY4f9a1c2b3d4e5f60", "services": {}}'
    document = parse(text.encode(encoding), name)
    (found,) = judge(document)
    assert (found.code, found.severity, found.help) == ("SOA004", "error", "Save the file as UTF-8.")
    assert encoding[:6].upper() in found.message
    assert "CANARY" not in render_text([found], document)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_yaml_of_wide_characters_is_read_where_it_says_so_at_its_beginning(mark: bytes) -> None:
    code = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    one = "{models: [gpt-文心, gpt-😀], enabled: true, modles: [], credentials: {api_key: sk-4f}}"
    text = f"services: {{openai: [{one}]}}"
    document = parse(mark + text.encode(code), "config.yaml")
    found = {one.code: one for one in judge(document)}
    assert set(found) == {"SOA004", "SOA101"}
    assert (found["SOA004"].severity, found["SOA101"].column) == ("info", text.index("modles") + 1)
    broken = parse(mark + text.encode(code)[:-1], "config.yaml")
    assert [(one.code, one.severity) for one in judge(broken)] == [("SOA004", "error")]


def test_gbk_is_told_by_its_name() -> None:
    data = '{"services": {"openai": [{"models": ["文心一言"]}]}}'.encode("gbk")
    assert ("SOA004", "It looks like GBK: save the file as UTF-8.") in [
        (one.code, one.help) for one in findings(data)
    ]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\0", b"a\0\0b", "智谱".encode(), b'{"a": "\xff\xfa"}', "é è".encode("latin-1")]
)
def test_other_bytes_are_no_encoding_that_is_known(data: bytes) -> None:
    assert encoding_of(data) == ""


def test_only_secrets_are_hidden_in_what_is_shown() -> None:
    entry = {
        "id": "key-1",
        "name": "Key 1",
        "enabled": False,
        "api_key": "sk-CANARY4f9a",
        "limit": {"qps": 2},
        "model_limits": {"m": {"tpm": 100000}},
        "zzz": "CANARY",
    }
    document = parse(json.dumps(in_service(credential_list=[entry], max_tokens=4096)).encode(), "config.json")
    shown = "".join(render_text([one], document) for one in judge(document, V0_10))
    for part in ('"key-1"', '"Key 1"', "false", '"qps": 2', "100000", "4096"):
        assert part in shown
    assert "CANARY" not in shown


def test_a_name_that_looks_like_a_key_is_hidden() -> None:
    document = parse(
        json.dumps(in_service(credential_list=[{"name": "sk-CANARY4f9a"}])).encode(), "config.json"
    )
    assert "CANARY" not in "".join(render_text([one], document) for one in judge(document))


@pytest.mark.parametrize(
    "data",
    [b'{"services": [{"models": []}]}', b'{"services": {"openai": {"models": []}}}'],
)
def test_services_of_the_wrong_shape_are_told_the_right_one(data: bytes) -> None:
    found = findings(data)
    assert refused(found)
    assert found[0].help in (
        'Put the list under a type: {"openai": […]}.',
        "Put it into square brackets, even if it is the only one.",
    )
