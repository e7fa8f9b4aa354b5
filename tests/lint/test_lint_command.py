"""The commands `lint` and `schema`, as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from one_adapter.commands import lint as commands
from one_adapter.commands.lint import lint_command, schema_command

ENTRY = '{"models": ["gpt-4o"], "enabled": true, "credentials": {"api_key": "sk-1a2b"}}'
GOOD = f'{{"services": {{"openai": [{ENTRY}]}}}}'
WARNED = GOOD[:-1] + ', "zzz": 1}'
REFUSED = GOOD[:-1] + ', "load_balancing": "weighted"}'


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs the tests decides how findings look."""
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def lint(*words: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(lint_command, words, input=stdin, env=environment)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("good.json", GOOD), ("warned.json", WARNED), ("refused.json", REFUSED)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["good.json"], 0),
        (["warned.json"], 0),
        (["warned.json", "--fail-on", "warning"], 1),
        (["good.json", "--fail-on", "info"], 0),
        (["refused.json"], 1),
        (["good.json", "refused.json"], 1),
        (["refused.json", "--ignore", "SOA202"], 0),
        (["refused.json", "--ignore", "unknown-load-balancing:/load_balancing"], 0),
        (["refused.json", "--ignore", "SOA202:/services"], 1),
        (["refused.json", "--select", "SOA1"], 0),
        (["refused.json", "--select", "SOA1,SOA202"], 1),
        (["missing.json"], 2),
        (["missing.json", "refused.json"], 2),
        ([], 2),
        (["good.json", "--ignore", "SOA999"], 2),
        (["good.json", "--select", ""], 0),
        (["--explain", "SOA202"], 0),
        (["--explain", "nonsense"], 2),
    ],
)
@pytest.mark.usefixtures("files")
def test_the_exit_code_tells_the_outcome(words: list[str], code: int) -> None:
    assert lint(*words).exit_code == code


@pytest.mark.usefixtures("files")
def test_a_missing_file_does_not_keep_the_others_from_being_judged() -> None:
    result = lint("missing.json", "refused.json")
    assert "missing.json: there is no such file" in result.output
    assert "SOA202" in result.stdout


def test_standard_input_is_read_under_a_name_of_its_own() -> None:
    result = lint("-", stdin=REFUSED)
    assert result.stdout.startswith("<stdin>:1:")
    assert result.exit_code == 1


@pytest.mark.usefixtures("files")
def test_a_pointer_covers_what_stands_below_it() -> None:
    words = ["warned.json", "--fail-on", "warning"]
    assert lint(*words, "--ignore", "SOA101:/zz").exit_code == 1
    assert lint(*words, "--ignore", "SOA101:").exit_code == 0
    assert lint(*words, "--ignore", "SOA101:/zzz").exit_code == 0


def test_a_pointer_may_have_a_comma_in_it(files: Path) -> None:
    (files / "comma.json").write_text(GOOD[:-1] + ', "a,b": 1, "c": 2}')
    result = lint("comma.json", "--ignore", "SOA101:/a,b,SOA101:/c", "--fail-on", "warning")
    assert result.exit_code == 0


def test_a_folder_is_searched_for_configurations_only(files: Path) -> None:
    (files / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    (files / "package.json").write_text('{"name": "x"}')
    (files / "tool.json").write_text('{"about": "services"}')
    (files / "broken.yml").write_text("services: [\n")
    (files / "wide.yaml").write_text("services: {openai: []}", encoding="utf-16")
    for folder in (".git", "node_modules", "sub"):
        (files / folder).mkdir()
        (files / folder / "config.json").write_text(REFUSED)
    report = json.loads(lint(".", "good.json", "--format", "json").stdout)
    assert report["files"] == [
        "broken.yml",
        "good.json",
        "refused.json",
        "warned.json",
        "wide.yaml",
        "sub/config.json",
    ]


def test_a_folder_without_a_configuration_is_an_error(tmp_path: Path) -> None:
    result = lint(str(tmp_path))
    assert result.exit_code == 2
    assert "no simple-one-api configuration in this folder" in result.output


def test_a_file_in_a_folder_that_cannot_be_read_is_told(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("one_adapter.config.document.LARGEST_FILE_BYTES", 200)
    (files / "huge.json").write_text(" " * 300)
    result = lint(str(files), "--format", "json")
    assert result.exit_code == 2
    assert "huge.json" in result.output


@pytest.mark.usefixtures("files")
def test_annotations_are_the_habit_inside_github_actions() -> None:
    assert "::error file=refused.json" in lint("refused.json", GITHUB_ACTIONS="true").stdout
    assert "::error" not in lint("refused.json", "--format", "text", GITHUB_ACTIONS="true").stdout
    assert json.loads(lint("refused.json", "--format", "sarif").stdout)["version"] == "2.1.0"


class Terminal:
    """Standard output of a terminal, as far as colours ask."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_that_want_them(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert commands._colour() is coloured


@pytest.mark.usefixtures("files")
def test_colours_change_nothing_but_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = lint("refused.json").stdout
    assert "\x1b" not in plain
    monkeypatch.setattr(commands, "_colour", lambda: True)
    coloured = CliRunner().invoke(lint_command, ["refused.json"], color=True).stdout
    assert "\x1b[1;31merror:" in coloured
    import click

    assert click.unstyle(coloured) == plain


def test_a_rule_explains_itself() -> None:
    shown = lint("--explain", "redirects-reversed").stdout
    assert shown.startswith("# SOA301 redirects-reversed")
    assert "## What the gateway does" in shown
    assert "| SOA301 |" in lint("--explain", "all").stdout


def test_schema_prints_the_schema() -> None:
    shown = CliRunner().invoke(schema_command, []).stdout
    assert json.loads(shown)["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.slow
@pytest.mark.parametrize("text", [GOOD, REFUSED, '{"services": {"openai": [{"models": 5}]}}'])
def test_linting_never_imports_litellm(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    code = (
        "import sys\n"
        "from one_adapter.lint import judge, render_text\n"
        "from one_adapter.config.document import load\n"
        "document = load(sys.argv[1])\n"
        "render_text(judge(document), document)\n"
        "print([name for name in ('litellm', 'openai', 'yaml') if name in sys.modules], end=' ')\n"
        "print('jsonschema' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
    )
    assert done.stdout.split() == ["[]", str('"models": 5' in text)]


def test_a_terminal_without_chinese_gets_the_findings_all_the_same(files: Path) -> None:
    (files / "chinese.json").write_text(GOOD[:-1] + ', "智谱": 1}', encoding="utf-8")
    code = "from one_adapter.commands.lint import lint_command; lint_command(['chinese.json'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        cwd=files,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0
    assert b"\\u667a\\u8c31" in done.stdout
