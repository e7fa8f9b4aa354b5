"""Typed access to what a person may have edited: every complaint names the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from one_adapter.errors import OneAdapterError
from one_adapter.language import joined, tr


class Reader:
    """One mapping and the name of its place."""

    def __init__(self, value: object, place: str) -> None:
        """Take the mapping and the name of its place; raises `OneAdapterError` for anything else."""
        if not isinstance(value, Mapping):
            kind = type(value).__name__
            raise OneAdapterError(tr("{place} must be a mapping, not {kind}.", place=place, kind=kind), 1)
        self.value: Mapping[str, Any] = value
        self.place = place

    def get(self, key: str, kinds: type | tuple[type, ...], default: Any) -> Any:
        """The value of `key` if it is of one of `kinds`; `default` where there is none."""
        found = self.value.get(key)
        if found is None:
            return default
        allowed = kinds if isinstance(kinds, tuple) else (kinds,)
        if not isinstance(found, allowed) or (isinstance(found, bool) and bool not in allowed):
            wanted = joined([kind.__name__ for kind in allowed], " or ", " 或 ")
            place = f"{self.place}.{key}"
            told = tr("{place} must be {wanted}, not {found!r}.", place=place, wanted=wanted, found=found)
            raise OneAdapterError(told, 1)
        return found

    def number(self, key: str, default: float) -> float:
        """A number."""
        return float(self.get(key, (int, float), default))

    def count(self, key: str, default: int) -> int:
        """A whole number."""
        return int(self.get(key, int, default))

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        return str(self.get(key, str, default))

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One of the `allowed` words."""
        found = self.text(key, default)
        if found not in allowed:
            place, words = f"{self.place}.{key}", ", ".join(allowed)
            told = tr("{place} must be one of {words}, not {found!r}.", place=place, words=words, found=found)
            raise OneAdapterError(told, 1)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self.get(key, list, [])
        if not all(isinstance(item, str) for item in found):
            place = f"{self.place}.{key}"
            raise OneAdapterError(tr("{place} must be a list of texts.", place=place), 1)
        return tuple(found)

    def texts_by_name(self, key: str) -> dict[str, str]:
        """A mapping from names to texts."""
        found = self.part(key)
        return {} if found is None else {str(name): found.text(name) for name in found.value}

    def counts(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        found = self.get(key, list, [])
        if not all(isinstance(item, int) and not isinstance(item, bool) for item in found):
            place = f"{self.place}.{key}"
            raise OneAdapterError(tr("{place} must be a list of whole numbers.", place=place), 1)
        return tuple(found)

    def part(self, key: str) -> Reader | None:
        """The mapping under `key`, or None."""
        found = self.value.get(key)
        return None if found is None else Reader(found, f"{self.place}.{key}")

    def parts(self, key: str) -> dict[str, Reader]:
        """The mappings under `key` by their names."""
        found = self.part(key)
        if found is None:
            return {}
        return {str(name): Reader(value, f"{found.place}.{name}") for name, value in found.value.items()}
