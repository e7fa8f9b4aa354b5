"""Every rule about LiteLLM's file against its examples, and the rules on files that people write."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from one_adapter.config.litellm_file import parse_litellm
from one_adapter.finding import Finding
from one_adapter.lint.litellm.catalogue import judge, rules
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.rule import Rule
from one_adapter.lint.litellm.tables import VERSIONS
from one_adapter.lint.pages import LITELLM_EXAMPLES, example_context, examples_of

ROOT = Path(__file__).resolve().parents[3]
ids = [f"{rule.code}-{rule.name}" for rule in rules()]


def found(text: str, version: str = "1.110", **more: frozenset[str]) -> tuple[Finding, ...]:
    return judge(Context(parse_litellm(text.encode(), "config.yaml"), version, **more))


def codes(text: str, version: str = "1.110") -> list[str]:
    return [one.code for one in found(text, version)]


@cache
def example(rule: Rule, kind: str) -> tuple[Context, tuple[Finding, ...]]:
    path = examples_of(rule, kind)
    assert path is not None
    context = example_context(path)
    return context, judge(context)


def test_every_rule_has_examples_and_every_example_a_rule() -> None:
    assert sorted(folder.name for folder in LITELLM_EXAMPLES.iterdir()) == ids


def test_the_bad_example_breaks_the_rule_as_gravely_as_it_says() -> None:
    broken = {
        rule: {one.severity for one in example(rule, "bad")[1] if one.code == rule.code} for rule in rules()
    }
    assert [rule.code for rule, severities in broken.items() if rule.severity not in severities] == []


def test_the_good_example_is_clean() -> None:
    assert [(rule.code, example(rule, "good")[1]) for rule in rules() if example(rule, "good")[1]] == []


def test_only_the_example_of_an_error_has_errors() -> None:
    refused = {rule for rule in rules() if "error" in {one.severity for one in example(rule, "bad")[1]}}
    assert [rule.code for rule in rules() if (rule in refused) is not (rule.severity == "error")] == []


def test_a_finding_stands_inside_the_file() -> None:
    bad = [
        (rule.code, example(rule, "bad")[0].document, one)
        for rule in rules()
        for one in example(rule, "bad")[1]
    ]
    ends = [(code, 0 <= one.span.start <= one.span.end <= len(document.text)) for code, document, one in bad]
    assert [code for code, are_inside in ends if not are_inside] == []
    places = [
        (code, document.position(one.span.start), (one.line, one.column)) for code, document, one in bad
    ]
    assert [each for each in places if each[1] != each[2]] == []


def test_every_rule_says_what_litellm_does() -> None:
    told = {rule.code: rule.doc.split("\n\n") for rule in rules()}
    assert [code for code, paragraphs in told.items() if not paragraphs[0].endswith(".")] == []
    counts = {
        code: sum(one.startswith("LiteLLM: ") for one in paragraphs) for code, paragraphs in told.items()
    }
    assert {code: count for code, count in counts.items() if count != 1} == {}


def exported() -> list[Path]:
    files = [*(ROOT / "tests" / "golden").rglob("*.yaml"), *(ROOT / "examples").rglob("*.yaml")]
    return sorted(path for path in files if "model_list:" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_export_writes_is_clean(version: str) -> None:
    paths = exported()
    assert paths
    for path in paths:
        context = Context(parse_litellm(path.read_bytes(), str(path)), version)
        assert judge(context) == (), path.name


def documented() -> list[tuple[str, str]]:
    """Every whole LiteLLM configuration in the documents."""
    pages = [path for path in (ROOT / "docs").rglob("*.md") if "rules" not in path.parts]
    return [
        (str(path.relative_to(ROOT)), text)
        for path in sorted(pages)
        for text in re.findall(r"^```ya?ml\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M)
        if re.search(r"^(model_list|litellm_settings|router_settings|general_settings):", text, re.M)
    ]


def test_every_configuration_in_the_documents_is_clean() -> None:
    blocks = documented()
    assert blocks
    assert [(page, one.code, one.message) for page, text in blocks for one in found(text)] == []


HARMLESS = {
    "base_url": "base_url: http://10.0.0.5:8000/v1",
    "a number in quotes": 'rpm: "100"',
    "a slash at the end": "api_base: http://10.0.0.5:8000/v1/",
    "headers": "headers: {X-Team: search}\n      extra_headers: {X-A: b}",
    "an extra body": "extra_body: {top_k: 5}",
    "a price without a point": "input_cost_per_token: 1e-6",
    "a vendor's own parameter": "enable_thinking: true",
    "a timeout in quotes": 'timeout: "60"',
    "several organizations": "organization: [org-a, org-b]",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_said_of_what_works(text: str, version: str) -> None:
    head = "model_list:\n  - model_name: a\n    litellm_params:\n      model: openai/x\n      api_key: k\n"
    assert codes(f"{head}      {text}\n", version) == []


@pytest.mark.parametrize(
    "text", ["", "5", "text", "[]", "[a]", "{}", "null", "2024-01-01", "a: &x [*x]", "- - -"]
)
def test_any_root_is_judged(text: str) -> None:
    for version in VERSIONS:
        assert all(one.code.startswith("LIT") for one in found(text, version, variables=frozenset()))


def test_no_secret_stands_in_a_message() -> None:
    secret = "sk-proj-9aZ8bY7cX6dW5eV4fU3gT2hS1"
    params = f"{{model: openai/gpt-5.4, api_key: {secret}}}"
    text = f"model_list:\n  - model_name: a\n    litellm_params: {params}\n"
    text += f"general_settings:\n  master_key: {secret}\n  alerting: {secret}\n"
    told = found(text)
    assert "LIT503" in {one.code for one in told}
    assert not any(secret in f"{one.message}{one.help}{one.expected}" for one in told)


@pytest.mark.parametrize(
    "line", ["api_base: me:Sunny7@10.0.0.5/v1", "api_base: http://me:Sunny7@10.0.0.5/v1/messages"]
)
def test_an_address_with_a_password_is_not_written_out(line: str) -> None:
    params = f"{{model: openai/x, api_key: k, {line}}}"
    told = found(f"model_list:\n  - model_name: a\n    litellm_params: {params}\n")
    assert told
    assert not any("Sunny7" in f"{one.message}{one.help}" for one in told)


def test_a_numeric_password_is_not_shown() -> None:
    told = found("environment_variables:\n  DB_PASSWORD: 0123\n  AT: 12:30\n")
    assert [one.pointer for one in told if one.code == "LIT007"] == ["/environment_variables/AT"]


def deployment(params: str) -> str:
    return f"model_list:\n- model_name: a\n  litellm_params: {{model: openai/x, {params}}}\n"


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        (deployment('api_key: "k\\n"'), "LIT216", "error"),
        (deployment("api_key: 密钥"), "LIT216", "error"),
        (deployment('api_key: "k "'), "LIT216", "warning"),
        (deployment("api_key: k, extra_headers: {X-A: 中文}"), "LIT223", "error"),
        (deployment('api_key: k, headers: {X-A: "a\\n"}'), "LIT223", "error"),
        (deployment('api_key: k, api_base: " http://h:1/v1"'), "LIT207", "error"),
        (deployment('api_key: k, api_base: "http://h:1/v1 "'), "LIT207", "warning"),
        (deployment("api_key: k, max_budget: 5"), "LIT116", "warning"),
        ("litellm_settings: {max_budget: 5, budget_duration: }\n", "LIT116", "warning"),
        ("router_settings: {redis_url: 'h:6379'}\n", "LIT114", "error"),
        ("litellm_settings: {tag_budget_config: {a: {max_budget: 1}}}\n", "LIT613", "error"),
        ("prompts: [{litellm_params: {prompt_integration: dotprompt}}]\n", "LIT106", "error"),
        ("router_settings: {alerting_config: {webhook_url: os.environ/HOOK}}\n", "LIT114", "error"),
        (
            "litellm_settings: {cache: true, cache_params: {type: redis, redis_url: 'redis://h:1'}}\n",
            "LIT605",
            "error",
        ),
    ],
)
def test_what_fails_or_counts_for_nothing_is_told(text: str, code: str, severity: str) -> None:
    assert [(one.code, one.severity) for one in found(text)] == [(code, severity)]


SEMANTIC = "{type: redis-semantic, similarity_threshold: 0.8, host: h, port: 1%s}"


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        (deployment("api_key: k, on: x"), "LIT119", "error"),
        ("2: x\n", "LIT119", "error"),
        (deployment("api_key: "), "LIT112", "warning"),
        (deployment('api_key: k, api_base: ""'), "LIT112", "warning"),
        (f"{deployment('api_key: k')}  model_info: {{id: [a]}}\n", "LIT105", "error"),
        ("router_settings: {fallbacks: [{4: [a]}]}\n", "LIT119", "error"),
        ("mcp_servers: {5: {url: 'http://h'}}\n", "LIT119", "error"),
        ("mcp_servers: {s: {url: 'http://h', alias: 5}}\n", "LIT118", "error"),
        ("mcp_servers: {s: {command: x, transport: stdio, env: {A: }}}\n", "LIT118", "error"),
        ("mcp_servers: {s: {url: 'http://h', static_headers: {A: 5}}}\n", "LIT118", "error"),
        ("prompts: [{prompt_id: p, litellm_params: {prompt_integration: nope}}]\n", "LIT618", "error"),
        ("prompts: [{prompt_id: p, litellm_params: {prompt_id: p}}]\n", "LIT618", "error"),
        ("prompts: [{prompt_id: p, litellm_params: {prompt_integration: gitlab}}]\n", "LIT618", "error"),
        ("litellm_settings: {model_alias_map: x}\n", "LIT114", "error"),
        ("litellm_settings: {model_cost: }\n", "LIT114", "error"),
        (deployment("api_key: k, max_parallel_requests: -1"), "LIT224", "error"),
        (deployment("api_key: k, tpm: -1"), "LIT224", "warning"),
        (deployment("api_key: k, temperature: os.environ/T"), "LIT228", "warning"),
        (deployment('api_key: k, max_tokens: "100"'), "LIT228", "warning"),
        (deployment("api_key: k, allowed_openai_params: thinking"), "LIT229", "warning"),
        (deployment("api_key: k, allowed_openai_params: 5"), "LIT229", "error"),
        (deployment("api_key: k").replace("openai/x", "openai_like/x"), "LIT226", "warning"),
        (deployment("api_key: k").replace("openai/x", "openai/"), "LIT227", "warning"),
        ("general_settings: {alerting: [slak]}\n", "LIT115", "warning"),
        ("general_settings: {alerting: [slack], alert_types: [llm_exception]}\n", "LIT115", "warning"),
        (f"litellm_settings: {{cache: true, cache_params: {SEMANTIC % ''}}}\n", "LIT617", "warning"),
    ],
)
def test_what_is_told_hangs_on_nothing_beside_the_file(text: str, code: str, severity: str) -> None:
    assert (code, severity) in {(one.code, one.severity) for one in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        'router_settings: {model_group_alias: {"4": a}}\n' + deployment("api_key: k"),
        "prompts: [{prompt_id: p, litellm_params: {prompt_integration: dotprompt}}]\n",
        "general_settings: {alerting: [slack, email, webhook, sentry, ms_teams]}\n",
        "litellm_settings: {cache: true, cache_params: "
        "{type: redis-semantic, similarity_threshold: 0.8, redis_url: 'redis://h'}}\n",
        deployment("api_key: k").replace("openai/x", "openai_like/bge-m3"),
        deployment("api_key: k").replace("openai/x", "infinity/x"),
        deployment("api_key: k, allowed_openai_params: [thinking], temperature: 0.2"),
        "mcp_servers: {s: {command: x, transport: stdio, env: {A: os.environ/B}}}\n",
    ],
)
def test_their_neighbours_that_work_are_left_alone(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize("version", ["1.108", "1.109"])
def test_a_key_at_the_top_that_is_no_text_counts_for_little_before_1_110(version: str) -> None:
    assert [one.severity for one in found("5: x\n", version) if one.code == "LIT119"] == ["info"]


UNSET = {
    "model": ("model_list: [{model_name: a, litellm_params: {model: os.environ/GONE}}]\n", "does not start"),
    "key": (deployment("api_key: os.environ/GONE"), "every call fails"),
    "address": (deployment("api_key: k, api_base: os.environ/GONE"), "the vendor's own address"),
    "server": (
        "mcp_servers: {s: {command: x, transport: stdio, env: {A: os.environ/GONE}}}\n",
        "does not start",
    ),
}


@pytest.mark.parametrize(("text", "said"), UNSET.values(), ids=UNSET)
def test_of_a_variable_that_is_not_set_it_is_told_what_hangs_on_it(text: str, said: str) -> None:
    told = [one for one in found(text, variables=frozenset()) if one.code == "LIT404"]
    assert [(one.severity, said in one.message, "GONE" in one.message) for one in told] == [
        ("warning", True, True)
    ]
    assert found(text, variables=frozenset(["GONE", "OPENAI_API_KEY"])) == found(text)


def test_a_variable_that_the_file_itself_sets_comes_too_late_for_its_references() -> None:
    text = f"{deployment('api_key: os.environ/MINE')}environment_variables: {{MINE: k}}\n"
    assert codes(text) == ["LIT405"]
    told = [one.code for one in found(text, variables=frozenset(["MINE"]))]
    assert told == []


BEDROCK = deployment("aws_region_name: us-east-1").replace("openai/x", "bedrock/amazon.nova-pro-v1:0")


@pytest.mark.parametrize(
    ("text", "variables", "severities"),
    [
        (deployment("rpm: 5"), ["OTHER"], ["warning"]),
        (deployment("rpm: 5"), ["OPENAI_API_KEY"], []),
        (deployment("rpm: 5") + "litellm_settings: {openai_key: os.environ/OTHER}\n", ["OTHER"], []),
        (deployment("rpm: 5") + "environment_variables: {OPENAI_API_KEY: k}\n", [], []),
        (deployment("litellm_credential_name: c"), [], []),
        (BEDROCK, ["AWS_REGION"], ["info"]),
        (BEDROCK, ["AWS_PROFILE"], []),
        (BEDROCK.replace("aws_region", "aws_role_name: r, aws_region"), [], []),
    ],
)
def test_a_key_that_comes_from_nowhere_is_told_where_the_environment_is_known(
    text: str, variables: list[str], severities: list[str]
) -> None:
    told = found(text, variables=frozenset(variables))
    assert [one.severity for one in told if one.code == "LIT230"] == severities
    assert "LIT230" not in codes(text)


def test_a_callback_whose_package_is_not_here_is_left_out() -> None:
    document = parse_litellm(b"litellm_settings: {callbacks: [langfuse, langsmith]}\n", "config.yaml")
    told = judge(Context(document, installed=lambda name: name != "langfuse"))
    assert [(one.code, one.pointer) for one in told] == [("LIT619", "/litellm_settings/callbacks/0")]
    assert judge(Context(document, installed=lambda _: True)) == ()


@pytest.mark.parametrize(
    "text",
    [
        deployment("api_key: k, api_base: 'ws://h:1/v1'"),
        deployment("api_key: k, max_budget: 5, budget_duration: 1d"),
        "litellm_settings: {max_budget: 0}\n",
        "router_settings: {redis_url: 'rediss://h:6379', alerting_config: }\n",
        "litellm_settings: {set_verbose: true, blocked_user_list: [a], banned_keywords_list: [b]}\n",
        "litellm_settings: {enable_loadbalancing_on_batch_endpoints: true}\n",
    ],
)
def test_what_works_as_it_is_written_is_left_alone(text: str) -> None:
    assert codes(text) == []
