"""docs/operating.md: its commands print what it says, its metrics and fields are those that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest

from one_adapter.cli import cli
from one_adapter.contract import SETTINGS_FIELDS
from one_adapter.runtime.record.access_log import line
from one_adapter.runtime.record.exposition import exposed
from one_adapter.runtime.record.finished import ENDS, Finished
from one_adapter.runtime.record.gauges import Gauges
from one_adapter.runtime.record.tally import Numbers
from one_adapter.runtime.record.tokens import Tokens

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "operating.md").read_text("utf-8")
EXAMPLES = re.findall(r"<!-- run -->\n```sh\n(.*?)\n```\n\n```text\n(.*?)\n```", PAGE, re.DOTALL)
START = datetime.fromisoformat("2026-11-26T08:00:00+00:00").timestamp()


def request(at: float, tokens: Tokens = Tokens(), **fields: Any) -> bytes:  # noqa: B008
    told: dict[str, Any] = {"kind": "chat", "total": 1.0, "status": 200, "end": "answered", **fields}
    return line(Finished(**told), tokens, START + at + 1.0)


ONE = {"key": "fcbd5fa622e5", "key_name": "SOA_CLIENT_KEY_1", "service": "deepseek", "credential": "key-1"}
TWO = {"key": "0123456789ab", "key_name": "SOA_CLIENT_KEY_2", "service": "claude-1", "credential": 0}
LOG = [
    request(0, Tokens(500, 100, 600), **ONE, model="deepseek-chat", first=0.41),
    request(1, Tokens(500, 100, 600), **ONE, model="deepseek-chat", first=0.3),
    request(2, Tokens(80), **TWO, model="claude", first=0.9, stream=True, end="upstream_fault"),
    request(3, **TWO, model="claude", status=429, end="refused", waited=2.0),
    request(
        4,
        Tokens(500, 150, 650),
        **{**ONE, "credential": "key-2"},
        model="deepseek-chat",
        first=0.2,
        tries=(("key-1", 429),),
    ),
    request(60, status=401, end="refused"),
]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_a_command_prints_what_the_page_says(tmp_path: Path, number: int) -> None:
    command, printed = EXAMPLES[number]
    assert shutil.which("jq"), "jq is needed: apt-get install jq"
    (tmp_path / "access.log").write_bytes(b"".join(LOG))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.stdout.rstrip("\n"), done.stderr) == (printed, "")


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("<!-- run -->") == 7


def test_every_field_of_a_line_has_its_row_and_no_other() -> None:
    table = PAGE.partition("| field | what it says |")[2].partition("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    found = json.loads(line(Finished("chat", 0.0), Tokens(), START, worker=1))
    assert told == set(found)


def test_every_way_to_end_is_told() -> None:
    row = next(row for row in PAGE.splitlines() if row.startswith("| `end` |"))
    assert [end for end in ENDS if f"`{end}`" not in row] == []


def test_every_metric_has_its_row_and_no_other() -> None:
    body, _ = exposed(Numbers(), [(1, Gauges())])
    there = set(re.findall(r"^# TYPE (\w+) ", body.decode(), re.MULTILINE))
    told = {
        name
        for row in PAGE.partition("| metric | labels |")[2].partition("\n\n")[0].splitlines()
        for name in re.findall(r"`(one_adapter_\w+)`", row.split(" | ")[0])
    }
    assert told == there
    asked = {name.removesuffix("_bucket") for name in re.findall(r"one_adapter_[a-z_]+", PAGE)}
    assert asked - there == set()


@pytest.mark.parametrize("name", ["operating.md", "scaling.md"])
def test_every_option_that_a_page_names_is_one_of_run(name: str) -> None:
    command = cli.get_command(click.Context(cli), "run")
    assert command is not None
    there = {word for one in command.params for word in (*one.opts, *one.secondary_opts)}
    text = re.sub(r"```(nginx|haproxy).*?```", "", (DOCS / name).read_text("utf-8"), flags=re.DOTALL)
    told = set(re.findall(r"(?<![\w-])(?<!-- )--[a-z][a-z-]+", text))
    assert told
    assert told - there == set()


@pytest.mark.parametrize("name", ["operating.md", "scaling.md", "model-info.md"])
def test_every_place_that_a_page_points_to_is_there(name: str) -> None:
    for file, anchor in re.findall(r"\]\(([\w./-]*\.md)(?:#([\w-]+))?\)", (DOCS / name).read_text("utf-8")):
        page = (DOCS / file).read_text("utf-8")
        headings = [one.lower().replace(" ", "-") for one in re.findall(r"^#+ (.+)$", page, re.MULTILINE)]
        kept = [re.sub(r"[^\w-]", "", one) for one in headings]
        assert not anchor or anchor in kept, f"{file}#{anchor}"


def test_every_setting_that_the_page_names_is_one() -> None:
    text = (DOCS / "scaling.md").read_text("utf-8")
    assert set(re.findall(r"`(redis\w*)(?::[^`]*)?`", text)) <= set(SETTINGS_FIELDS)
