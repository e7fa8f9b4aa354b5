"""What a rule is handed: the document, what it means, and a way to say where something stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from one_adapter.config.document import Document, Span
from one_adapter.config.fields import Structs, fold, structs_of
from one_adapter.config.model import Gateway, Service
from one_adapter.config.node import Node, escape
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import Dialect, Order
from one_adapter.lint.finding import Note, Noting
from one_adapter.lint.go.unmarshal import decode
from one_adapter.lint.go.values import Place, Record, Refusal

T = TypeVar("T")


class Context(Noting):
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

    @property
    def root(self) -> Node | None:
        """The document's tree."""
        return self.document.root

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

    def type_note(self, service: Service, message: str, help: str = "") -> Note:
        """A note about a service for what its type is: the caret stands under the type's name."""
        return Note(service.pointer, self.key(service.pointer.rpartition("/")[0]), message, help)

    def place_note(self, place: Place, message: str, help: str = "", expected: str = "") -> Note:
        """A note about a decoded value."""
        node = self.find(place.pointer)
        whole = node is not None and node.kind in ("object", "array") and node.span == place.span
        span = Span(place.span.start, place.span.start + 1) if whole and place.span.end else place.span
        return Note(place.pointer, span, message, help, expected)
