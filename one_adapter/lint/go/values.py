"""What the gateway's decoder leaves of a document: values, and where each was last set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from one_adapter.config.fields import Type
from one_adapter.config.node import Node, Span


class Place(NamedTuple):
    """Where a value stands: its pointer with keys as written, and its token."""

    pointer: str
    span: Span


@dataclass(slots=True)
class Record:
    """An object with known fields: the decoded values and where each was last set."""

    place: Place
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A text field; empty when it is absent."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float:
        """A number field; 0 when it is absent."""
        value = self.values.get(name, 0)
        return value if isinstance(value, (int, float)) else 0

    def flag(self, name: str) -> bool:
        """A boolean field; False when it is absent."""
        return self.values.get(name) is True

    def record(self, name: str) -> Record:
        """An object field; an empty record when it is absent."""
        value = self.values.get(name)
        return value if isinstance(value, Record) else Record(self.place)

    def items(self, name: str) -> list[tuple[Any, Place]]:
        """The elements of a list field."""
        value = self.values.get(name)
        return value.shown() if isinstance(value, Listing) else []

    def at(self, name: str) -> Place:
        """Where a field stands; where its object stands when it is absent."""
        return self.places.get(name, self.place)


@dataclass(slots=True)
class Listing:
    """A list. Elements beyond `length` are left over from a longer list under the same key."""

    items: list[tuple[Any, Place]] = field(default_factory=list)
    length: int = 0

    def shown(self) -> list[tuple[Any, Place]]:
        """The elements that count."""
        return self.items[: self.length]


@dataclass(slots=True)
class Table:
    """An object whose keys are the user's: key -> (value, place of the value, key's token)."""

    entries: dict[str, tuple[Any, Place, Span]] = field(default_factory=dict)


class Refusal(NamedTuple):
    """A value the decoder refuses: of the wrong type, out of range, or without a form in JSON."""

    kind: Literal["type", "range", "form"]
    place: Place
    node: Node
    expected: Type
    key: str = ""
