"""The gateway's SQLite store as a source: what it runs by, read without touching it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_runner import runner
from configurations import load_source

from one_adapter.commands.lint import lint_command
from one_adapter.config.document import Document
from one_adapter.config.store import is_store, read_store, stale_sibling
from one_adapter.config.wal import laid_over
from one_adapter.errors import OneAdapterError

TABLE = """
CREATE TABLE config_revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, created_at DATETIME, source TEXT, note TEXT, checksum TEXT,
  config_json TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 0
)
"""
INSERT = "INSERT INTO config_revisions (config_json, active) VALUES (?, ?)"


def revision(name: str) -> dict[str, Any]:
    return {"services": {"openai": [{"id": name, "models": ["模型"]}]}}


@contextmanager
def writer(path: Path, mode: str = "delete") -> Iterator[sqlite3.Connection]:
    """A connection as the gateway has one; rolls back what was not committed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        yield connection


def store(path: Path, *revisions: tuple[object, int]) -> Path:
    with writer(path) as connection:
        connection.execute(TABLE)
        for config, active in revisions:
            text = config if isinstance(config, str | bytes) else json.dumps(config, ensure_ascii=False)
            connection.execute(INSERT, (text, active))
    return path


def active_id(document: Document) -> str:
    assert document.root is not None
    found: str = document.root.value["services"]["openai"][0]["id"]
    return found


def message(path: Path) -> str:
    with pytest.raises(OneAdapterError) as raised:
        load_source(str(path))
    assert raised.value.exit_code == 2
    return str(raised.value)


def test_the_active_revision_is_read_as_json(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 0), (revision("now"), 1), (revision("draft"), 0))
    document = load_source(str(path))
    assert active_id(document) == "now"
    assert (document.name, document.format, document.problem) == (f"{path}#2", "json", None)
    node = document.find("/services/openai/0/models/0")
    assert node is not None
    assert node.value == "模型"


def test_a_store_may_have_any_name(tmp_path: Path) -> None:
    assert active_id(load_source(str(store(tmp_path / "a b#c?.json", (revision("x"), 1))))) == "x"


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("x"), 1))
    before = path.read_bytes()
    path.chmod(0o400)
    load_source(str(path))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["config.db"]


def test_what_is_only_in_the_write_ahead_log_counts(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 1))
    with writer(path, "wal") as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE config_revisions SET active = 0")
        connection.execute(INSERT, (json.dumps(revision("edited")), 1))
        connection.execute("COMMIT")
        assert (tmp_path / "config.db-wal").stat().st_size > 0
        assert active_id(load_source(str(path))) == "edited"
        # The gateway goes on as if nobody had looked.
        connection.execute(INSERT, (json.dumps(revision("later")), 0))


#: What gateway 0.12 does with its store, in a process of its own, until it is told to go on.
LIVE = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT)")
connection.execute("CREATE TABLE request_stats (id INTEGER PRIMARY KEY, model TEXT, status INTEGER)")
connection.execute("CREATE INDEX by_model ON request_stats (model)")
connection.execute("UPDATE config_revisions SET active = 0")
connection.execute("INSERT INTO config_revisions (config_json, active) VALUES (?, 1)", (sys.argv[2],))
connection.execute("BEGIN")
connection.executemany("INSERT INTO request_stats (model, status) VALUES (?, 200)", [("m" * 99,)] * 999)
connection.execute("COMMIT")
connection.execute("BEGIN")
connection.execute("UPDATE config_revisions SET active = 1 - active")
print("there", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print(*connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(), flush=True)
"""


@contextmanager
def live(path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", LIVE, str(path), json.dumps(revision("edited"))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        assert gateway.stdout.readline() == "there\n"
        yield gateway
        gateway.kill()


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {one.name: (one.stat().st_mtime_ns, one.read_bytes()) for one in folder.iterdir()}


def test_a_running_gateways_store_is_read_as_it_is_and_nothing_of_it_changes(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 1))
    with live(path) as gateway:
        before = state(tmp_path)
        assert set(before) == {"config.db", "config.db-wal", "config.db-shm"}
        assert active_id(load_source(str(path))) == "edited"
        assert state(tmp_path) == before
        out, _ = gateway.communicate("go on\n")
    assert out == "0 0 0\n", "a reader that still held a lock would keep the log from being emptied"


def test_a_log_that_ends_with_a_smaller_database_leaves_nothing_of_the_larger_one(tmp_path: Path) -> None:
    path = tmp_path / "config.db"
    with writer(path, "wal") as connection:
        connection.execute("CREATE TABLE filler (text)")
        connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 4000,)] * 50)
        connection.execute("DROP TABLE filler")
        connection.execute("VACUUM")
        (pages,), (size,) = (
            connection.execute(f"PRAGMA {word}").fetchone() for word in ("page_count", "page_size")
        )
        whole = laid_over(path.read_bytes(), path.with_name("config.db-wal").read_bytes())
    assert len(whole) == pages * size


@pytest.mark.parametrize("left", [("-wal", "-shm"), ("-wal",)])
def test_what_a_gateway_has_left_when_it_was_killed_is_read_and_not_tidied_up(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 1))
    copy = tmp_path / "copy" / "config.db"
    copy.parent.mkdir()
    with live(path):
        for ending in ("", *left):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    before = state(copy.parent)
    assert active_id(load_source(str(copy))) == "edited"
    if "-shm" in left or hasattr(sqlite3.Connection, "deserialize"):
        assert state(copy.parent) == before


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite reads the log itself")
def test_a_log_beyond_all_measure_is_not_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 1))
    (tmp_path / "config.db-wal").write_bytes(b"\0" * 5000)
    monkeypatch.setattr("one_adapter.config.store.LARGEST_FILE_BYTES", 4000)
    assert "write-ahead log is larger" in message(path)


def test_what_is_not_committed_does_not_count(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("old"), 1))
    with writer(path, "wal") as connection:
        connection.execute(INSERT, (json.dumps(revision("seen")), 0))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE config_revisions SET active = 1 - active")
        assert active_id(load_source(str(path))) == "old"
        connection.execute("ROLLBACK")
        assert active_id(load_source(str(path))) == "old"


def test_a_writer_that_holds_the_lock_does_not_stop_the_reader(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("x"), 1))
    with writer(path) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert active_id(load_source(str(path))) == "x"


@pytest.mark.parametrize(
    ("revisions", "said"),
    [
        ([], "the store has no active revision"),
        ([(revision("a"), 0)], "the store has no active revision"),
        ([(revision("a"), 1), (revision("b"), 1)], "the store has more than one active revision"),
    ],
)
def test_a_store_must_have_one_active_revision(
    tmp_path: Path, revisions: list[tuple[object, int]], said: str
) -> None:
    assert message(store(tmp_path / "config.db", *revisions)).endswith(said)


def test_a_database_of_something_else_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "config.db"
    with writer(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    assert "is no store of the gateway: no such table" in message(path)


def test_a_damaged_database_is_no_store(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", (revision("x"), 1))
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)
    assert "is no store of the gateway" in message(path)


@pytest.mark.parametrize("data", [b"", b"{}", b"SQLite format 3"])
def test_a_db_file_that_is_no_database_is_called_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config.db"
    path.write_bytes(data)
    assert message(path).endswith("config.db: is no SQLite database")


def test_a_missing_store_is_a_missing_file(tmp_path: Path) -> None:
    assert message(tmp_path / "config.db").endswith("there is no such file")


def test_a_revision_that_is_no_json_has_a_problem_to_tell(tmp_path: Path) -> None:
    document = read_store(str(store(tmp_path / "config.db", ("{broken", 1))))
    assert document.root is None
    assert document.problem is not None


@pytest.mark.parametrize("config", [b'{"a": "\xff"}', '{"a": "b"}'])
def test_a_revision_may_be_bytes_or_text(tmp_path: Path, config: str | bytes) -> None:
    assert read_store(str(store(tmp_path / "config.db", (config, 1)))).root is not None


def test_other_sources_are_read_as_files(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"services": {"openai": [{"id": "file"}]}}', encoding="utf-8")
    assert active_id(load_source(str(path))) == "file"
    assert not is_store(str(path))
    assert not is_store(str(tmp_path))
    assert not is_store(str(tmp_path / "missing"))
    assert not is_store("/proc/self/mem"), "a file the system will not read is left to the reader's own words"


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "c.json"
    os.mkfifo(pipe)
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(message(pipe)), daemon=True)
    thread.start()
    thread.join(10)
    assert said
    assert said[0].endswith("is not a regular file")


# A file and a store beside each other.


def beside(tmp_path: Path, in_file: object, in_store: object, name: str = "config.json") -> tuple[str, str]:
    file = tmp_path / name
    file.write_text(in_file if isinstance(in_file, str) else json.dumps(in_file), encoding="utf-8")
    return str(file), str(store(tmp_path / "config.db", (in_store, 1)))


def told(path: str) -> str | None:
    return stale_sibling(path, load_source(path))


def test_a_file_that_says_the_same_as_the_store_is_not_mentioned(tmp_path: Path) -> None:
    file, database = beside(tmp_path, revision("x"), revision("x"))
    assert told(file) is None
    assert told(database) is None


@pytest.mark.parametrize("name", ["config.json", "config.yaml", "config.yml"])
def test_a_stale_file_is_told_from_either_side(tmp_path: Path, name: str) -> None:
    file, database = beside(tmp_path, revision("old"), revision("now"), name)
    assert told(file) == (
        f"{database} holds another configuration than {file}, and the gateway runs by the store: export that"
    )
    assert (
        told(database)
        == f"{file} is stale: the store {database}, which the gateway runs by, says something else"
    )


def test_without_a_neighbour_there_is_nothing_to_tell(tmp_path: Path) -> None:
    database = str(store(tmp_path / "config.db", (revision("x"), 1)))
    assert told(database) is None
    (tmp_path / "elsewhere").mkdir()
    file, _ = beside(tmp_path / "elsewhere", "{", revision("x"))
    Path(file).with_name("config.db").unlink()
    assert told(file) is None


def test_a_store_is_called_as_its_file_and_another_beside_it_is_nobodys_business(tmp_path: Path) -> None:
    file = tmp_path / "live.json"
    file.write_text(json.dumps(revision("old")), encoding="utf-8")
    store(tmp_path / "config.db", (revision("now"), 1))
    assert told(str(file)) is None
    store(tmp_path / "live.db", (revision("now"), 1))
    assert "live.db holds another configuration" in str(told(str(file)))


def test_a_store_that_cannot_be_read_beside_a_file_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("{}", encoding="utf-8")
    store(tmp_path / "config.db")
    assert told(str(file)) is None


def test_standard_input_has_no_neighbours(tmp_path: Path) -> None:
    file, _ = beside(tmp_path, revision("old"), revision("now"))
    assert stale_sibling("-", load_source(file)) is None


def test_the_linter_judges_the_active_revision(tmp_path: Path) -> None:
    path = store(tmp_path / "config.db", ({"load_balancing": "nonsense", "services": {}}, 1))
    done = runner().invoke(lint_command, [str(path)])
    assert done.exit_code == 1
    assert "SOA202" in done.output
    assert f"{path}#" in done.output


def test_the_linter_says_that_the_gateway_runs_by_the_store_beside_a_file(tmp_path: Path) -> None:
    file = tmp_path / "live.json"
    file.write_text(json.dumps(revision("old")), encoding="utf-8")
    store(tmp_path / "config.db", (revision("somebody-elses"), 1))
    assert runner().invoke(lint_command, [str(file)]).stderr == ""
    store(tmp_path / "live.db", (revision("now"), 1))
    shown = runner().invoke(lint_command, [str(file), "--format", "json"])
    assert shown.stderr.startswith(f"Warning: {tmp_path / 'live.db'} holds another configuration")
    assert json.loads(shown.stdout)["files"] == [str(file)]
