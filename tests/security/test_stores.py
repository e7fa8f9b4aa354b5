"""A store may be somebody else's program: what it computes is not run, what it holds is bounded."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import process_time

import pytest
from configurations import load_source

from one_adapter.config import store as stores
from one_adapter.config.store import stale_sibling
from one_adapter.errors import OneAdapterError

PLAIN = "CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json TEXT, active INTEGER)"
#: Seconds of processor time, where milliseconds are enough and what is hostile would take minutes.
LONG = 20
INNOCENT = {"services": {"openai": [{"models": ["m"], "enabled": True, "credentials": {"api_key": "k"}}]}}
COMPUTING = {
    "an endless view": (
        "CREATE VIEW config_revisions AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) "
        "SELECT x AS id, 'a' AS config_json, (x%2)*2 AS active FROM c"
    ),
    "a view of a huge value": (
        "CREATE VIEW config_revisions AS SELECT 1 AS id, zeroblob(900000000) AS config_json, 1 AS active"
    ),
    "a generated value": (
        "CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, active INTEGER, "
        "config_json TEXT GENERATED ALWAYS AS (hex(zeroblob(40000000))) VIRTUAL)"
    ),
    "a generated mark": (
        "CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, config_json TEXT, "
        "active INTEGER AS (length(hex(zeroblob(30000000))) > 0))"
    ),
    "a table of numbers": "CREATE VIRTUAL TABLE config_revisions USING rtree(id, active, config_json)",
    "a virtual table": "CREATE VIRTUAL TABLE config_revisions USING fts5(id, config_json, active)",
}


def made(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return str(path)


def filled(statement: str) -> tuple[str, ...]:
    """The statement, and a row where it makes a table that can hold one."""
    row = "INSERT INTO config_revisions (id) VALUES (1)"
    return (statement, row) if statement.startswith("CREATE TABLE") else (statement,)


def refusal(path: str) -> str:
    """The one sentence a store is refused with, long before it could have been read to its end."""
    begun = process_time()
    with pytest.raises(OneAdapterError) as raised:
        load_source(path)
    assert process_time() - begun < LONG
    assert raised.value.exit_code == 2
    said = str(raised.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("statement", COMPUTING.values(), ids=COMPUTING.keys())
def test_a_table_that_computes_its_rows_is_refused(tmp_path: Path, statement: str) -> None:
    assert "is no plain table" in refusal(made(tmp_path / "config.db", *filled(statement)))


def test_a_trigger_or_an_index_on_an_expression_is_not_run(tmp_path: Path) -> None:
    path = made(
        tmp_path / "config.db",
        PLAIN,
        "CREATE INDEX lengths ON config_revisions (length(CAST(config_json AS BLOB))) WHERE active = 1",
        "CREATE TRIGGER t AFTER UPDATE ON config_revisions BEGIN SELECT zeroblob(900000000); END",
        f"INSERT INTO config_revisions VALUES (1, '{json.dumps(INNOCENT)}', 1)",
    )
    root = load_source(path).root
    assert root is not None
    assert root.value == INNOCENT


def test_a_value_beyond_the_limit_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "LARGEST_FILE_BYTES", 10_000)
    path = made(
        tmp_path / "config.db", PLAIN, "INSERT INTO config_revisions VALUES (1, hex(zeroblob(20000)), 1)"
    )
    assert "larger than 64 MiB" in refusal(path)


@pytest.mark.parametrize(
    "value", ["hex(zeroblob(40000000))", "zeroblob(80000000)", "'a' || char(0) || hex(zeroblob(40000000))"]
)
def test_a_large_value_costs_no_memory(tmp_path: Path, value: str) -> None:
    path = made(tmp_path / "config.db", PLAIN, f"INSERT INTO config_revisions VALUES (1, {value}, 1)")
    script = (
        "import resource, sys; from one_adapter.config.store import read_source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_source(sys.argv[1])\n"
        "except Exception as problem: print(type(problem).__name__)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    kind, kilobytes = done.stdout.split()
    assert kind == "OneAdapterError"
    if sys.version_info >= (3, 11):
        assert int(kilobytes) < 40_000


def test_a_file_beyond_any_store_is_refused_unread(tmp_path: Path) -> None:
    path = Path(made(tmp_path / "config.db", PLAIN))
    with path.open("r+b") as file:
        file.truncate(stores.LARGEST_STORE_BYTES + 1)
    assert "larger than 512 MiB" in refusal(str(path))


def test_a_store_of_endless_rows_ends_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "LONGEST_READ_SECONDS", 0.0)
    rows = ", ".join(f"({number}, '', 0)" for number in range(1, 2_000))
    path = made(tmp_path / "config.db", PLAIN, f"INSERT INTO config_revisions VALUES {rows}")
    assert "interrupted" in refusal(path)


def test_sqlites_own_words_need_not_be_utf8(tmp_path: Path) -> None:
    path = Path(made(tmp_path / "config.db", PLAIN))
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE config", b"CREATE \x95ABLE\x1b[config"))
    assert "is damaged" in refusal(str(path))


def test_sqlites_own_words_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    path = Path(made(tmp_path / "config.db", PLAIN))
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE config", b"CREATE \x1b[2J] config"))
    assert "\x1b" not in refusal(str(path))


def test_an_active_revision_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "config.db", PLAIN, "INSERT INTO config_revisions VALUES (1, NULL, 1)")
    assert "is no store of the gateway" in refusal(path)


@pytest.mark.parametrize("statement", COMPUTING.values(), ids=COMPUTING.keys())
def test_a_hostile_store_beside_an_innocent_file_is_passed_over(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(INNOCENT), encoding="utf-8")
    made(tmp_path / "config.db", *filled(statement))
    begun = process_time()
    assert stale_sibling(str(file), load_source(str(file))) is None
    assert process_time() - begun < LONG


def test_a_file_that_cannot_be_read_beside_an_innocent_store_is_passed_over(tmp_path: Path) -> None:
    text = json.dumps(INNOCENT)
    path = made(tmp_path / "config.db", PLAIN, f"INSERT INTO config_revisions VALUES (1, '{text}', 1)")
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert stale_sibling(path, load_source(path)) is None
