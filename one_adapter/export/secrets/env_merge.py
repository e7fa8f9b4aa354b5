"""What an exported `.env` keeps of the one it is written over: its master key, and what was filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from one_adapter.contract import MASTER_KEY
from one_adapter.export.secrets.env_file import STOCK
from one_adapter.export.secrets.variables import PREFIX

_LINE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)="
    r"(?:'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|([^\r\n]*))[ \t]*\r?$",
    re.MULTILINE | re.DOTALL,
)
#: How a dollar sign is said in double quotes, and what else is escaped there.
_ESCAPED = re.compile(r"\$\{SOA_DOLLAR:-\$\}|\\(.)", re.DOTALL)


class Merged(NamedTuple):
    """The values to write, and the names whose values come from the old file."""

    values: Mapping[str, str]
    kept: tuple[str, ...]


def read_env(text: str, form: str = "shell") -> dict[str, str]:
    """The assignments of a `.env`, as the reader it was written for takes them.

    >>> read_env("# old\\nA='x'\\nB=y z\\nC=\\"1${SOA_DOLLAR:-$}\\"")
    {'A': 'x', 'B': 'y z', 'C': '1$'}
    """
    found: dict[str, str] = {}
    if form == "docker":
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith("#"):
                found[name.strip()] = value
        return found
    for name, single, double, bare in _LINE.findall(text):
        found[name] = single or _ESCAPED.sub(_plain, double) or bare.strip()
    return found


def _plain(escaped: re.Match[str]) -> str:
    return escaped.group(1) or "$"


def merged(values: Mapping[str, str], old: Mapping[str, str]) -> Merged:
    """New values with what the old file has and the new one cannot know.

    That is the master key, values for variables that would be empty, what was changed of LiteLLM's own, and
    variables of the user's own.

    >>> merged({"SOA_A": "", "SOA_B": "new"}, {"SOA_A": "1", "SOA_B": "2", "X": "3"}).kept
    ('SOA_A', 'X')
    """
    theirs = (MASTER_KEY, *STOCK)
    kept = [
        name
        for name, value in values.items()
        if old.get(name) and old[name] != value and (not value or name in theirs)
    ]
    kept += [name for name in old if name not in values and not name.startswith(f"{PREFIX}_")]
    return Merged({**values, **{name: old[name] for name in kept}}, tuple(kept))
