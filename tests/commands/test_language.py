"""The language in which a command speaks: chosen before a word is said, and for every word."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest
from command_runner import runner

from one_adapter.cli import COMMANDS, cli
from one_adapter.commands.spoken import say
from one_adapter.errors import OneAdapterError
from one_adapter.language import chosen, tr, width
from one_adapter.language.libraries import spoken

CHINESE = {"LC_ALL": "zh_CN.UTF-8"}


@pytest.mark.parametrize(
    ("words", "environment", "chinese"),
    [
        (["lint"], {}, False),
        (["lint"], CHINESE, True),
        (["lint", "--lang", "zh"], {}, True),
        (["--lang", "zh", "lint"], {}, True),
        (["--lang=zh", "lint"], {}, True),
        (["lint"], {"ONE_ADAPTER_LANG": "zh"}, True),
        (["lint"], {**CHINESE, "ONE_ADAPTER_LANG": "en"}, False),
        (["lint", "--lang", "en"], {**CHINESE, "ONE_ADAPTER_LANG": "zh"}, False),
        (["lint"], {"ONE_ADAPTER_LANG": ""}, False),
        (["lint", "--", "--lang", "zh"], {}, False),
    ],
)
def test_the_option_is_heard_before_the_variable_and_that_before_the_locale(
    words: list[str], environment: dict[str, str], chinese: bool
) -> None:
    done = runner().invoke(cli, [*words, "no-such-file.json"], env=environment)
    assert done.exit_code == 2
    assert ("错误：" in done.stderr) is chinese
    assert ("Error: " in done.stderr) is not chinese


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_and_wrong_usage_are_chinese_too(name: str) -> None:
    words = [name] if name else []
    helped = runner().invoke(cli, [*words, "--help"], env=CHINESE).stdout
    assert helped.startswith("用法：")
    assert "显示本帮助并退出。" in helped
    assert [line for line in helped.splitlines() if width(line) > 80] == []
    wrong = runner().invoke(cli, [*words, "--no-such-option", "--lang", "zh"]).stderr
    assert "错误：没有选项" in wrong
    assert chosen() == "en"
    assert "Usage: " in runner().invoke(cli, [*words, "--help"]).stdout


@pytest.mark.parametrize(
    "words", [["lint", "--lang", "fr", "x"], ["--lang", "fr", "lint"], ["lint", "--lang"]]
)
def test_a_language_we_lack_ends_in_one_sentence(words: list[str]) -> None:
    done = runner().invoke(cli, words)
    assert done.exit_code == 2
    assert done.stderr.count("Error: ") == 1
    assert "--lang" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_processes_that_are_started_speak_it_and_afterwards_nothing_is_left(language: str) -> None:
    before = dict(os.environ)
    with spoken("zh" if language == "zh" else "en"):
        script = "from one_adapter.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", script, "lint", "no-such-file.json"],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert done.stderr.startswith("错误：" if language == "zh" else "Error: ")
    assert dict(os.environ) == before


def test_what_an_error_quotes_cannot_act_on_a_terminal_in_any_language(
    capsys: pytest.CaptureFixture[str],
) -> None:
    problem = OneAdapterError(tr("Error: {problem}", problem="a\x1b[31m"))
    with spoken("zh"):
        say(problem.message)
    assert capsys.readouterr().out == "错误：a\\u001b[31m\n"
    assert str(problem) == "Error: a\\u001b[31m"


def test_the_option_is_an_option_of_every_command_once() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        for _ in range(2):
            command = cli.get_command(context, name)
            assert command is not None
            assert [one.name for one in command.params].count("lang") == 1
