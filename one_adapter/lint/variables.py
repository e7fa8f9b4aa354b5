"""Which variables an .env file sets: their names alone, no value is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

from one_adapter.config.document import read_bytes

_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*([^ \t\r\n#]?)", re.MULTILINE
)


def names_set(text: str) -> frozenset[str]:
    """The names that a text sets to something.

    >>> sorted(names_set("A=1\\nexport B='x'\\n# C=2\\nD=\\n"))
    ['A', 'B']
    """
    return frozenset(name for name, first in _LINE.findall(text) if first)


def names_in(paths: tuple[str, ...], process: Mapping[str, str] | None = None) -> frozenset[str] | None:
    """The names that any of these files sets, or a process; None without either.

    `OneAdapterError` as `read_bytes`.

    >>> sorted(names_in((), {"A": "1", "B": ""}))
    ['A']
    """
    if not paths and process is None:
        return None
    own = [name for name, value in (process or {}).items() if value]
    return frozenset(own).union(*(names_set(read_bytes(path).decode("utf-8", "replace")) for path in paths))
