"""The gateway's SQLite store as a source.

After the first edit in its web console the gateway lives by the active revision
in `config.db`; the JSON or YAML file beside it may be stale. The store is read
without a lock, without writing a byte, and with what a running gateway has so
far only in its write-ahead log.

A database is a program as well: views, virtual tables and generated columns
compute what they return, and a damaged tree has no end. So only a plain table is
read, lengths come before texts, and the time is bounded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from one_adapter.config.document import FORMATS, LARGEST_FILE_BYTES, Document, load, parse, read_bytes
from one_adapter.config.wal import laid_over
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr

if TYPE_CHECKING:
    import sqlite3

MAGIC = b"SQLite format 3\x00"
FILE_NAME = "config.db"
#: A store keeps old revisions and statistics too, so it may be larger than a configuration.
LARGEST_STORE_BYTES = 512 << 20
#: Processor time a store's queries may take; an honest one needs milliseconds.
LONGEST_READ_SECONDS = 1.0
#: Steps of SQLite's machine between two looks at the clock.
STEPS_BETWEEN_LOOKS = 100
TABLE = "config_revisions"
_KIND = "SELECT type, substr(ltrim(sql), 1, 13) FROM sqlite_master WHERE lower(name) = ? LIMIT 1"
_ACTIVE = f"SELECT id, length(CAST(config_json AS BLOB)) FROM {TABLE} WHERE active = 1 LIMIT 2"  # noqa: S608
_TEXT = f"SELECT config_json FROM {TABLE} WHERE active = 1 LIMIT 1"  # noqa: S608


def is_store(path: str) -> bool:
    """Whether a file is an SQLite database, by its first bytes."""
    try:
        if not Path(path).is_file():  # a pipe would wait for a writer
            return False
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


class Read(NamedTuple):
    """What a source says: bytes, the name they go by in messages, the format where it is known."""

    data: bytes
    name: str
    format: str | None = None


def read_store(path: str) -> Document:
    """The active revision of a store as a JSON document; errors as for `read_source`."""
    return parse(*_read_store(path))


def _read_store(path: str) -> Read:
    """The text of the active revision.

    Raises `OneAdapterError` (exit code 2) for anything but a store with exactly one
    active revision of at most 64 MiB, in a plain table.
    """
    import sqlite3  # a plain file never pays for it

    try:
        number, text = _active_revision(path)
    except sqlite3.DataError:  # what SQLite says of a value beyond its limit
        raise _too_large(path) from None
    except (sqlite3.Error, OSError, UnicodeError, MemoryError) as problem:
        # SQLite quotes the database in its messages, and that need not be UTF-8.
        said = "" if isinstance(problem, UnicodeError) else str(problem)
        raise OneAdapterError(
            tr("{path}: is no store of the gateway: {reason}", path=path, reason=said)
            if said
            else tr("{path}: is no store of the gateway: it is damaged", path=path)
        ) from None
    data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
    return Read(data, f"{path}#{number}", "json")


def _too_large(path: str) -> OneAdapterError:
    return OneAdapterError(
        tr("{path}: the active revision is larger than 64 MiB, that is no configuration", path=path)
    )


def _active_revision(path: str) -> tuple[object, object]:
    log = Path(f"{path}-wal")
    logged = log.stat().st_size if log.is_file() else 0
    if Path(path).stat().st_size + logged > LARGEST_STORE_BYTES:
        raise OneAdapterError(tr("{path}: larger than 512 MiB, that is no store of the gateway", path=path))
    connection = _opened(path, with_log=logged > 0)
    try:
        connection.execute("BEGIN")
        _refuse_programs(path, connection)
        found = connection.execute(_ACTIVE).fetchall()
        if len(found) != 1:
            raise OneAdapterError(
                tr("{path}: the store has more than one active revision", path=path)
                if found
                else tr("{path}: the store has no active revision", path=path)
            )
        ((number, length),) = found
        if not isinstance(number, int) or not isinstance(length, int):
            raise OneAdapterError(
                tr("{path}: is no store of the gateway: its active revision is not one", path=path)
            )
        if length > LARGEST_FILE_BYTES:
            raise _too_large(path)
        (text,) = connection.execute(_TEXT).fetchone()
        return number, text
    finally:
        connection.close()


def _opened(path: str, with_log: bool) -> sqlite3.Connection:
    """A connection that can only read, for as long as `LONGEST_READ_SECONDS`."""
    import sqlite3

    indexed = Path(f"{path}-shm").is_file()
    if with_log and not indexed and sys.version_info >= (3, 11):
        # A copy of another machine's, say. SQLite would make the index anew beside the user's file.
        log = Path(f"{path}-wal")
        if log.stat().st_size > LARGEST_FILE_BYTES:
            raise OneAdapterError(tr("{path}: its write-ahead log is larger than 64 MiB", path=path))
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(laid_over(Path(path).read_bytes(), log.read_bytes()))
    else:
        # Without a log nobody writes in pieces: `immutable` takes no lock at all. With one, the log's own
        # rules let a reader in beside the writer, which even of the index writes nothing.
        mode = "immutable=1" if not with_log else "readonly_shm=1" if indexed else ""
        address = f"file:{quote(str(Path(path).resolve()))}?mode=ro&{mode}"
        connection = sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)
    connection.text_factory = bytes
    connection.set_progress_handler(_deadline(), STEPS_BETWEEN_LOOKS)
    if sys.version_info >= (3, 11):
        # Before a value is read; `length` alone may read a whole text to count its characters.
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_FILE_BYTES)
    for setting in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _deadline() -> Callable[[], bool]:
    """What SQLite asks while it works: true ends the query."""
    end = thread_time() + LONGEST_READ_SECONDS
    return lambda: thread_time() > end


def _refuse_programs(path: str, connection: sqlite3.Connection) -> None:
    """Refuse a table that computes its rows: a view, a virtual table, generated columns."""
    found = connection.execute(_KIND, (TABLE,)).fetchone()
    if found is None:
        raise OneAdapterError(
            tr("{path}: is no store of the gateway: no such table: {table}", path=path, table=TABLE)
        )
    words = bytes(found[1] or b"").upper().split()
    columns = connection.execute(f"PRAGMA table_xinfo({TABLE})").fetchall()
    if found[0] != b"table" or words[:2] != [b"CREATE", b"TABLE"] or any(column[6] for column in columns):
        raise OneAdapterError(
            tr("{path}: is no store of the gateway: {table} is no plain table", path=path, table=TABLE)
        )


def read_source(path: str) -> Read:
    """What a file, a store or standard input ("-") says, not yet understood.

    Raises `OneAdapterError` (exit code 2) for what cannot be read.
    """
    if path != "-" and is_store(path):
        return _read_store(path)
    if path.endswith(".db") and Path(path).is_file():
        raise OneAdapterError(tr("{path}: is no SQLite database", path=path))
    return Read(read_bytes(path), path)


def stale_sibling(path: str, document: Document) -> str | None:
    """One sentence when the file and the store beside each other say different things.

    The store is what the gateway runs by; None when there is one of them only, or
    when they agree.
    """
    if path == "-":
        return None
    if is_store(path):
        return _stale_file(Path(path), document)
    # The gateway calls its store as the file, but for the ending.
    store = Path(path).with_suffix(Path(FILE_NAME).suffix)
    if not is_store(str(store)):
        return None
    try:
        active = read_store(str(store))
    except OneAdapterError:
        return None
    if active.root is None or document.root is None or active.root.value == document.root.value:
        return None
    return tr(
        "{store} holds another configuration than {path}, and the gateway runs by the store: export that",
        store=store,
        path=path,
    )


def _stale_file(store: Path, document: Document) -> str | None:
    for ending in FORMATS:
        file = store.with_suffix(ending)
        if not file.is_file():
            continue
        try:
            beside = load(str(file))
        except OneAdapterError:
            continue
        if beside.root and document.root and beside.root.value != document.root.value:
            return tr(
                "{path} is stale: the store {store}, which the gateway runs by, says something else",
                path=file,
                store=store,
            )
    return None
