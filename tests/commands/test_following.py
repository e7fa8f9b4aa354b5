"""What `run` makes of changes of its configuration: a file, the gateway's store, standard input."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from one_adapter.commands import reloading
from one_adapter.commands.reloading import Changes, Exported, reloading_of
from one_adapter.commands.source import accepted, exportable
from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.export.litellm.proxy_config import environment, proxy_config
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language.chosen import speaking
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.naming import loaded
from one_adapter.runtime.reload.watch import Files, Reloading, Told

TABLE = (
    "CREATE TABLE config_revisions "
    "(id INTEGER PRIMARY KEY, config_json TEXT NOT NULL, active INTEGER NOT NULL)"
)


def config(*models: str, key: str = "sk-the-vendors-key", **more: Any) -> str:
    service = {
        "models": [*models],
        "enabled": True,
        "credentials": {"api_key": key},
        "server_url": "https://a.example/v1",
    }
    return json.dumps({"api_key": "sk-client-key", "services": {"openai": [service]}, **more})


def exported(plan: Plan, secrets: Secrets) -> Exported:
    text = proxy_config(plan, secrets, watch=False)
    return Exported(text, loaded(text), environment(secrets, "sk-master"))


def follow(path: Path, watch: bool = True, port: int | None = None) -> Reloading:
    options = Options()
    source = accepted(str(path), options)
    changes = Changes(str(path), options, exported, source.plan, (None, port))
    begun = changes.exported(source.plan, exportable(source, as_written=True))
    return reloading_of(changes, source, begun, watch)


def test_a_generation_has_the_same_fingerprint_in_every_language(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(config("m"), "utf-8")
    english = follow(path).first
    with speaking("zh"):
        assert follow(path).first.fingerprint == english.fingerprint


class Clock:
    """Time that passes with each look of a source, which takes the place of waiting."""

    def __init__(self, found: Reloading) -> None:
        assert isinstance(found.source, Files)
        self.now, self.source = 0.0, found.source
        found.source._clock = lambda: self.now

    def looks(self, seconds: float = 2.5) -> list[Generation | Told]:
        end, found = self.now + seconds, []
        while self.now < end:
            one = self.source.look()
            found += [one] if one is not None else []
            self.now += self.source.pause
        return found

    def names(self, seconds: float = 2.5) -> list[list[str]]:
        return [names(one) for one in self.looks(seconds) if isinstance(one, Generation)]


def names(generation: Generation) -> list[str]:
    models = yaml.safe_load(generation.config)["model_list"]
    return sorted({one["model_name"] for one in models} - {"random"})


class TestFile:
    """The gateway's own file."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        (tmp_path / "config.json").write_text(config("m"))
        return tmp_path / "config.json"

    def test_the_proxy_begins_with_what_the_file_says_and_follows_it(self, path: Path) -> None:
        found = follow(path)
        clock = Clock(found)
        assert (found.first.number, names(found.first), found.watch) == (1, ["m"], True)
        assert found.first.environment[MASTER_KEY] == "sk-master"
        assert yaml.safe_load(found.first.config)["general_settings"][SECTION]["counted"] == ["openai-1"]
        path.write_text(config("m", "n"))
        assert clock.names() == [["m", "n"]]

    def test_what_the_gateway_would_refuse_is_told_as_lint_prints_it(
        self, path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clock = Clock(follow(path))
        path.write_text(config("m", load_balancing="round-robin"))
        (told,) = clock.looks()
        assert isinstance(told, Told)
        assert told.text.startswith(f"not reloaded: {path}: the gateway would refuse this configuration\n")
        assert "[SOA202 unknown-load-balancing]" in told.text
        assert capsys.readouterr().err == ""

    def test_half_a_file_is_waited_for_and_a_file_without_a_model_is_not(self, path: Path) -> None:
        clock = Clock(follow(path))
        path.write_text(config("m")[:40])
        assert clock.looks(2.0) == []
        path.write_text('{"services": {}}')
        (told,) = clock.looks()
        assert isinstance(told, Told)
        assert "not reloaded" in told.text

    def test_what_only_a_start_reads_is_said_unless_the_command_line_said_it(self, path: Path) -> None:
        found, given = follow(path), follow(path, port=9)
        path.write_text(config("m", "n", server_port=":9999", log_level="debug"))
        (one,), (other,) = Clock(found).looks(), Clock(given).looks()
        assert isinstance(one, Generation)
        assert isinstance(other, Generation)
        assert one.notes == ("holds from the next start on: the port 9999 and the log level",)
        assert other.notes == ("holds from the next start on: the log level",)

    def test_an_address_that_changes_with_the_keys_waits_for_a_start(self, path: Path) -> None:
        found = follow(path)
        path.write_text(json.dumps({**json.loads(config("m")), "api_key": ""}))
        (one,) = Clock(found).looks()
        assert isinstance(one, Generation)
        assert one.notes == ("holds from the next start on: the address",)

    def test_a_file_that_is_mounted_alone_is_warned_of(
        self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reloading, "mounted_alone", lambda given: given == str(path))
        follow(path, watch=False)
        assert capsys.readouterr().err == ""
        follow(path)
        assert "mount its folder instead" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["delete", "wal"])
class TestStore:
    """The gateway's config.db, which its console publishes to."""

    @pytest.fixture
    def store(self, tmp_path: Path, mode: str) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(tmp_path / "config.db", isolation_level=None)) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute(TABLE)
            connection.execute("INSERT INTO config_revisions VALUES (1, ?, 1)", (config("m"),))
            yield connection

    def test_a_revision_that_is_published_is_seen_and_one_that_is_not_committed_is_not(
        self, store: sqlite3.Connection, tmp_path: Path
    ) -> None:
        clock = Clock(follow(tmp_path / "config.db"))
        clock.looks(20)
        store.execute("BEGIN IMMEDIATE")
        store.execute("UPDATE config_revisions SET active = 0")
        store.execute("INSERT INTO config_revisions VALUES (2, ?, 1)", (config("m", "published"),))
        assert clock.looks() == []
        store.execute("COMMIT")
        assert clock.names() == [["m", "published"]]
        store.execute("UPDATE config_revisions SET active = id = 1")
        assert clock.names() == [["m"]]

    def test_a_database_that_takes_its_place_is_seen(
        self, store: sqlite3.Connection, tmp_path: Path, mode: str
    ) -> None:
        path = tmp_path / "config.db"
        clock = Clock(follow(path))
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other = tmp_path / "other.db"
        with closing(sqlite3.connect(other, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute(TABLE)
            connection.execute("INSERT INTO config_revisions VALUES (1, ?, 1)", (config("other"),))
        store.close()
        other.replace(path)
        assert clock.names() == [["other"]]

    def test_nothing_is_left_beside_it(self, store: sqlite3.Connection, tmp_path: Path) -> None:
        before = sorted(tmp_path.iterdir())
        clock = Clock(follow(tmp_path / "config.db"))
        store.execute("UPDATE config_revisions SET config_json = ?", (config("m", "n"),))
        assert clock.names() == [["m", "n"]]
        assert sorted(tmp_path.iterdir()) == before


def test_standard_input_is_read_once_and_that_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(config("m"))
    source = accepted(str(path), Options())
    first = exported(source.plan, exportable(source))
    changes = Changes("-", Options(), exported, source.plan, (None, None))
    found = reloading_of(changes, source, first, watch=True)
    assert "standard input cannot be watched" in capsys.readouterr().err
    assert found.watch is False
    assert found.source.look() is None
    found.source.refused()
    assert found.source.look(asked=True) == Told("nothing is reloaded: standard input cannot be read again")
    reloading_of(changes, source, first, watch=False)
    assert capsys.readouterr().err == ""
