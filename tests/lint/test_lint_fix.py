"""`lint --fix` and `--diff`: only what is sure, by spans, and nothing that brings a new finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from command_runner import runner
from hypothesis import given, settings
from hypothesis import strategies as st

from one_adapter.commands.lint import lint_command
from one_adapter.config.document import parse
from one_adapter.config.litellm_file import parse_litellm
from one_adapter.errors import OneAdapterError
from one_adapter.lint.fixes import is_slip
from one_adapter.lint.fixing import diff, fixed, write
from one_adapter.lint.judging import Judge

JUDGE = Judge()


def lint(*words: str | Path) -> Result:
    return runner().invoke(lint_command, [str(word) for word in words], env={"GITHUB_ACTIONS": ""})


def put_right(text: str) -> str:
    """A configuration of LiteLLM after --fix."""
    return fixed(parse_litellm(text.encode(), "x.yaml"), lambda one: JUDGE(one)[0].findings).after.text


def deployment(*lines: str) -> str:
    inner = "".join(f"    {line}\n" for line in lines)
    return f"model_list:\n- model_name: a  # the first\n  litellm_params:\n{inner}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            deployment("model: azure/g", "api_base: https://a.example", "api_version: 2024-06-01 # day"),
            deployment("model: azure/g", "api_base: https://a.example", 'api_version: "2024-06-01" # day'),
        ),
        (
            deployment("model: openai/x", "api_base: 'https://a.example/v1/chat/completions'"),
            deployment("model: openai/x", "api_base: 'https://a.example/v1'"),
        ),
        (
            deployment("model: anthropic/x", "api_base: https://a.example/v1"),
            deployment("model: anthropic/x", "api_base: https://a.example"),
        ),
        (
            deployment("model: openai/x", "api_key: ${KEY}"),
            deployment("model: openai/x", "api_key: os.environ/KEY"),
        ),
        (
            deployment("model: openai/x", "api_key: os.environ.KEY"),
            deployment("model: openai/x", "api_key: os.environ/KEY"),
        ),
        (
            "model_list:\n- model-name: a\n  litellm_params: {model: openai/gpt-4o}\n",
            "model_list:\n- model_name: a\n  litellm_params: {model: openai/gpt-4o}\n",
        ),
        (
            deployment("model: openai/x") + "router_settings:\n  num_retires: 3\n",
            deployment("model: openai/x") + "router_settings:\n  num_retries: 3\n",
        ),
        (
            deployment("model: openai/x") + "general_setting:\n  master_key: os.environ/K\n",
            deployment("model: openai/x") + "general_settings:\n  master_key: os.environ/K\n",
        ),
        (
            deployment("model: openai/x") + "router_settings:\n  default_fallbacks: a\n",
            deployment("model: openai/x") + "router_settings:\n  default_fallbacks: [a]\n",
        ),
    ],
    ids=["date", "path", "v1", "braces", "dot", "dash", "slip", "section", "list"],
)
def test_what_is_sure_is_put_right_and_nothing_else_is_touched(before: str, after: str) -> None:
    assert put_right(before) == after


def test_a_mapping_of_fallbacks_becomes_a_list_whatever_its_style() -> None:
    models = deployment("model: openai/x") + "- model_name: b\n  litellm_params: {model: openai/y}\n"
    block = "router_settings:\n  fallbacks:\n    a: # first\n      - b\n"
    listed = "router_settings:\n  fallbacks:\n    - a: # first\n        - b\n"
    assert put_right(models + block) == models + listed
    flow = "router_settings: {fallbacks: {a: [b]}}\n"
    assert put_right(models + flow) == models + "router_settings: {fallbacks: [{a: [b]}]}\n"


@pytest.mark.parametrize(
    "text",
    [
        deployment("model: openai/x", "api_key: ${KEY:-sk-1234}"),
        deployment("model: openal/x"),
        deployment("model: gpt-99"),
        deployment("model: openai/x", "timeout: 60000"),
        deployment("model: openai/x") + "router_settings: {num_retires: 3, num_retries: 2}\n",
        "model_list: [\n",
    ],
)
def test_what_the_user_must_say_stays_as_it_is(text: str) -> None:
    assert put_right(text) == text


def test_what_would_bring_a_new_finding_is_not_changed() -> None:
    text = deployment("model: openai/x") + "router_setting: {num_retries: 3}\nrouter_settings: {timeout: 5}\n"
    document = parse_litellm(text.encode(), "x.yaml")
    assert [one.code for one in JUDGE(document)[0].findings if one.severity == "warning"] == ["LIT101"]
    assert put_right(text) == text


def test_one_change_that_does_harm_keeps_no_other_from_being_made() -> None:
    references = "".join(
        f"- {{model_name: a{n}, litellm_params: {{model: openai/x, api_key: os.env/K{n}}}}}\n"
        for n in range(9)
    )
    twice = "router_setting: {num_retries: 3}\nrouter_settings: {timeout: 5}\n"
    once = put_right(f"model_list:\n{references}{twice}")
    assert "os.env/" not in once
    assert put_right(once) == once


def test_a_file_of_the_gateway_is_put_right_too(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    service = '{"modles": ["gpt-4o"], "enabled": "true", "credentials": {"api_key": "sk-1a2b3c4d5e"}}'
    path.write_text(f'\ufeff{{"services": {{"openai": [{service}]}}}}', encoding="utf-8")
    done = lint("--fix", path)
    assert "put right" in done.stderr
    text = path.read_text(encoding="utf-8")
    assert '"enabled": true' in text
    assert '"models": ["gpt-4o"]' in text
    assert not text.startswith("\ufeff")
    assert (done.exit_code, lint("--fix", path).stderr) == (0, "")


def test_a_diff_changes_nothing_and_shows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    base = "https://a.example/v1"
    text = deployment("model: openai/x", "api_key: sk-not-for-others-1", f"api_base: {base}/chat/completions")
    path.write_text(text + "general_settings: {master_key: sk-nobody-may-see}\n", encoding="utf-8")
    done = lint("--diff", path)
    assert "-      api_base" not in done.stdout
    assert "+    api_base: https://a.example/v1\n" in done.stdout
    assert "sk-" not in done.stdout.replace("sk-ant", "")
    assert path.read_text(encoding="utf-8").startswith(text)
    assert lint("--diff", "--select", "LIT211", path).stdout == ""


def test_line_ends_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "real.yaml", tmp_path / "config.yaml"
    path.write_bytes(deployment("model: openai/x", "api_key: ${KEY}").replace("\n", "\r\n").encode())
    link.symlink_to(path)
    lint("--fix", link)
    assert link.is_symlink()
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n")
    assert b"os.environ/KEY\r\n" in path.read_bytes()


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    text = deployment("model: openai/x", "api_key: ${KEY}")
    path.write_text("other: 1\n", encoding="utf-8")
    one = fixed(parse_litellm(text.encode(), str(path)), lambda other: JUDGE(other)[0].findings)
    with pytest.raises(OneAdapterError, match="not as it was read"):
        write(one)
    assert path.read_text(encoding="utf-8") == "other: 1\n"


def test_standard_input_can_only_be_shown() -> None:
    done = runner().invoke(lint_command, ["--fix", "-"], input=deployment("model: openai/x", "api_key: ${K}"))
    assert done.exit_code == 2
    assert "only a file" in done.stderr


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ab", "ba", True),
        ("abc", "ab", True),
        ("ab", "ab", False),
        ("abc", "axc", True),
        ("abcd", "badc", False),
    ],
)
def test_a_slip_is_one_letter(one: str, other: str, same: bool) -> None:
    assert is_slip(one, other) is same
    assert is_slip(other, one) is same


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("model_list:-\n {}[]aoiv1/$K\"'#&*,"), max_size=80))
def test_any_text_is_put_right_or_left_and_a_second_time_changes_nothing(text: str) -> None:
    for document in (parse_litellm(text.encode(), "x.yaml"), parse(text.encode(), "x.json")):
        after = fixed(document, lambda one: JUDGE(one)[0].findings)
        assert diff(after) == "" or after.after.text != text
        again = fixed(after.after, lambda one: JUDGE(one)[0].findings)
        assert again.after.text == after.after.text


MISPLACED = """model_list:
- model_name: a  # the first
  litellm_params:
    model: openai/gpt-5.4
    supports_vision: true  # it sees
  rpm: 5
general_settings:
  # of the proxy
  drop_params: true
  master_key: os.environ/MASTER_KEY
  routing_strategy_args:
    # in seconds
    ttl: 10
# of the router
router_settings:
    num_retries: 3

# the end
"""
PLACED = """model_list:
- model_name: a  # the first
  litellm_params:
    model: openai/gpt-5.4
    rpm: 5
  model_info:
    supports_vision: true  # it sees
general_settings:
  # of the proxy
  master_key: os.environ/MASTER_KEY
# of the router
router_settings:
    num_retries: 3
    routing_strategy_args:
      # in seconds
      ttl: 10
litellm_settings:
  drop_params: true

# the end
"""


def test_settings_are_moved_to_where_they_count_only_where_the_user_says_unsafe(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(MISPLACED)
    lint("--fix", path)
    assert path.read_text() == MISPLACED
    assert "+    rpm: 5\n" in lint("--diff", "--unsafe", path).stdout
    assert path.read_text() == MISPLACED
    for _ in range(2):
        lint("--fix", "--unsafe", path)
        assert path.read_text() == PLACED
    assert lint("--unsafe", path).exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "general_settings: {drop_params: true}\nlitellm_settings:\n  json_logs: true\n",
        "general_settings:\n  drop_params: true\nlitellm_settings: {json_logs: true}\n",
        "general_settings:\n  drop_params: true\nlitellm_settings:\n  drop_params: false\n",
        "general_settings:\n  num_retries: 3\n",
        "general_settings:\n  max_budget: 3\n",
        "x: &x\n  json_logs: true\ngeneral_settings:\n  drop_params: true\nlitellm_settings: *x\n",
        "x: &x [a]\ngeneral_settings:\n  json_logs: true\n"
        "litellm_settings:\n  y: {b: 1}\n  modify_params:\n    z: *x\n",
        "model_list:\n- rpm: 5\n  model_name: a\n  litellm_params:\n    model: openai/gpt-5.4\n",
    ],
    ids=[
        "braces",
        "into braces",
        "there already",
        "two sections",
        "a new finding",
        "alias",
        "inner alias",
        "dash",
    ],
)
def test_what_is_not_plain_to_move_stays_where_it_is(text: str) -> None:
    before = parse_litellm(text.encode(), "config.yaml")
    assert fixed(before, lambda one: JUDGE(one)[0].findings, unsafe=True).after is before
