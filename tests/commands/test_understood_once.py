"""A configuration is understood once, and what was understood is handed on: counted, for every command."""

from __future__ import annotations

import socket
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from command_runner import runner

from one_adapter.cli import cli
from one_adapter.config.document import parse
from one_adapter.config.reading import read_gateway
from one_adapter.export.report.names import shown_names
from one_adapter.plan.ledger.ledger import ledger_of
from one_adapter.plan.redirects import names_of
from one_adapter.plan.vendors import embedding_upstream_of, upstream_of

CONFIG = str(Path(__file__).resolve().parents[2] / "examples" / "guide.json")
#: What is found out of a whole configuration, and what of one call of a service's.
OF_A_FILE = (parse, read_gateway, names_of, ledger_of, shown_names)
OF_A_CALL = (upstream_of, embedding_upstream_of)
WATCHED = {function.__code__: function.__name__ for function in (*OF_A_FILE, *OF_A_CALL)}


def calls_of(*arguments: str) -> Counter[tuple[str, ...]]:
    """How often each of the watched functions was called by a command, for which service and model."""
    found: Counter[tuple[str, ...]] = Counter()

    def note(frame: FrameType, event: str, _: Any) -> None:
        name = WATCHED.get(frame.f_code) if event == "call" else None
        if name is not None:
            given = frame.f_locals
            call = (
                (given["service"].pointer, str(given["credential"]), given["model"])
                if "model" in given
                else ()
            )
            found[(name, *call)] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        runner().invoke(cli, arguments)
    finally:
        sys.setprofile(before)
    return found


def assert_once(calls: Counter[tuple[str, ...]], *names: str) -> None:
    assert {name for name, *_ in calls} == {*names}
    assert {call: number for call, number in calls.items() if number > 1} == {}


DECIDED = ("parse", "read_gateway", "names_of", "ledger_of", "upstream_of", "embedding_upstream_of")


def test_lint_reads_what_a_configuration_says_once() -> None:
    assert_once(calls_of("lint", CONFIG), "parse", "read_gateway")


@pytest.mark.parametrize("command", ["explain", "doctor"])
def test_a_command_finds_names_and_calls_once(command: str) -> None:
    assert_once(calls_of(command, CONFIG), *DECIDED)


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_an_export_with_its_report_finds_names_and_calls_once(tmp_path: Path, form: str) -> None:
    calls = calls_of("export", CONFIG, "-o", f"{tmp_path}/new", "--report", f"{tmp_path}/report.{form}")
    assert_once(calls, *DECIDED, "shown_names")


def test_a_comparison_with_an_exported_file_finds_names_and_calls_once(tmp_path: Path) -> None:
    calls_of("export", CONFIG, "-o", str(tmp_path))
    assert_once(calls_of("verify", CONFIG, "--exported", f"{tmp_path}/config.yaml"), *DECIDED)


@pytest.mark.parametrize("command", ["run", "verify"])
def test_whatever_starts_a_proxy_finds_names_and_calls_once_before(command: str) -> None:
    """The one ends at a port that is taken, the other at an old program that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = {"run": ["--host", "127.0.0.1", "--port", port], "verify": ["--old-binary", "/no/such"]}
        assert_once(calls_of(command, CONFIG, *options[command]), *DECIDED)
