"""The names LiteLLM knows, by version: keys with their types, and words. Generated; read when asked for.

`docs/litellm_tables.py` writes `data/`, and nothing here imports LiteLLM.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from one_adapter.errors import OneAdapterError
from one_adapter.language import enumerated, tr

_DATA = Path(__file__).resolve().parent / "data"
#: Every version there are tables of, the newest last.
VERSIONS = ("1.105", "1.106", "1.108", "1.109", "1.110")
NEWEST = VERSIONS[-1]


class Key(NamedTuple):
    """A key that LiteLLM reads.

    `types` are JSON Schema's words, none where anything may stand there; `items` is the type of a list's
    elements; `values` the words it may be; `table` names the keys of an object, or of a list's objects.
    `required` ones must be there. `since` and `until` are versions, empty for the oldest and the newest
    there are tables of.
    """

    name: str
    types: tuple[str, ...] = ()
    items: str = ""
    values: tuple[str, ...] = ()
    table: str = ""
    required: bool = False
    since: str = ""
    until: str = ""

    def known_in(self, version: str) -> bool:
        """Whether a version reads it.

        >>> Key("x", since="1.108").known_in("1.106")
        False
        """
        return between(version, self.since, self.until)


def between(version: str, since: str, until: str) -> bool:
    """Whether a version is neither older than one nor newer than the other; an empty one is no bound."""
    at = VERSIONS.index(version)
    return (not since or at >= VERSIONS.index(since)) and (not until or at <= VERSIONS.index(until))


class Tables:
    """What one version of LiteLLM knows."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._keys: dict[str, Mapping[str, Key]] = {}
        self._words: dict[str, Mapping[str, None]] = {}

    def keys(self, table: str) -> Mapping[str, Key]:
        """The keys of a table that this version reads, by name; `KeyError` for a table there is none of.

        >>> tables().keys("top")["include"].types
        ('array',)
        """
        if table not in self._keys:
            every = self.every_key(table)
            self._keys[table] = {
                name: key
                for name, key in every.items()
                if not (key.since or key.until) or key.known_in(self.version)
            }
        return self._keys[table]

    def every_key(self, table: str) -> Mapping[str, Key]:
        """The keys of a table that any version reads."""
        return _keys(table)

    def every_table(self) -> tuple[str, ...]:
        """The names of all tables."""
        return tuple(_file("keys.json")["keys"])

    def words(self, name: str) -> Mapping[str, None]:
        """The words of a list that this version knows, in LiteLLM's order.

        >>> "openai" in tables().words("providers")
        True
        """
        if name not in self._words:
            spans = _file("keys.json")["words"][name]
            self._words[name] = {
                word: None
                for span, words in spans.items()
                if between(self.version, *span.split("-"))
                for word in words
            }
        return self._words[name]

    @cached_property
    def models(self) -> Models:
        """The models LiteLLM's price map names."""
        return Models(self.version, _file("models.json"))


class Models:
    """The ids of models that a version's price map knows, and when vendors end them."""

    def __init__(self, version: str, data: Mapping[str, Any]) -> None:
        self._version = version
        self._data = data

    def provider(self, model: str) -> str:
        """The provider LiteLLM takes for a model without a prefix; empty where it finds none.

        >>> tables().models.provider("gpt-4o")
        'openai'
        """
        for provider, spans in self._data["bare"].items():
            if any(
                model in words and between(self._version, *span.split("-")) for span, words in spans.items()
            ):
                return str(provider)
        return ""

    def ends(self, model: str) -> str:
        """The day on which a vendor ends a model, as YYYY-MM-DD; empty where no day is known."""
        return str(self._data["ends"].get(model, ""))

    def is_gone(self, model: str) -> bool:
        """Whether older price maps knew a model and this version's does not.

        >>> tables().models.is_gone("gpt-4-32k")
        True
        """
        # The last version that had it; empty where all there are tables of came too late.
        until = self._data["gone"].get(model)
        return until is not None and (not until or not between(self._version, "", until))


@cache
def tables(version: str = NEWEST) -> Tables:
    """The tables of a version, such as "1.110"; `OneAdapterError` for one there are none of."""
    if version not in VERSIONS:
        known = enumerated(VERSIONS)
        raise OneAdapterError(
            tr("{version}: there are tables of LiteLLM {known}", version=version, known=known)
        )
    return Tables(version)


@cache
def _file(name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((_DATA / name).read_text(encoding="utf-8"))
    return read


@cache
def _keys(table: str) -> Mapping[str, Key]:
    return {name: _key(name, said) for name, said in _file("keys.json")["keys"][table].items()}


def _key(name: str, said: Mapping[str, Any]) -> Key:
    types = tuple(said["type"].split("|")) if "type" in said else ()
    values = tuple(said.get("values", ()))
    bounds = (said.get("since", ""), said.get("until", ""))
    return Key(name, types, said.get("items", ""), values, said.get("table", ""), "required" in said, *bounds)
