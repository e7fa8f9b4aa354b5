"""Every rule against its examples: one file that breaks it, and the same put right."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import repeat
from pathlib import Path

import pytest
import yaml

from one_adapter.config.document import Document, load, parse
from one_adapter.errors import OneAdapterError
from one_adapter.finding import Finding
from one_adapter.lint import judge, refused
from one_adapter.lint.catalogue import rule_named, rules
from one_adapter.lint.pages import EXAMPLES, examples_of, files, write
from one_adapter.lint.rule import MOST_FINDINGS, Rule

ROOT = Path(__file__).resolve().parents[2]
ids = [f"{rule.code}-{rule.name}" for rule in rules()]
each_rule = pytest.mark.parametrize("rule", rules(), ids=ids)
#: What YAML has no such thing as, or reads otherwise by design: their examples are JSON and stay so.
ONLY_IN_JSON = ("SOA001", "SOA002", "SOA003", "SOA004", "SOA005", "SOA103", "SOA104")


def said(findings: tuple[Finding, ...]) -> set[tuple[str, str, str]]:
    """What was found where, without the lines that messages name."""
    return {(one.code, one.pointer, re.sub(r"line \d+", "line …", one.message)) for one in findings}


def test_every_rule_has_examples_and_every_example_a_rule() -> None:
    assert sorted(folder.name for folder in EXAMPLES.iterdir()) == ids


@each_rule
def test_the_bad_example_breaks_the_rule_and_the_good_one_does_not(rule: Rule) -> None:
    bad, good = examples_of(rule, "bad"), examples_of(rule, "good")
    assert bad is not None
    assert good is not None
    assert rule.code in {finding.code for finding in judge(load(str(bad)), rule.dialects[-1])}
    after = judge(load(str(good)), rule.dialects[-1])
    assert rule.code not in {finding.code for finding in after}
    assert not refused(after)


@cache
def bad_example(rule: Rule) -> tuple[Document, tuple[Finding, ...]]:
    path = examples_of(rule, "bad")
    assert path is not None
    document = load(str(path))
    return document, judge(document, rule.dialects[-1])


def test_only_the_example_of_an_error_is_refused() -> None:
    told = [(rule.code, refused(bad_example(rule)[1]), rule.severity == "error") for rule in rules()]
    assert [code for code, is_refused, is_error in told if is_refused is not is_error] == []


def test_the_caret_of_a_finding_stands_inside_the_file() -> None:
    every = [(rule.code, bad_example(rule)[0], one) for rule in rules() for one in bad_example(rule)[1]]
    ends = [
        (code, 0 <= one.span.start <= one.span.end <= len(document.text)) for code, document, one in every
    ]
    assert [code for code, are_inside in ends if not are_inside] == []
    places = [
        (code, document.position(one.span.start), (one.line, one.column)) for code, document, one in every
    ]
    assert [each for each in places if each[1] != each[2]] == []


@each_rule
def test_the_same_in_yaml_gets_the_same_findings(rule: Rule) -> None:
    bad = examples_of(rule, "bad")
    assert bad is not None
    if rule.code in ONLY_IN_JSON or bad.suffix != ".json":
        assert rule.code in (*ONLY_IN_JSON, "SOA106")
        return
    value = json.loads(bad.read_text(encoding="utf-8"))
    written = yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()
    dialect = rule.dialects[-1]
    in_json, in_yaml = judge(load(str(bad)), dialect), judge(parse(written, "config.yaml"), dialect)
    assert said(in_yaml) == said(in_json)


def test_every_rule_says_what_the_gateway_and_what_litellm_does() -> None:
    told = {rule.code: rule.doc.split("\n\n") for rule in rules()}
    assert [code for code, paragraphs in told.items() if not paragraphs[0].endswith(".")] == []
    for program in ("Gateway: ", "LiteLLM: "):
        silent = [
            code
            for code, paragraphs in told.items()
            if not any(map(str.startswith, paragraphs, repeat(program)))
        ]
        assert silent == [], program


def test_the_pages_of_the_rules_are_fresh(tmp_path: Path) -> None:
    (tmp_path / "SOA999-gone.md").write_text("old")
    write(tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert written == files()
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").iterdir()}
    assert kept == written, "run python -m one_adapter.lint.pages"


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert rule_named("soa301") is rule_named("redirects-reversed")
    with pytest.raises(OneAdapterError, match="no such rule"):
        rule_named("SOA000")


def test_no_rule_reports_without_end() -> None:
    text = "{" + ",".join(f'"k{n}":1' for n in range(MOST_FINDINGS + 50)) + "}"
    found = [one for one in judge(parse(text.encode(), "config.json")) if one.code == "SOA101"]
    assert len(found) == MOST_FINDINGS


def messages(text: str, name: str = "config.json") -> list[tuple[str, str, str]]:
    """Code, message and help of every finding."""
    return [(one.code, one.message, one.help) for one in judge(parse(text.encode(), name))]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('{"services":{"openai":[{"model":["a"]}]}}', "Did you mean models?"),
        ('{"server_url":"x"}', "It belongs in a service."),
        ('{"translation":{"prompt_template":"x"}}', "In a JSON file it is called promptTemplate."),
        ('{"loadBalancing":"rr"}', "Did you mean load_balancing?"),
        ('{"zzz":1}', "It can be removed."),
    ],
)
def test_an_unknown_field_comes_with_a_guess(text: str, advice: str) -> None:
    assert advice in [one[2] for one in messages(text) if one[0] == "SOA101"]


def test_yaml_calls_the_template_otherwise() -> None:
    found = messages("translation: {promptTemplate: x}\n", "config.yaml")
    assert ("SOA101", "In a YAML file it is called prompt_template.") in [(one[0], one[2]) for one in found]


def test_the_line_for_editors_is_no_unknown_field() -> None:
    assert "SOA101" not in [one[0] for one in messages('{"$schema":"./x.json"}')]


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("cozecn", "This version of the gateway no longer has it. Remove it."),
        ("OpenAI", "Write openai, in lower case."),
        ("anthropic", "It is called claude here."),
        ("opanai", "Did you mean openai?"),
        ("siliconflow", "A vendor that speaks OpenAI's protocol goes under openai, with its server_url."),
    ],
)
def test_an_unknown_service_type_comes_with_the_right_one(kind: str, advice: str) -> None:
    assert advice in [one[2] for one in messages(json.dumps({"services": {kind: []}}))]


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ({"enabled": "true"}, ("enabled must be true or false, this is text", "Write true, without quotes.")),
        ({"enabled": 1}, ("enabled must be true or false, this is a number", "Write true.")),
        ({"timeout": "30"}, ("timeout must be a whole number, this is text", "Write 30, without quotes.")),
        (
            {"limit": [{"qps": 1}]},
            ("limit must be an object, this is a list", "Take away the square brackets."),
        ),
        ({"models": [1]}, ("an element of models must be text, this is a number", "Put it in quotes.")),
        ({"model_redirect": {"a": 5}}, ('"a" must be text, this is a number', "Put it in quotes.")),
        (
            {"credential_list": {}},
            (
                "credential_list must be a list, this is an object",
                "Put it into square brackets, even if it is the only one.",
            ),
        ),
    ],
)
def test_a_wrong_type_is_explained_in_the_users_words(top: dict[str, object], said: tuple[str, str]) -> None:
    text = json.dumps({"services": {"openai": [top]}})
    assert said in [(message, advice) for code, message, advice in messages(text) if code == "SOA102"]


def service(**fields: object) -> str:
    entry = {"models": ["gpt-4o"], "enabled": True, "credentials": {"api_key": "sk-1a2b"}, **fields}
    return json.dumps({"services": {"openai": [entry]}})


@pytest.mark.parametrize(
    "value", ["xxx", "nvapi--xxx", "your-api-key", "<key>", "***", "sk-xxxx", "你的密钥"]
)
def test_what_stands_for_a_key_is_told_from_a_key(value: str) -> None:
    assert "SOA510" in [one[0] for one in messages(service(credentials={"api_key": value}))]
    assert "SOA510" not in [one[0] for one in messages(service())]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "vllm", "10.1.2.3", "[::1]:80", "llm.internal"]
)
def test_a_private_host_may_have_plain_http_and_no_key(host: str) -> None:
    codes = [one[0] for one in messages(service(server_url=f"http://{host}/v1", credentials={}))]
    assert "SOA607" not in codes
    assert "SOA511" not in codes


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", "999.1.1.1"])
def test_plain_http_to_a_public_host_is_told(host: str) -> None:
    assert "SOA607" in [one[0] for one in messages(service(server_url=f"http://{host}/v1"))]


def test_either_pair_of_credentials_is_enough_for_huoshan() -> None:
    def codes(credentials: dict[str, str]) -> list[str]:
        entry = {"models": ["ep-1"], "enabled": True, "credentials": credentials}
        return [
            one[1] for one in messages(json.dumps({"services": {"huoshan": [entry]}})) if one[0] == "SOA511"
        ]

    assert codes({"api_key": "k1"}) == []
    assert codes({"access_key": "a1", "secret_key": "s1"}) == []
    assert codes({"access_key": "a1"}) == ["huoshan needs secret_key, which is not here"]
    assert codes({}) == ["huoshan needs api_key or access_key and secret_key, which is not here"]


def test_a_credential_list_is_looked_at_one_by_one() -> None:
    text = service(credential_list=[{"api_key": "good-1"}, {"api_key": "xxx"}, {"api_key": 5}])
    assert {(one.code, one.pointer) for one in judge(parse(text.encode(), "c.json"))} >= {
        ("SOA510", "/services/openai/0/credential_list/1/api_key"),
        ("SOA512", "/services/openai/0/credential_list/2/api_key"),
    }


@pytest.mark.parametrize("kind", ["qps", "qpm", "tpm"])
def test_a_limit_larger_than_any_number_that_one_can_be_added_to_is_one(kind: str) -> None:
    part = {"models": ["m"], "model_limits": {"m": {kind: 1e17}}}
    assert "SOA418" not in {code for code, _, _ in messages(service(**part))}
    assert "SOA418" in {code for code, _, _ in messages(service(**part, limit={kind: 5}))}


def test_a_proxy_that_is_off_although_a_service_wants_it_is_told() -> None:
    assert "SOA405" in [one[0] for one in messages(service(use_proxy=True))]


def test_a_proxy_that_every_service_declines_is_told() -> None:
    proxy = {"strategy": "all", "type": "http", "http_proxy": "http://127.0.0.1:1"}
    text = json.dumps({"proxy": proxy, **json.loads(service(use_proxy=False))})
    assert "SOA405" in [one[0] for one in messages(text)]


def test_an_implied_id_can_be_taken_already() -> None:
    text = json.dumps({"services": {"openai": [{"id": "openai-2"}, {}]}})
    assert any("the one it gets without an id" in one[1] for one in messages(text) if one[0] == "SOA222")
