"""The files a command line names: single ones as they are, folders searched for configurations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from one_adapter.config.document import FORMATS, Document, load, parse, read_bytes
from one_adapter.config.fields import fold
from one_adapter.config.store import is_store, read_store
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr

#: The word in two bytes a letter, whichever comes first.
_WIDE = b"s\0e\0r\0v\0i\0c\0e\0s"
_SKIPPED = frozenset(["node_modules", "__pycache__", "venv", "site-packages"])
#: A mapping under `services` with one of these is a Docker Compose file.
_COMPOSE = frozenset(["image", "build", "container_name"])


def documents(names: Iterable[str]) -> Iterator[Document | OneAdapterError]:
    """Every document the names lead to, each once, in order; an error in place of one that cannot be read."""
    seen: set[str] = set()
    for name in names:
        if name != "-" and Path(name).is_dir():
            yield from _folder(name, seen)
        elif name not in seen:
            seen.add(name)
            try:
                yield read_store(name) if name != "-" and is_store(name) else load(name)
            except OneAdapterError as error:
                yield error


def _folder(name: str, seen: set[str]) -> Iterator[Document | OneAdapterError]:
    found = False
    for path in _candidates(name):
        if path in seen:
            continue
        try:
            data = read_bytes(path)
        except OneAdapterError as error:
            yield error
            continue
        if b"services" not in data.lower() and _WIDE not in data.lower():
            continue
        document = parse(data, path)
        if is_configuration(document):
            found = True
            seen.add(path)
            yield document
    if not found:
        yield OneAdapterError(
            tr("{name}: there is no simple-one-api configuration in this folder", name=name)
        )


def _candidates(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED)
        for file in sorted(files):
            path = Path(here, file)
            if path.suffix in FORMATS and not file.startswith(".") and path.is_file():
                yield str(path)


def is_configuration(document: Document) -> bool:
    """Whether a file found in a folder looks like a configuration of the gateway.

    One that cannot be parsed counts: it is better to say so than to pass it over.

    >>> is_configuration(parse(b'{"services": {"web": {"image": "nginx"}}}', "compose.yaml"))
    False
    """
    root = document.root
    if root is None:
        return True
    for member in root.members:
        if fold(member.key) == "services":
            entries = [entry.node for entry in member.node.members]
            return not any(_COMPOSE & {inner.key for inner in entry.members} for entry in entries)
    return False
