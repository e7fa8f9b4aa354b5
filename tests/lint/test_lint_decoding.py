"""The judge refuses exactly what Go's decoders refuse: the corners of encoding/json and yaml.v3."""

from __future__ import annotations

import json

import pytest

from one_adapter.config.document import parse
from one_adapter.dialect import V0_10
from one_adapter.lint import judge, refused
from one_adapter.lint.go.addresses import Address, listening_port, parse_url


def is_refused(text: str | bytes, name: str = "config.json") -> bool:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return refused(judge(parse(data, name)))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "null",
        ' \r\n\t{"server_port": null}\n',
        '{"api_key": "\\ud800"}',
        b'{"api_key": "\xff"}',
        '{"API_KEY": "a"}',
        '{"\u017fervices": {}}',
        '{"services": {"openai": [null]}}',
        '{"services": {"openai": [{"models": [null, "a"], "enabled": true}]}}',
        '{"x": {"deep": [1e308, {"y": null}]}}',
        '{"circuit_breaker": {"x": 1e999, "failure_threshold": -0}}',
        '{"services": {"openai": [{"credentials": {"api_key": 5, "more": [true]}}]}}',
        '{"proxy": {"timeout": -5, "socks5_proxy": "nonsense"}}',
        '{"enable_web": true, "enable_web": null}',
        '{"services": {"openai": [{"limit": {"qps": 0.5, "timeout": 9223372036854775807}}]}}',
        '{"server_port": ":+80"}',
        '{"services": {"openai": [{"enabled": true, "models": ["a"], "models": [null]}]}}',
    ],
)
def test_json_the_gateway_takes(text: str | bytes) -> None:
    assert not is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"x"',
        "{} {}",
        '{"api_key": "a" // no\n}',
        '{"api_key": "a\tb"}',
        '{"api_key": 5, "api_key": "five"}',
        '{"api_key": "five", "API_key": 5}',
        '{"x": 1e400}',
        '{"services": {"openai": [{"credentials": {"a": [1e400]}}]}}',
        '{"services": {"openai": [{"timeout": 1.0}]}}',
        '{"services": {"openai": [{"timeout": 1e2}]}}',
        '{"services": {"openai": [{"timeout": 9223372036854775808}]}}',
        '{"services": {"openai": [{"limit": {"qps": 1e999}}]}}',
        '{"services": {"nope": []}, "services": {"openai": []}}',
        '{"Services": {"nope": []}, "services": {}}',
        '{"services": {"openai": [{"ID": "a b", "id": ""}]}}',
        '{"params_range": {"m": {"temperatureRange": {"min": "0"}}}}',
        '{"proxy": {"http_proxy": " http://127.0.0.1:1"}}',
        '{"proxy": {"https_proxy": "  "}}',
        '{"services": {"openai": [{"model_map": {"a": ["b"]}}]}}',
        '{"server_port": "a:b:80"}',
        '{"translation": {"retry": 1, "retry": -1}}',
        '{"services": {"OPENAI": []}}',
        '{"proxy": {"strategy": "all"}}',
        '{"proxy": {"strategy": "all", "type": "socks5"}}',
    ],
)
def test_json_the_gateway_refuses(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "~",
        "\ufeffapi_key: a\n",
        "api_key: 12345\ndebug: yes\nenable_web: 'on'\n",
        "api_key: 1e400\n",
        "services: {openai: [~, {models: [1, true, ~], enabled: on}]}",
        "services: {openai: [{timeout: 1.9, limit: {qps: 0x10}}]}",
        "services: {openai: [{timeout: -0.5}]}",
        "services: {~: nothing}",
        "Services: {openai: []}\n",
        "x: {yes: a, '1': b, <<: {c: d}}\n",
        "x: !foo [!!binary aGk=]\n",
        "translation: {promptTemplate: [a]}\n",
        "circuit_breaker: {more: {a: 1, a: 2}}\n",
        "base: &b {models: [a], enabled: true}\nservices: {openai: [{<<: *b, id: one}]}\n",
        "base: &b {models: 5}\nservices: {openai: [{<<: *b, models: [a]}]}\n",
        "api_key: a\n---\n5\n",
        '{"api_key": "a"} trailing',
        "proxy: {timeout: -1e300}\n",
    ],
)
def test_yaml_the_gateway_takes(text: str) -> None:
    assert not is_refused(text, "config.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "just text",
        "api_key: a\napi_key: b\n",
        "api_key: [a]\n",
        "debug: 1\n",
        "debug: 'true'\n",
        "services: {openai: [{timeout: '5'}]}",
        "services: {openai: [{timeout: .inf}]}",
        "services: {openai: [{limit: {qps: .nan}}]}",
        "services: {openai: [{limit: {qps: 1e400}}]}",
        "services: {openai: [{credentials: {a: .inf}}]}",
        "services: {openai: [{credentials: {a: {1: b}}}]}",
        "x: {true: a}\n",
        "x: {2020-01-01: a}\n",
        "x: {2020-1-1T01:02:03Z: a}\n",
        "x: !!null word\n",
        "x: !!int 1.5\n",
        "x: !!binary '%'\n",
        "Services: 5\n",
        "Services: {nope: []}\nservices: {openai: []}\n",
        "services: {openai: [{ID: 5}]}\n",
        "services: {openai: [{ID: 'a b'}]}\n",
        "services: {openai: [{Timeout: 1.5}]}\n",
        "x: *nothing\n",
        "x: {<<: 5}\n",
        "\tapi_key: a\n",
        '{"api_key": "a"}more: x\n',
    ],
)
def test_yaml_the_gateway_refuses(text: str) -> None:
    assert is_refused(text, "config.yaml")


def test_whole_numbers_read_again_from_yaml_may_have_a_point() -> None:
    assert not is_refused("services: {openai: [{Timeout: 2.0}]}\n", "config.yaml")


def test_a_date_that_is_none_is_a_key_like_any_other() -> None:
    assert not is_refused("x: {2020-13-45: a}\n", "config.yaml")


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("https://api.openai.com/v1", "https", "api.openai.com"),
        ("HTTP://H:80", "http", "H:80"),
        ("http://h?x=%zz", "http", "h"),
        ("http://user:p%40ss@h:1/", "http", "h:1"),
        ("http://[::1]:80/v1", "http", "[::1]:80"),
        ("http://[fe80::1%25en0]/", "http", "[fe80::1%25en0]"),
        ("https://例子.cn/v1", "https", "例子.cn"),
        ("http:h/v1", "http", ""),
        ("//h/v1", "", "h"),
        ("///h", "", ""),
        ("/only/path", "", ""),
        ("http://h:/", "http", "h:"),
        ("http://a:b:80/", "http", "a:b:80"),
        ("*", "", ""),
        ("", "", ""),
    ],
)
def test_addresses_are_split_as_go_splits_them(text: str, scheme: str, host: str) -> None:
    assert parse_url(text) == Address(scheme, host)


@pytest.mark.parametrize(
    "text",
    [
        "http://h\t/",
        ":http",
        "1:80/x",
        "http://a b/",
        "http://%41/",
        "http://h%20/",
        "http://h:x/",
        "http://h:8a/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[1.2.3.4]/",
        "http://[zz]/",
        "http://[::1%25]/",
        "http://x[::1]/",
        "http://u p@h/",
        "http://u%@h/",
        "http://h/%zz",
        "http://h#%zz",
        "http://h%",
        "http://h\\x/",
    ],
)
def test_addresses_go_refuses_come_with_a_reason(text: str) -> None:
    reason = parse_url(text)
    assert isinstance(reason, str)
    assert reason


@pytest.mark.parametrize(
    ("text", "port"),
    [
        (":9090", 9090),
        ("h:1", 1),
        ("[::1]:80", 80),
        (":+80", 80),
        (":080", 80),
        (":-1", -1),
        ("9090", None),
        ("::80", None),
        ("[::1]", None),
        ("[::1]x:80", None),
        ("a]:80", None),
        ("[a[b]:80", None),
        (":http", None),
        (":", None),
        (":8_0", None),
    ],
)
def test_listening_addresses_are_read_as_go_reads_them(text: str, port: int | None) -> None:
    assert listening_port(text) == port


def in_key(**fields: object) -> str:
    return json.dumps({"services": {"openai": [{"models": ["m"], "credential_list": [fields]}]}})


def in_list(*keys: object) -> str:
    return json.dumps({"services": {"openai": [{"models": ["m"], "credential_list": keys}]}})


def in_service(**fields: object) -> str:
    return json.dumps({"services": {"openai": [{"models": ["m"], **fields}]}})


#: Taken by both versions of the gateway, switched off or on.
TAKEN = [
    in_service(upstream_protocol=" Anthropic_Messages "),
    in_service(upstream_protocol=None),
    in_service(upstream_protocol=""),
    in_service(model_limits=None),
    in_service(model_limits={"m": {"tpm": 0.5}, "n": None, "": {"rpm": -1}, " ": {"rpm": -1}}),
    in_service(limit={"tpm": 1e6, "TPM": None}),
    in_service(credentials={"id": "a/b", "enabled": "no", "limit": [], "model_limits": 5}),
    json.dumps({"statistics": {"enabled": None, "retention_days": 0, "x": 1}}),
    json.dumps({"statistics": None}),
    in_key(id=7, name=[], enabled=False, limit=None, model_limits=None),
    in_key(id=" a ", limit={"qps": 2, "timeout": 30.0, "zzz": []}),
    in_key(Enabled="no", ID="a/b", Limit=[]),
    in_key(model_limits={"m": {"qps": "2"}, "": {"rpm": -1}}),
    in_key(model_limits=[{"rpm": -1}]),
    in_key(model_limits={"m": {"rpm": -1}, "n": 5}),
    in_list(None, {}, {"id": "key-1x"}),
    in_list({"id": "a"}, {"id": "A"}),
    json.dumps({"services": {"openai": [{"models": ["m"], "credential_list": [{"id": "a"}]} for _ in "12"]}}),
    '{"services": {"openai": [{"models": ["m"], "credential_list": [{"enabled": 1, "enabled": true}]}]}}',
    '{"services": {"openai": [{"models": ["m"], "credential_list": [{"limit": {"rpm": -1, "rpm": 1}}]}]}}',
]
#: Taken by 0.10 alone, which does not know them.
REFUSED_BY_0_12 = [
    in_service(upstream_protocol="xml"),
    in_service(upstream_protocol="chat-completions"),
    in_service(upstream_protocol=5),
    '{"services": {"openai": [{"models": ["m"], "Upstream_Protocol": "xml", "upstream_protocol": ""}]}}',
    in_service(model_limits=[]),
    in_service(model_limits={"m": 5}),
    in_service(model_limits={"m": {"timeout": 1.5}}),
    in_service(model_limits={"m": {"TPM": -1}}),
    in_service(limit={"tpm": "5"}),
    in_service(limit={"tpm": -1}),
    in_service(embedding_limit={"tpm": -1}),
    json.dumps({"statistics": "on"}),
    json.dumps({"statistics": {"retention_days": -1}}),
    json.dumps({"statistics": {"retention_days": 3651}}),
    json.dumps({"statistics": {"enabled": "yes"}}),
    in_key(id="a/b"),
    in_key(id="-a"),
    in_key(enabled=None),
    in_key(enabled="true"),
    in_key(enabled=1),
    in_key(limit="5"),
    in_key(limit=[]),
    in_key(limit={"qps": "2"}),
    in_key(limit={"timeout": 1.5}),
    in_key(limit={"timeout": 9223372036854775807}),
    in_key(limit={"QPS": -1}),
    in_key(limit={"qps": True}),
    in_key(model_limits={"m": {"rpm": -1}}),
    in_key(model_limits={"M": {"Timeout": -1}}),
    in_key(model_limits={" ": {}}),
    in_list({"id": "a"}, {"id": " a"}),
    in_list({"id": "key-2"}, {}),
    in_list({"id": "key-2"}, None),
]


@pytest.mark.parametrize("text", [*TAKEN, *REFUSED_BY_0_12])
def test_what_the_older_gateway_does_not_know_it_takes(text: str) -> None:
    assert not refused(judge(parse(text.encode(), "config.json"), V0_10))


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_newer_gateway_takes(text: str) -> None:
    assert not is_refused(text)


@pytest.mark.parametrize("text", REFUSED_BY_0_12)
def test_what_the_newer_gateway_refuses(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("enabled: true", True),
        ("enabled: yes", False),
        ("enabled: off", False),
        ('enabled: "true"', False),
        ("enabled:", False),
        ("id: 7", True),
        ("id: yes", True),
        ("id: 2026-01-31", False),
        ('id: "2026-01-31"', True),
        ("limit: {timeout: 30.0}", True),
        ("limit: {timeout: 1.5}", False),
        ("limit: {qps: 0x10}", True),
        ("limit: {Rpm: -1}", False),
        ("limit: {qps: .inf}", False),
        ("model_limits: {m: {qps: on}}", True),
    ],
)
def test_a_key_in_yaml_is_read_as_plain_values(key: str, taken: bool) -> None:
    text = f"services: {{openai: [{{models: [m], credential_list: [{{{key}}}]}}]}}"
    assert is_refused(text, "config.yaml") is not taken


def test_a_protocol_in_another_case_counts_in_yaml_where_none_stands_beside_it() -> None:
    text = "services: {openai: [{models: [m], Upstream_Protocol: xml%s}]}"
    assert is_refused(text % "", "config.yaml")
    assert not is_refused(text % ", upstream_protocol: auto", "config.yaml")


def test_what_statistics_drop_is_not_looked_at() -> None:
    text = '{"statistics": {"zzz": 1e999, "retention_days": 3650}}'
    assert not is_refused(text)
    assert refused(judge(parse(text.encode(), "config.json"), V0_10))  # which keeps it
