"""The gateway's SQLite store as a source.

After the first edit in its web console the gateway lives by the active revision
in `config.db`; the JSON or YAML file beside it may be stale. The store is read
without a lock, without writing a byte, and with what a running gateway has so
far only in its write-ahead log.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from one_adapter.config.document import FORMATS, Document, load, parse
from one_adapter.errors import OneAdapterError

MAGIC = b"SQLite format 3\x00"
FILE_NAME = "config.db"
_QUERY = "SELECT id, config_json FROM config_revisions WHERE active = 1 ORDER BY id DESC LIMIT 2"


def is_store(path: str) -> bool:
    """Whether a file is an SQLite database, by its first bytes."""
    try:
        if not Path(path).is_file():  # a pipe would wait for a writer
            return False
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def read_store(path: str) -> Document:
    """The active revision of a store as a JSON document.

    Raises `OneAdapterError` (exit code 2) for anything but a store with exactly
    one active revision.
    """
    import sqlite3  # a plain file never pays for it

    try:
        rows = _active_rows(path)
    except sqlite3.Error as problem:
        raise OneAdapterError(f"{path}: is no store of the gateway: {problem}") from None
    if len(rows) != 1:
        count = "no active revision" if not rows else "more than one active revision"
        raise OneAdapterError(f"{path}: the store has {count}")
    number, text = rows[0]
    data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
    return parse(data, f"{path}#{number}", "json")


def _active_rows(path: str) -> list[tuple[object, object]]:
    import sqlite3

    log = Path(f"{path}-wal")
    # Without a log nobody writes in pieces: `immutable` takes no lock at all. With one, the
    # log's own rules let a reader in beside the writer.
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"file:{quote(str(Path(path).resolve()))}?{mode}", uri=True, timeout=5)
    try:
        connection.text_factory = bytes
        return connection.execute(_QUERY).fetchall()
    finally:
        connection.close()


def load_source(path: str) -> Document:
    """A configuration from a file, a store or standard input ("-")."""
    if path != "-" and is_store(path):
        return read_store(path)
    if path.endswith(".db") and Path(path).is_file():
        raise OneAdapterError(f"{path}: is no SQLite database")
    return load(path)


def stale_sibling(path: str, document: Document) -> str | None:
    """One sentence when the file and the store beside each other say different things.

    The store is what the gateway runs by; None when there is one of them only, or
    when they agree.
    """
    if path == "-":
        return None
    if is_store(path):
        return _stale_file(Path(path), document)
    store = Path(path).with_name(FILE_NAME)
    if not is_store(str(store)):
        return None
    try:
        active = read_store(str(store))
    except OneAdapterError:
        return None
    if active.root is None or document.root is None or active.root.value == document.root.value:
        return None
    return f"{store} holds another configuration than {path}, and the gateway runs by the store: export that"


def _stale_file(store: Path, document: Document) -> str | None:
    for ending in FORMATS:
        file = store.with_suffix(ending)
        if not file.is_file():
            continue
        beside = load(str(file))
        if beside.root and document.root and beside.root.value != document.root.value:
            return f"{file} is stale: the store {store}, which the gateway runs by, says something else"
    return None
