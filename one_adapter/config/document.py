"""A source file as a `Document`: its text, its tree, and what is wrong with its form."""

from __future__ import annotations

import os
import re
import stat
import sys
from bisect import bisect_right
from functools import cached_property
from pathlib import PurePath

from one_adapter.config.encoding import decoded, encoding_of, is_marked
from one_adapter.config.json_text import read_json
from one_adapter.config.node import (
    Duplicate,
    Member,
    Node,
    Problem,
    Span,
    SyntaxProblem,
    escape,
    leaves,
    segments,
)
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr

__all__ = [
    "Document",
    "Duplicate",
    "Member",
    "Node",
    "Problem",
    "Span",
    "escape",
    "leaves",
    "load",
    "parse",
    "read_bytes",
    "segments",
]

#: Bytes of the largest configuration that is read.
LARGEST_FILE_BYTES = 64 << 20
_LINE_END = re.compile(r"\r\n|\n|\r")
FORMATS = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}


class Document:
    """One source file, read but not yet understood.

    `root` is None exactly when `problem` says why there is no tree; a `problem`
    beside a tree (a file ending the gateway does not take) is possible.
    `encoding` names the one the file seems to be in, where that is not UTF-8.
    Offsets count characters of `text`, in which bytes that are no UTF-8 stand as
    U+FFFD and a byte order mark as U+FEFF.
    """

    def __init__(
        self,
        name: str,
        format: str,
        text: str,
        root: Node | None,
        problem: Problem | None,
        duplicates: tuple[Duplicate, ...],
        encoding: str = "",
    ) -> None:
        self.name = name
        self.format = format
        self.text = text
        self.root = root
        self.problem = problem
        self.duplicates = duplicates
        self.encoding = encoding

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins; lines end with LF, CRLF or a lone CR."""
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, columns in characters.

        >>> parse(b'{"a":\\n 1}', "x.json").position(7)
        (2, 2)
        """
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def find(self, pointer: str) -> Node | None:
        """The node a JSON pointer leads to, by keys as written; None when there is none."""
        node = self.root
        for part in segments(pointer):
            if node is None:
                return None
            node = _child(node, part)
        return node


def _child(node: Node, part: str) -> Node | None:
    if node.kind == "array":
        index = int(part) if part.isdecimal() and len(part) < 9 else -1
        return node.items[index] if 0 <= index < len(node.items) else None
    return node.get(part)


def parse(data: bytes, name: str, format: str | None = None) -> Document:
    """Read bytes as the kind of file `name` says they are (or `format` does).

    Total: whatever the bytes are, the answer is a `Document`. Without a known
    ending, a text that begins with a bracket is taken for JSON, any other for YAML.

    >>> parse(b'{"services": }', "config.json").problem.message
    "'}' where a value should be"
    """
    text = data.decode("utf-8", "replace")
    ending = PurePath(name).suffix
    known = format or FORMATS.get(ending)
    kind = known or ("json" if text.lstrip().startswith(("{", "[")) else "yaml")
    problem = None
    if known is None and name != "-":
        what = (
            tr("the gateway reads .json, .yaml and .yml files, not {ending}", ending=ending)
            if ending
            else tr("the gateway reads .json, .yaml and .yml files, not files without an ending")
        )
        problem = Problem("ending", what, Span(0, 0))
    encoding = encoding_of(data)
    wide = encoding.startswith("UTF-")
    if wide:
        text = decoded(data, encoding)
    if wide and not (known == "yaml" and encoding == "UTF-16" and is_marked(data)):
        what = tr("the file is {encoding}, and the gateway reads UTF-8", encoding=encoding)
        return Document(name, kind, text, None, Problem("encoding", what, Span(0, 0)), (), encoding)
    if kind == "yaml" and problem is None and not wide:
        problem = _bad_encoding(data, text)
    root: Node | None = None
    duplicates: tuple[Duplicate, ...] = ()
    if problem is None or problem.kind == "ending":
        try:
            root, duplicates = _read(text, kind)
        except SyntaxProblem as found:
            problem = problem or found.problem
    return Document(name, kind, text, root, problem, duplicates, encoding)


def _read(text: str, kind: str) -> tuple[Node, tuple[Duplicate, ...]]:
    if kind == "json":
        return read_json(text)
    from one_adapter.config.yaml_text import read_yaml  # a JSON file never pays for importing yaml

    return read_yaml(text)


def _bad_encoding(data: bytes, text: str) -> Problem | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        at = text.index("\ufffd")
        return Problem("encoding", tr("the file is not UTF-8 here"), Span(at, at + 1))
    return None


def load(path: str) -> Document:
    """Read a file, or standard input for "-".

    Raises `OneAdapterError` (exit code 2) for what cannot be read at all: a missing
    file, a directory, a pipe or device, no permission, more than 64 MiB.
    """
    return parse(read_bytes(path), path)


def read_bytes(path: str) -> bytes:
    """The bytes of a regular file or of standard input; errors as for `load`."""
    data = sys.stdin.buffer.read(LARGEST_FILE_BYTES + 1) if path == "-" else _read_file(path)
    if len(data) > LARGEST_FILE_BYTES:
        raise OneAdapterError(tr("{path}: larger than 64 MiB, that is no configuration", path=path))
    return data


def _read_file(path: str) -> bytes:
    try:
        # Non-blocking: opening a named pipe must not wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise OneAdapterError(tr("{path}: there is no such file", path=path)) from None
    except (OSError, ValueError) as problem:
        told = tr("{path}: cannot be read: {reason}", path=path, reason=reason_of(problem))
        raise OneAdapterError(told) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise OneAdapterError(
            tr("{path}: is a directory, not a configuration file", path=path)
            if stat.S_ISDIR(mode)
            else tr("{path}: is not a regular file", path=path)
        )
    with os.fdopen(handle, "rb") as file:
        try:
            return file.read(LARGEST_FILE_BYTES + 1)
        except OSError as problem:
            raise OneAdapterError(
                tr("{path}: cannot be read: {reason}", path=path, reason=reason_of(problem))
            ) from None
