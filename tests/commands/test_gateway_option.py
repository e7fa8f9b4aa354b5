"""`--gateway`: one option of every command that reads a configuration."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from one_adapter.cli import cli

READERS = ("lint", "explain", "export", "run")
COMMANDS = (*READERS, "schema")


def call(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, words, env=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_version_nobody_knows_ends_in_a_sentence_that_lists_those_known(command: str) -> None:
    result = call(command, "--gateway", "0.9")
    assert result.exit_code == 2
    assert "'0.9' is not one of '0.10', '0.12'." in result.output


@pytest.mark.parametrize("command", READERS)
def test_the_environment_chooses_where_the_command_line_does_not(command: str) -> None:
    assert "is not one of" in call(command, "missing.json", ONE_ADAPTER_GATEWAY="0.9").output
    words = (command, "missing.json", "--gateway", "0.10")
    assert "there is no such file" in call(*words, ONE_ADAPTER_GATEWAY="0.9").output
    assert "there is no such file" in call(command, "missing.json", ONE_ADAPTER_GATEWAY="").output


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_says_which_version_counts_without_it(command: str) -> None:
    shown = " ".join(call(command, "--help").output.split())
    assert "[env var: ONE_ADAPTER_GATEWAY; default: 0.12]" in shown
