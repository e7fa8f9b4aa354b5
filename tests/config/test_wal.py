"""A write-ahead log laid over its database is what SQLite itself makes of the two."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from one_adapter.config.wal import laid_over

needs_images = pytest.mark.skipif(
    not hasattr(sqlite3.Connection, "deserialize"), reason="SQLite takes images from Python 3.11 on"
)

Rows = list[tuple[int, str]]
SELECT = "SELECT id, text FROM notes ORDER BY id"


def rows(connection: sqlite3.Connection) -> Rows:
    with closing(connection):
        try:
            return connection.execute(SELECT).fetchall()
        except sqlite3.OperationalError as problem:  # nothing is committed yet
            return [(0, str(problem))]


def by_sqlite(path: Path, folder: Path) -> Rows:
    """The rows as SQLite reads them from copies, which it may change as it likes."""
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", f"{folder / 'copy.db'}{ending}")
    return rows(sqlite3.connect(folder / "copy.db"))


def by_us(path: Path) -> Rows:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(laid_over(path.read_bytes(), Path(f"{path}-wal").read_bytes()))
    return rows(connection)


def filled(path: Path, seed: int) -> None:
    """A database with a log that has been begun anew now and then, and a transaction without an end."""
    dice = random.Random(seed)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size={dice.choice([512, 4096, 65536])}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA cache_size=5")  # so that pages get into the log before their commit
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        for _ in range(dice.randint(1, 9)):
            connection.execute("BEGIN")
            for _ in range(dice.randint(1, 60)):
                connection.execute("INSERT INTO notes (text) VALUES (?)", ("x" * dice.randint(0, 3000),))
                connection.execute("DELETE FROM notes WHERE id = ?", (dice.randint(1, 200),))
            connection.execute(dice.choice(["COMMIT", "COMMIT", "ROLLBACK"]))
            if dice.random() < 0.2:
                connection.execute("PRAGMA wal_checkpoint(RESTART)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO notes (text) VALUES (?)", [("y" * 2000,)] * 60)
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{path}.kept{ending}")


@needs_images
@pytest.mark.parametrize("seed", range(12))
def test_whole_transactions_count_and_others_do_not(tmp_path: Path, seed: int) -> None:
    filled(tmp_path / "notes.db", seed)
    kept = tmp_path / "notes.db.kept"
    assert by_us(kept) == by_sqlite(kept, tmp_path / "folder")


@needs_images
@pytest.mark.parametrize("seed", range(12))
def test_a_log_that_breaks_off_or_is_damaged_counts_up_to_there(tmp_path: Path, seed: int) -> None:
    filled(tmp_path / "notes.db", seed)
    kept = tmp_path / "notes.db.kept"
    log = Path(f"{kept}-wal")
    whole, dice = log.read_bytes(), random.Random(seed)
    for number in range(4):
        at = dice.randrange(len(whole))
        damaged = whole[:at] if number % 2 else whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        log.write_bytes(damaged)
        assert by_us(kept) == by_sqlite(kept, tmp_path / f"folder-{number}")


@pytest.mark.parametrize("log", [b"", b"x" * 31, b"\0" * 99, b"\x37\x7f\x06\x82" + b"\0" * 28])
def test_what_is_no_log_changes_nothing(tmp_path: Path, log: bytes) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO notes VALUES (1, 'kept')")
    assert laid_over(path.read_bytes(), log) == path.read_bytes()
