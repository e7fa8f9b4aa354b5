"""Which kind of file is judged by whose rules, what is included, and where findings stand."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from command_runner import runner
from hypothesis import given, settings
from hypothesis import strategies as st

from one_adapter.commands.lint import lint_command
from one_adapter.config.litellm_file import LiteLLMFile, parse_litellm
from one_adapter.config.yaml_1_1 import resolve
from one_adapter.lint.kinds import read
from one_adapter.lint.litellm.catalogue import judge_files
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.tables import NEWEST, VERSIONS, tables
from one_adapter.lint.variables import names_set

LIST = "model_list:\n- model_name: a\n  litellm_params: {model: openai/gpt-4o}\n"


def lint(*words: str | Path) -> Result:
    return runner().invoke(lint_command, [str(word) for word in words], env={"GITHUB_ACTIONS": ""})


@pytest.mark.parametrize(
    "text",
    [
        *("on", "Yes", "no", "off", "y", "12:30", "010", "0o10", "1e-6", "1.0e-6", "1_000", "2024-06-01"),
        *("0x1F", "~", "", "null", ".inf", ".5", "1.", "+1", "0b11", "2001-12-14t21:59:43.10-05:00"),
        *("1:2:3.5", "text", "12e3"),
    ],
)
def test_a_scalar_is_what_pyyaml_makes_of_it(text: str) -> None:
    assert resolve(text)[1] == yaml.safe_load(text)


@given(st.text(st.sampled_from("0123456789:.-+eExob_ yYnNoOfFtTrRuU~"), max_size=12))
def test_any_short_plain_scalar_is_what_pyyaml_makes_of_it(text: str) -> None:
    try:
        wanted = yaml.safe_load(f"[{json.dumps('k')}: {text}]")[0]["k"]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return
    root = parse_litellm(f"[{json.dumps('k')}: {text}]".encode(), "x.yaml").root
    assert root is not None
    assert str(root.value[0]["k"]) == str(wanted)


def test_a_date_is_a_date() -> None:
    root = parse_litellm(b"at: 2024-06-01", "x.yaml").root
    assert root is not None
    node = root.get("at")
    assert node is not None
    assert (node.kind, node.value) == ("date", datetime.date(2024, 6, 1))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n---\nb: 2\n",
        "a: !foo 1",
        "a: !!python/name:os.system x",
        "a: !x {}",
        "a: 2024-13-45",
        "a: =",
        "a: *b",
        "a: &x 1\nb: &x 2",
        "a: &x [&x 1]",
        "a: &x {b: 1}\nc: &x {d: 2}",
    ],
)
def test_what_pyyaml_refuses_is_a_problem_with_a_place(text: str) -> None:
    with pytest.raises((yaml.YAMLError, ValueError)):
        yaml.safe_load(text)
    problem = parse_litellm(text.encode(), "x.yaml").problem
    assert problem is not None
    assert 0 <= problem.span.start < problem.span.end <= len(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (LIST, ""),
        ("{model_list: []}", ""),
        ("model-list:\n- model_name: a\n", ""),
        ("general_setting: {master_key: x}\n", ""),
        ("- model_name: a\n  litellm_params: {model: x}\n", ""),
        ("proxy_config:\n  model_list: []\nreplicaCount: 1\n", "/proxy_config"),
        ("gateway: {config: {proxy_config: {litellm_settings: {}}}}\n", "/gateway/config/proxy_config"),
        ("litellm-helm: {proxy_config: {model_list: []}}\n", "/litellm-helm/proxy_config"),
        ("kind: ConfigMap\ndata:\n  config.yaml: |\n    model_list: []\n", "/data/config.yaml"),
    ],
)
def test_a_file_of_litellm_is_known_by_its_keys(text: str, at: str) -> None:
    document = read(text.encode(), "config.yaml")
    assert isinstance(document, LiteLLMFile)
    assert document.at == at


@pytest.mark.parametrize(
    "text", ["services: {}\n", "services: {}\nmodel_list: []\n", "api_key: x\n", "", "x: 1\n", "- 1\n"]
)
def test_any_other_file_is_judged_as_one_of_the_gateway(text: str) -> None:
    assert not isinstance(read(text.encode(), "config.yaml"), LiteLLMFile)


def test_who_says_so_gets_the_other_kind() -> None:
    assert isinstance(read(b"services: {}", "config.yaml", "litellm"), LiteLLMFile)
    assert not isinstance(read(LIST.encode(), "config.yaml", "simple-one-api"), LiteLLMFile)


def test_a_block_in_a_configmap_is_judged_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    text = (
        "kind: ConfigMap\ndata:\n  config.yaml: |\n    model_list:\n    - a: 1\n     oops: [\n---\nkind: X\n"
    )
    path.write_text(text)
    done = lint("--format", "json", path)
    finding = json.loads(done.stdout)["findings"][0]
    assert (finding["code"], finding["line"]) == ("LIT001", 6)


@pytest.mark.parametrize(
    "written",
    [
        '"model_list:\\n- model_name: a\\n  litellm_params: {model: \\x6fpanai/x}\\n"',
        '"model_list:\\n- model_name: a\\n  litellm_params: {model: \\\n      opanai/x}\\n"',
        "'{model_list: [{model_name: a,\n    litellm_params: {model: ''opanai/x''}}]}'",
        ">\n    model_list:\n      - model_name: a\n        litellm_params: {model: opanai/x}\n",
        "|-\n    model_list:\n    - model_name: a\n      litellm_params: {model: opanai/x}",
    ],
    ids=["double quotes", "double quotes over lines", "single quotes", "folded", "literal"],
)
def test_a_configmap_is_judged_in_whatever_style_its_text_is_written(written: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(f"apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: {written}\n")
    finding = json.loads(lint("--format", "json", path).stdout)["findings"][0]
    assert finding["code"] == "LIT202"
    line = path.read_text().splitlines()[finding["line"] - 1]
    assert line[finding["column"] - 1 :].startswith(("opanai/x", "\\x6fpanai/x", "''opanai/x''"))


DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
CONFIGMAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n"
INDENTED = "".join(f"    {line}\n" for line in LIST.replace("openai", "opanai").splitlines())


@pytest.mark.parametrize(
    "before", [f"{DEPLOYMENT}---\n", f"---\n{DEPLOYMENT}---\n", f"# a\n---\n{DEPLOYMENT}\n--- # b\n"]
)
def test_a_configuration_in_a_later_document_of_a_manifest_is_judged(before: str, tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(f"{before}{CONFIGMAP}{INDENTED}---\nkind: Service\n")
    finding = json.loads(lint("--format", "json", path).stdout)["findings"][0]
    assert finding["code"] == "LIT202"
    assert path.read_text().splitlines()[finding["line"] - 1].endswith("{model: opanai/gpt-4o}")


def test_a_later_document_of_a_manifest_is_put_right_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    text = f"{DEPLOYMENT}---\n{CONFIGMAP}    router_settings: {{num_retires: 2}}\n---\nkind: Service\n"
    path.write_text(text)
    lint("--fix", path)
    assert path.read_text() == text.replace("num_retires", "num_retries")


@pytest.mark.parametrize("name", ["values.yaml", "compose.yaml", "deployment.yaml"])
def test_a_file_that_surely_is_something_else_is_not_judged(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(
        {
            "values.yaml": "replicaCount: 1\nimage: {repository: x, tag: a}\nservice: {port: 4000}\n",
            "compose.yaml": "services: {proxy: {image: x}}\n",
            "deployment.yaml": DEPLOYMENT,
        }[name]
    )
    done = lint(path)
    assert (done.exit_code, done.stderr.count("is not judged")) == (0, 1)
    assert lint("--as", "litellm", path).stderr == ""


def test_what_is_included_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LIST.replace("openai", "opanai"))
    for name in ("main.yaml", "other.yaml"):
        (tmp_path / name).write_text(f"include: [a.yaml]\n{LIST}")
    told = json.loads(lint("--format", "json", tmp_path).stdout)
    assert sorted(Path(name).name for name in told["files"]) == ["a.yaml", "main.yaml", "other.yaml"]
    assert [one["code"] for one in told["findings"] if one["severity"] == "error"] == ["LIT202"]


def test_of_files_that_include_one_another_each_is_told_of_once(tmp_path: Path) -> None:
    for name, other in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        (tmp_path / name).write_text(f"include: [{other}]\n{LIST}")
    told = json.loads(lint("--format", "json", tmp_path).stdout)
    assert sorted(Path(name).name for name in told["files"]) == ["a.yaml", "b.yaml"]


def test_a_file_in_a_folder_is_judged_where_it_surely_is_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(LIST)
    (tmp_path / "other.yaml").write_text("model_list: [a, b]\n")
    (tmp_path / "data.json").write_text('{"model_list": [{"litellm_params": {}}]}')
    (tmp_path / "values.yaml").write_text(
        "proxy_config:\n" + "".join(f"  {line}\n" for line in LIST.splitlines())
    )
    files = json.loads(lint("--format", "json", tmp_path).stdout)["files"]
    assert files == [str(tmp_path / "config.yaml"), str(tmp_path / "values.yaml")]


def test_every_form_names_the_kind_and_the_version(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(LIST)
    assert f"LiteLLM {NEWEST}" in lint(path).stdout
    assert "LiteLLM 1.106" in lint("--litellm", "1.106", "--format", "github", path).stdout
    told = json.loads(lint("--format", "json", path).stdout)["judged"]
    assert told == [{"path": str(path), "kind": "litellm", "version": NEWEST}]
    log = json.loads(lint("--format", "sarif", path).stdout)["runs"][0]
    assert list(log["properties"]["litellm"].values()) == [NEWEST]
    assert {one["id"][:3] for one in log["tool"]["driver"]["rules"]} == {"LIT"}


def test_a_file_that_nothing_says_the_kind_of_is_named_in_a_note(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("services: {}\nmodel_list: []\n")
    assert "--as litellm" in lint(path).stderr
    assert lint("--as", "simple-one-api", path).stderr == ""
    path.write_text("services: {}\n")
    assert lint(path).stderr == ""


def test_what_a_file_includes_is_judged_in_its_own_place(tmp_path: Path) -> None:
    main, more = tmp_path / "config.yaml", tmp_path / "sub" / "more.yaml"
    more.parent.mkdir()
    main.write_text(f"include: [sub/more.yaml, none.yaml]\n{LIST}router_settings: {{num_retries: 1}}\n")
    more.write_text(
        "include: [config.yaml, more.yaml]\nmodel_list:\n- model_name: b\nrouter_settings: {timeout: 5}\n"
    )
    context = Context(parse_litellm(main.read_bytes(), str(main)))
    assert [one.name for one in context.deployments] == ["a", "b"]
    settings_node = context.section("router_settings")
    assert settings_node is not None
    assert settings_node.value == {"timeout": 5}
    assert [(one.pointer, "none.yaml" in one.reason) for one in context.not_included] == [
        ("/include/1", True)
    ]
    span = context.span("/model_list/1/model_name")
    assert context.source(span) == "b"
    assert context.line(span) == 3
    number = context.configuration.file_of(span)
    assert context.configuration.pointer_in(number, "/model_list/1/model_name") == "/model_list/0/model_name"
    assert [file.name for file, _ in judge_files(context)] == [str(main), str(more)]


def test_a_variable_is_known_by_its_name_alone() -> None:
    assert names_set("A=1\n export B = x\n#C=1\nD=\nE='secret'") == {"A", "B", "E"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_has_its_tables(version: str) -> None:
    known = tables(version)
    assert {"model_list", "general_settings"} <= set(known.keys("top"))
    assert "openai" in known.words("providers")
    assert "simple-shuffle" in known.words("strategies")
    assert {"master_key", "disable_spend_logs"} <= set(known.keys("general_settings"))
    assert "fallbacks" not in known.keys("general_settings")
    assert "acompletion" in known.keys("overwrites")


def test_a_name_has_a_version_since_when_it_is_known() -> None:
    new = [key for key in tables().keys("general_settings").values() if key.since == NEWEST]
    assert new
    assert not {key.name for key in new} & set(tables("1.106").keys("general_settings"))


def test_a_model_that_is_gone_is_remembered() -> None:
    models = tables().models
    assert models.provider("gpt-4o") == "openai"
    assert models.provider("nobody-knows") == ""
    assert not models.is_gone("gpt-4o")
    assert models.is_gone("claude-3-opus-20240229")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_findings_or_none(data: bytes) -> None:
    for text in (data, b"model_list:\n" + data, LIST.encode() + data):
        document = parse_litellm(text, "config.yaml")
        for file, findings in judge_files(Context(document)):
            assert all(0 <= one.span.start <= one.span.end <= len(file.text) for one in findings)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    "text",
    [
        f"model_list: []\n{BOMB}",
        "model_list: &a [*a]\n",
        "model_list: " + "[" * 5_000,
        "model_list: \0\n",
        "model_list: []\nx: 1" + ":1" * 100_000 + "\n",
    ],
    ids=["bomb", "itself", "deep", "control", "number"],
)
def test_a_hostile_file_ends_in_one_finding(text: str) -> None:
    found = judge_files(Context(parse_litellm(text.encode(), "config.yaml")))[0][1]
    assert [(one.code, one.severity) for one in found] == [("LIT001", "error")]


def test_no_secret_of_a_configuration_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "model_list:\n- {model_name: a, litellm_params: {model: gpt-none, api_key: sk-hush-1}, rpm: 1}\n"
        "general_settings: {master_key: hush-2, nonsense: 1, database_url: 'postgres://u:hush-3@h/d'}\n"
        "environment_variables: {SOME_TOKEN: hush-4, LITELLM_SALT_KEY: hush-5}\nnonsense: {license: hush-6}\n"
        "callback_settings: {slack_webhook: 'https://hooks.example/hush-7'}\n"
    )
    for form in ("text", "json", "sarif", "github"):
        assert "hush" not in lint("--format", form, path).stdout


@pytest.mark.parametrize(
    "text",
    [
        "model_list: [{model_name: a, litellm_params: {model: openai/x, extra_headers: 'X-A: hush'}}]\n",
        "model_list: [{model_name: a, litellm_params: {model: openal/x, headers: {X-A: hush}}}]\n",
        "model_list: []\nenvironment_variables: {PATH: hush}\n",
        "model_list: []\nmcp_servers: {a-b: {url: 'https://x', env: {WHO: hush}}}\n",
    ],
)
def test_headers_and_variables_may_be_secret_whatever_their_names(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    told = lint(tmp_path / "config.yaml").stdout
    assert "[LIT" in told
    assert "hush" not in told


def test_variables_that_an_env_file_sets_are_known(tmp_path: Path) -> None:
    path, env = tmp_path / "config.yaml", tmp_path / ".env"
    path.write_text(
        "model_list:\n- {model_name: a, litellm_params: {model: openai/x, api_key: os.environ/K}}\n"
    )
    env.write_text("OTHER=hush\n")
    assert "LIT404" in lint("--env-file", env, path).stdout
    env.write_text("K=hush\n")
    assert "LIT404" not in lint("--env-file", env, path).stdout
    assert "LIT404" not in lint(path).stdout


def test_the_variables_of_the_process_count_where_the_user_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(LIST.replace("}", ", api_key: os.environ/MY_KEY}"))
    told = runner().invoke(lint_command, ["--env", str(path)], env={"MY_KEY": "", "GITHUB_ACTIONS": ""})
    assert "MY_KEY is not set" in told.stdout
    told = runner().invoke(lint_command, ["--env", str(path)], env={"MY_KEY": "k-123", "GITHUB_ACTIONS": ""})
    assert "is not set" not in told.stdout
    assert "k-123" not in told.output
    assert "is not set" not in lint(path).stdout


def test_a_key_that_is_no_text_is_put_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"{LIST}router_settings: {{model_group_alias: {{4: a, on: a}}}}\n")
    lint("--fix", path)
    assert path.read_text() == f'{LIST}router_settings: {{model_group_alias: {{"4": a, "on": a}}}}\n'
