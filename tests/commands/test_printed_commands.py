"""Commands that are printed for people work as they are printed, in the shell they are printed for."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from one_adapter.cli import cli

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
#: In a line of a fenced block, or between backticks in the text.
PRINTED = re.compile(r"(?:^|`|\A)((?:one-adapter |set -a; )[^`\n]+)(?=`|$)", re.MULTILINE)
#: The commands that neither start a server nor ask one.
OFFLINE = ("explain", "export", "lint", "schema")
#: Stands for LiteLLM's own command: says where it would listen, and fails without its file or its master key.
STAND_IN = """#!/bin/sh
[ -f "$2" ] && [ -n "$LITELLM_MASTER_KEY" ] && echo "$@"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like a checkout, with a `config.json` of one's own, and a stand-in for LiteLLM's command."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "mistakes.json", tmp_path / "docs")
    shutil.copy(ROOT / "examples" / "guide.json", tmp_path / "config.json")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "litellm").write_text(STAND_IN, encoding="utf-8")
    (tmp_path / "bin" / "litellm").chmod(0o755)
    return tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOA_", "LITELLM_"))}
    environment = {**clean, "PATH": path}
    return subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, encoding="utf-8", cwd=folder, env=environment
    )


def check(line: str, folder: Path) -> None:
    """Run a line that only reads and writes files; of any other command, try whether it takes these words."""
    program, name, *_ = line.split()
    if program == "one-adapter" and name not in OFFLINE:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        context = command.make_context(name, shlex.split(line)[2:])
        assert name != "run" or (folder / context.params["config"]).is_file(), line
        return
    done = shell(line, folder)
    # The linter's example has mistakes in it, and that is what it is shown for.
    assert done.returncode == ("docs/mistakes.json" in line), f"{line}\n{done.stderr}"


def lines_of(text: str) -> Iterator[str]:
    """The commands in a text; `one-adapter run` alone names a command and is none."""
    for found in PRINTED.finditer(text):
        if len(found[1].split()) > 2:
            yield found[1].strip()


def test_the_commands_of_the_readmes_work(folder: Path) -> None:
    lines, chinese = ([*lines_of((ROOT / name).read_text(encoding="utf-8"))] for name in READMES)
    assert lines == chinese
    assert {line.split()[1] for line in lines if line.startswith("one-adapter")} >= {
        *("lint", "explain", "export", "run", "schema"),
    }
    assert any(line.startswith("set -a;") for line in lines)
    # The file of a reader who runs LiteLLM already.
    (folder / "config.yaml").write_text("model_list: []\n", encoding="utf-8")
    for line in lines:
        check(line, folder)


def test_the_try_out_keeps_off_the_gateways_port() -> None:
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--dry-run --port 9091" in text
        assert "127.0.0.1:9090" not in text


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize(
    ("source", "output"), [("config.json", "."), ("my config.json", "litellm/"), ("it's.json", "my proxy")]
)
def test_the_commands_of_a_report_work(source: str, output: str, pure: bool, folder: Path) -> None:
    if source != "config.json":
        shutil.copy(folder / "config.json", folder / source)
    words = [
        "one-adapter",
        "export",
        source,
        "-o",
        output,
        "--report",
        "r.json",
        *(["--pure"] if pure else []),
    ]
    done = shell(f"{shlex.join(words)} && mv r.json report.json", folder)
    assert done.returncode == 0, done.stderr
    commands = [each["command"] for each in json.loads((folder / "report.json").read_text("utf-8"))["start"]]
    assert commands[0].startswith("pip install ")
    assert len(commands) == (2 if pure else 4)
    for line in commands[1:]:
        check(line, folder)
    assert f"Start it: {commands[-1]}" in done.stderr.splitlines()
    config = "config.yaml" if output == "." else f"{output.rstrip('/')}/config.yaml"
    started = shell(commands[-1], folder)
    assert (started.returncode, started.stdout) == (0, f"--config {config} --port 9090\n")


@pytest.mark.parametrize(("port", "aside"), [(":9090", 9091), (":9091", 9092)])
def test_the_try_out_of_a_report_keeps_off_the_gateways_port(port: str, aside: int, folder: Path) -> None:
    text = (folder / "config.json").read_text("utf-8")
    old = json.loads(text)["server_port"]
    (folder / "config.json").write_text(text.replace(f'"{old}"', f'"{port}"'), "utf-8")
    done = shell("one-adapter export config.json -o proxy --report report.json", folder)
    assert done.returncode == 0, done.stderr
    commands = [each["command"] for each in json.loads((folder / "report.json").read_text("utf-8"))["start"]]
    assert f"one-adapter run config.json --dry-run --port {aside}" in commands
