"""`completion`: what it prints has a shell complete the commands, and needs no shell to be printed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_runner import runner

from one_adapter.cli import COMMANDS, cli

SCRIPT = Path(sys.executable).with_name("one-adapter")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_is_printed_without_any_shell(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = runner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0, done.output
    assert f"_ONE_ADAPTER_COMPLETE={shell}_complete" in done.output


def test_another_shell_is_refused() -> None:
    assert runner().invoke(cli, ["completion", "tcsh"]).exit_code == 2


def completed(*words: str) -> list[str]:
    """What bash offers for the last of these words, after it has read the script."""
    line = " ".join(f"'{word}'" for word in words)
    asked = f"""
      complete() {{ :; }}; compopt() {{ :; }}
      eval "$(one-adapter completion bash)"
      COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}
      _one_adapter_completion one-adapter
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", asked], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None or not SCRIPT.exists(), reason="no bash, or not installed")
def test_bash_completes_commands_options_and_choices() -> None:
    assert completed("one-adapter", "") == [*COMMANDS]
    assert completed("one-adapter", "doc") == ["doctor"]
    assert completed("one-adapter", "export", "x", "--dep") == ["--deploy"]
    assert completed("one-adapter", "explain", "x", "--gateway", "") == ["0.10", "0.12"]
