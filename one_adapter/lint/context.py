"""What a rule is handed: the document, what it means, and a way to say where something stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from one_adapter.config.document import Document, Span
from one_adapter.config.fields import Structs, fold, structs_of
from one_adapter.config.model import Gateway, Service
from one_adapter.config.node import Member, Node, escape, segments
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import Dialect, Order
from one_adapter.finding import Severity
from one_adapter.lint.finding import Note
from one_adapter.lint.go.unmarshal import decode
from one_adapter.lint.go.values import Place, Record, Refusal

T = TypeVar("T")


class Context:
    """One document under judgement, as one version of the gateway takes it.

    Everything is worked out once, when first asked for.
    """

    def __init__(self, document: Document, dialect: Dialect, gateway: Gateway | None = None) -> None:
        self.document = document
        self.dialect = dialect
        self._given = gateway
        self._made: dict[Callable[[Context], Any], Any] = {}

    @property
    def structs(self) -> Structs:
        """The objects whose fields depend on the version of the gateway."""
        return structs_of(self.dialect)

    @cached_property
    def gateway(self) -> Gateway:
        """The configuration, normalised as the gateway normalises it."""
        return self._given or read_gateway(self.document, self.dialect)

    @cached_property
    def _decoded(self) -> tuple[Record, list[Refusal]]:
        return decode(self.document, self.dialect)

    @property
    def record(self) -> Record:
        """What the gateway's decoder leaves, before normalisation."""
        return self._decoded[0]

    @property
    def refusals(self) -> list[Refusal]:
        """Every value the gateway's decoder refuses."""
        return self._decoded[1]

    @cached_property
    def refused_pointers(self) -> frozenset[str]:
        """Where the values stand that the gateway's decoder refuses."""
        return frozenset(refusal.place.pointer for refusal in self.refusals)

    @cached_property
    def enabled(self) -> tuple[Service, ...]:
        """The services that are switched on."""
        return tuple(service for service in self.gateway.services if service.enabled)

    @property
    def order(self) -> Order | None:
        """What the file's load_balancing does; None for a word the gateway does not know."""
        return self.dialect.balancing.get(self.gateway.load_balancing)

    @cached_property
    def spoken(self) -> tuple[Service, ...]:
        """Every service as of the type whose protocol it speaks, which a service may choose for itself."""
        return tuple(replace(one, type=one.chat_type) for one in self.gateway.services)

    @cached_property
    def switched_off(self) -> tuple[str, ...]:
        """The pointers of the services that are switched off."""
        return tuple(service.pointer for service in self.gateway.services if not service.enabled)

    @cached_property
    def _members(self) -> dict[int, dict[str, Member]]:
        return {}

    def members(self, node: Node) -> dict[str, Member]:
        """The members of an object by key, of several the last; worked out once for each object."""
        if id(node) not in self._members:
            self._members[id(node)] = {member.key: member for member in node.members}
        return self._members[id(node)]

    def find(self, pointer: str) -> Node | None:
        """The node at a pointer, as `Document.find` gives it, but quick in objects with many members."""
        node = self.document.root
        for part in segments(pointer) if "~" in pointer else pointer.split("/")[1:]:
            if node is None:
                return None
            if node.kind == "array":
                index = int(part) if part.isdecimal() and len(part) < 9 else -1
                node = node.items[index] if 0 <= index < len(node.items) else None
            else:
                member = self.members(node).get(part)
                node = member.node if member else None
        return node

    def field(self, pointer: str, name: str) -> str:
        """The pointer of a known field of the object at `pointer`, with its key as written."""
        node = self.find(pointer)
        if node is not None and self.document.format == "yaml":
            return f"{pointer}/{name}"
        for member in reversed(node.members if node else ()):
            other_case = self.document.format == "json" and fold(member.key) == fold(name)
            if member.key == name or other_case:
                return f"{pointer}/{escape(member.key)}"
        return f"{pointer}/{name}"

    def redirect(self, service: Service | None, key: str) -> str:
        """The pointer of a redirect of a service, or of a global one."""
        return f"{self.field(service.pointer if service else '', 'model_redirect')}/{escape(key)}"

    @cached_property
    def listed_names(self) -> tuple[tuple[str, Node, bool], ...]:
        """Every model name as written in a service: pointer, node, whether the service is on."""
        names = []
        for service in self.gateway.services:
            node = self.find(service.pointer)
            for member in node.members if node else ():
                field = fold(member.key) if self.document.format == "json" else member.key
                if field in ("models", "embedding_models"):
                    for index, item in enumerate(member.node.items):
                        if item.kind == "string":
                            pointer = f"{service.pointer}/{escape(member.key)}/{index}"
                            names.append((pointer, item, service.enabled))
        return tuple(names)

    def once(self, make: Callable[[Context], T]) -> T:
        """What a function makes of this document, worked out when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def span(self, pointer: str) -> Span:
        """The token of the value at `pointer`, or of the nearest value around it."""
        while pointer:
            node = self.find(pointer)
            if node is not None:
                return _first_token(node.span, node.kind)
            pointer = pointer.rpartition("/")[0]
        root = self.document.root
        return _first_token(root.span, root.kind) if root else Span(0, 0)

    def key(self, pointer: str) -> Span:
        """The key's token that leads to `pointer`; the value's where there is no key."""
        parent, _, last = pointer.rpartition("/")
        node = self.find(parent)
        member = self.members(node).get(segments(f"/{last}")[0]) if node else None
        return member.key_span if member else self.span(pointer)

    def note(
        self,
        pointer: str,
        message: str,
        help: str = "",
        expected: str = "",
        *,
        severity: Severity | None = None,
        also: tuple[Span, str] | None = None,
    ) -> Note:
        """A note about the value at a pointer."""
        return Note(pointer, self.span(pointer), message, help, expected, severity, also)

    def key_note(
        self,
        pointer: str,
        message: str,
        help: str = "",
        expected: str = "",
        *,
        severity: Severity | None = None,
        also: tuple[Span, str] | None = None,
    ) -> Note:
        """A note about the key that leads to a pointer."""
        return Note(pointer, self.key(pointer), message, help, expected, severity, also)

    def type_note(self, service: Service, message: str, help: str = "") -> Note:
        """A note about a service for what its type is: the caret stands under the type's name."""
        return Note(service.pointer, self.key(service.pointer.rpartition("/")[0]), message, help)

    def place_note(self, place: Place, message: str, help: str = "", expected: str = "") -> Note:
        """A note about a decoded value."""
        node = self.find(place.pointer)
        whole = node is not None and node.kind in ("object", "array") and node.span == place.span
        span = Span(place.span.start, place.span.start + 1) if whole and place.span.end else place.span
        return Note(place.pointer, span, message, help, expected)


def _first_token(span: Span, kind: str) -> Span:
    """A scalar's whole span; of a list or an object only where it begins."""
    return span if kind not in ("object", "array") else Span(span.start, min(span.end, span.start + 1))
