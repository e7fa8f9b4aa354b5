"""What `run` is told to record reaches the processes by variables; what cannot be is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from one_adapter.cli import cli
from one_adapter.commands.recording import recorded
from one_adapter.errors import OneAdapterError


def test_what_is_wanted_is_in_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert recorded(None, False, None) == {}
    assert recorded("log", True, None) == {
        "ONE_ADAPTER_ACCESS_LOG": str(tmp_path / "log"),
        "ONE_ADAPTER_METRICS": "1",
    }
    assert recorded("-", False, 9100) == {
        "ONE_ADAPTER_ACCESS_LOG": "-",
        "ONE_ADAPTER_METRICS": "1",
        "ONE_ADAPTER_METRICS_PORT": "9100",
    }


def test_numbers_without_what_tells_them_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("one_adapter.commands.recording.find_spec", lambda _: None)
    with pytest.raises(OneAdapterError, match="pip install prometheus-client"):
        recorded(None, True, None)


def test_a_log_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["run", "config.json", "--access-log", str(tmp_path)])
    assert done.exit_code == 2
    assert "cannot be written: Is a directory." in str(done.exception or "") + done.output
