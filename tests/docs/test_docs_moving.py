"""docs/moving.md: every command of it is run, or is at least one that there is."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click
import pytest
from configurations import openai, service

from one_adapter.cli import cli
from one_adapter.export.deploy.deployment import BESIDE, IMAGE
from one_adapter.export.deploy.systemd import OLD_SERVICE, SERVICE

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "moving.md", ROOT / "docs" / "zh" / "moving.md"]
BLOCK = re.compile(r"(?:<!-- (\w+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
#: A call of one of our commands, by its program or its image.
ASKED = re.compile(
    rf"(?:one-adapter|{re.escape(IMAGE)}) ((?:lint|explain|export|verify|run|doctor)\b[^&|#]*)"
)
#: The port of the page's examples, and how long a proxy may take to start on a machine that does much else.
PORT, SECONDS = "9091", 240.0


def blocks(page: Path = PAGES[0]) -> list[tuple[str, str]]:
    """The page's commands, each with its mark."""
    return [(mark, text) for mark, kind, text in BLOCK.findall(page.read_text("utf-8")) if kind == "sh"]


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_every_block_is_run_or_parsed_the_same_in_each_language(page: Path) -> None:
    assert {mark for mark, _ in blocks(page)} == {"run", "start", "parse"}
    assert len(blocks(page)) == len(BLOCK.findall(page.read_text("utf-8")))

    def bare(text: str) -> str:
        return re.sub(r"\s*#.*", "", text)

    def commands(of: Path) -> list[tuple[str, str]]:
        return [(mark, bare(text)) for mark, text in blocks(of)]

    assert commands(page) == commands(PAGES[0])


@pytest.mark.parametrize("text", [text for _, text in blocks()], ids=range(len(blocks())))
def test_a_block_is_one_that_a_shell_and_one_adapter_can_read(text: str) -> None:
    subprocess.run(["bash", "-n", "-c", text], check=True)
    for line in text.replace("\\\n", " ").splitlines():
        for words in ASKED.findall(line):
            name, *rest = words.split()
            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            command.make_parser(click.Context(command)).parse_args(rest)


def test_names_are_those_of_what_is_written() -> None:
    text = PAGES[0].read_text("utf-8")
    assert f"docker build -t {IMAGE} ." in text
    assert f"systemctl enable --now {SERVICE} " in text
    assert f"systemctl disable {OLD_SERVICE.partition('.')[0]}\n" in text
    assert f"`{BESIDE}/config.json`" in text


@pytest.mark.proxy
def test_the_page_is_played_from_the_first_block_to_the_last(tmp_path: Path, unused_tcp_port: int) -> None:
    config = openai(service("deepseek-chat", limit={"qpm": 30}), api_key="sk-my-clients-key")
    source = tmp_path / "config.json"
    source.write_text(json.dumps(config), "utf-8")
    source.chmod(0o600)
    with sqlite3.connect(tmp_path / "config.db") as connection:
        connection.execute("CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json, active)")
        revision = "INSERT INTO config_revisions (config_json, active) VALUES (?, 1)"
        connection.execute(revision, (json.dumps(config),))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    said, process, log = "", None, tmp_path / "log"
    try:
        for mark, text in blocks():
            line = text.replace(PORT, str(unused_tcp_port))
            with log.open("ab") as out:
                play = {"cwd": tmp_path, "env": environment, "stdout": out, "stderr": out}
                if mark == "run":
                    code = subprocess.call(["bash", "-e", "-c", line], **play)  # type: ignore[call-overload]
                    said = log.read_text("utf-8", "replace")
                    assert code == 0, f"{line}\n{said}"
                elif mark == "start":
                    process = subprocess.Popen(["bash", "-c", f"exec {line}"], **play)  # type: ignore[call-overload]
                    wait(process, unused_tcp_port, log)
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    assert '"id":"deepseek-chat"' in said.replace('": "', '":"')
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"report.html", "litellm/config.yaml", "helm/values.yaml"} <= written
    assert {"one-adapter/compose.yaml", "one-adapter/.env", "one-adapter/etc/config.json"} <= written
    assert json.loads(source.read_text("utf-8")) == config


def wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10):
                return
        except (URLError, OSError):
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.2)
