"""Which variables an .env file sets: their names alone, no value is kept."""

from __future__ import annotations

import re

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


def names_in(paths: tuple[str, ...]) -> frozenset[str] | None:
    """The names that any of these files sets; None without a file. `OneAdapterError` as `read_bytes`."""
    if not paths:
        return None
    return frozenset[str]().union(*(names_set(read_bytes(path).decode("utf-8", "replace")) for path in paths))
