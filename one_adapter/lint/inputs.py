"""The files a command line names: single ones as they are, folders searched for configurations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from one_adapter.config.document import FORMATS, Document, read_bytes
from one_adapter.config.fields import fold
from one_adapter.config.litellm_file import LiteLLMFile
from one_adapter.config.store import is_store, read_store
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.lint.kinds import LITELLM, is_compose, is_found, read

#: The word in two bytes a letter, whichever comes first.
_WIDE = b"s\0e\0r\0v\0i\0c\0e\0s"
#: A LiteLLM configuration has one of these, in whatever it is wrapped.
_LITELLM = (b"model_list", b"proxy_config")
_SKIPPED = frozenset(["node_modules", "__pycache__", "venv", "site-packages"])


def documents(names: Iterable[str], kind: str | None = None) -> Iterator[Document | OneAdapterError]:
    """Every document the names lead to, each once, in order; an error in place of one that cannot be read.

    `kind` is the one that the user says all of them are.
    """
    seen: set[str] = set()
    for name in names:
        if name != "-" and Path(name).is_dir():
            yield from _folder(name, seen, kind)
        elif name not in seen:
            seen.add(name)
            try:
                store = name != "-" and kind != LITELLM and is_store(name)
                yield read_store(name) if store else read(read_bytes(name), name, kind)
            except OneAdapterError as error:
                yield error


def _folder(name: str, seen: set[str], kind: str | None) -> Iterator[Document | OneAdapterError]:
    found = False
    for path in _candidates(name):
        if path in seen:
            continue
        try:
            data = read_bytes(path)
        except OneAdapterError as error:
            yield error
            continue
        if not _may_be_one(data, path):
            continue
        document = read(data, path, kind)
        if is_found(document) or (not isinstance(document, LiteLLMFile) and is_configuration(document)):
            found = True
            seen.add(path)
            yield document
    if not found:
        yield OneAdapterError(
            tr("{name}: there is no simple-one-api configuration in this folder", name=name)
        )


def _may_be_one(data: bytes, path: str) -> bool:
    lower = data.lower()
    if b"services" in lower or _WIDE in lower:
        return True
    return not path.endswith(".json") and any(word in data for word in _LITELLM)


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

    >>> from one_adapter.config.document import parse
    >>> is_configuration(parse(b'{"services": {"web": {"image": "nginx"}}}', "compose.yaml"))
    False
    """
    root = document.root
    if root is None:
        return True
    for member in root.members:
        if fold(member.key) == "services":
            return not is_compose(member.node)
    return False
