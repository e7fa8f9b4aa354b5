"""What the gateway's own decoder makes of a document, and every value it would refuse.

`config.model` says what a good configuration means. This module answers the
narrower question of the judge, exactly: does Go's encoding/json or yaml.v3 take
it at all, and with which values? The differences that matter:

- JSON: a key that stands twice (or in two cases) is decoded twice, the second time
  over what the first has left; an object therefore adds up, and a wrong type in
  either place is refused. null changes nothing but lists and maps.
- YAML: a null in a list of texts or objects is left out. What a file adds beyond the
  known fields is later written as JSON, so a value JSON has no word for is refused,
  and a key that differs from a known one by case is read again as that field.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

from one_adapter.config import fields
from one_adapter.config.document import Document
from one_adapter.config.fields import INT64_END, AnyValue, ListOf, MapOf, Struct, Type, fold, known_name
from one_adapter.config.node import Member, Node, Span, escape
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.lint.go.values import Listing, Place, Record, Refusal, Table

#: The largest number of Go's float64.
_LARGEST = 1.7976931348623157e308
_TIME = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?"
_DATE = re.compile(rf"(\d{{4}})-(\d\d?)-(\d\d?)(?:(?:[Tt]{_TIME}(?:Z|[+-]\d\d:\d\d))| {_TIME})?")
_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "off", "Off", "OFF"])
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_ZERO: dict[str, Any] = {"string": "", "bool": False, "integer": 0, "number": 0.0}


def decode(document: Document, dialect: Dialect = CURRENT) -> tuple[Record, list[Refusal]]:
    """The configuration as the gateway's decoder leaves it, and what the decoder refuses, in file order.

    >>> from one_adapter.config.document import parse
    >>> record, refusals = decode(parse(b'{"api_key": 5}', "config.json"))
    >>> refusals[0].kind, refusals[0].place.pointer
    ('type', '/api_key')
    """
    node = document.root
    if node is None:
        return Record(Place("", Span(0, 0))), []
    decoder = _Decoder(document.format, document.text)
    record = decoder.struct(fields.structs_of(dialect).gateway, node, Place("", node.span), None)
    return record, decoder.refusals


def decode_kept(wanted: Type, node: Node, place: Place) -> tuple[Any, list[Refusal]]:
    """What the gateway reads as `wanted` from a value that it has kept untyped, and what of it is refused.

    It writes the value as JSON first: keys come in their order, once each, and every number is a float.
    """
    decoder = _Decoder("json", "", from_yaml=True)
    value = decoder.value(wanted, _written_again(node), place, None)
    return value, decoder.refusals


def _written_again(node: Node) -> Node:
    if node.kind == "number" and abs(node.value) <= _LARGEST:
        return replace(node, value=float(node.value))
    if node.kind != "object":
        return node
    last = {member.key: replace(member, node=_written_again(member.node)) for member in node.members}
    return replace(node, members=tuple(last[key] for key in sorted(last, key=_bytes)))


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


class _Decoder:
    def __init__(self, form: str, text: str, from_yaml: bool = False) -> None:
        self.form = form
        self.text = text
        self.from_yaml = from_yaml
        self.refusals: list[Refusal] = []

    def refuse(self, kind: Literal["type", "range", "form"], place: Place, node: Node, wanted: Type) -> None:
        self.refusals.append(Refusal(kind, place, node, wanted))

    def value(self, wanted: Type, node: Node, place: Place, old: Any) -> Any:
        """`node` decoded as `wanted` over `old` (None when there is nothing yet)."""
        if isinstance(wanted, str):
            return self.scalar(wanted, node, place, old)
        if isinstance(wanted, AnyValue):
            self.free(node, place)
            return node
        if isinstance(wanted, Struct):
            return self.struct(wanted, node, place, old)
        if node.kind == "null":
            return None
        if isinstance(wanted, ListOf):
            return self.listing(wanted, node, place, old)
        return self.table(wanted, node, place, old)

    def scalar(self, wanted: str, node: Node, place: Place, old: Any) -> Any:
        kept = _ZERO[wanted] if old is None else old
        if node.kind == "null":
            return kept
        if self.form == "yaml":
            value = _yaml_scalar(wanted, node)
        else:
            value = _json_scalar(wanted, node, self.from_yaml)
        if value is None:
            ranged = node.kind == "number" and wanted in ("integer", "number")
            self.refuse("range" if ranged else "type", place, node, wanted)  # type: ignore[arg-type]
            return kept
        if isinstance(value, float) and not _finite(value):
            self.refuse("form", place, node, wanted)  # type: ignore[arg-type]
        return value

    def struct(self, wanted: Struct, node: Node, place: Place, old: Record | None) -> Record:
        record = old or Record(place)
        if node.kind == "null":
            return record
        if node.kind != "object":
            self.refuse("type", place, node, wanted)
            return record
        record.place = place
        extra: dict[str, Member] = {}
        for member in self.members(node):
            name = known_name(wanted, member.key, self.form)
            if name is not None:
                inner = Place(f"{place.pointer}/{escape(member.key)}", member.node.span)
                record.values[name] = self.value(
                    wanted.fields[name], member.node, inner, record.values.get(name)
                )
                record.places[name] = inner
            if name is None or member.key != name:
                extra[member.key] = member
        if extra and wanted.keeps:
            self.extensions(wanted, record, extra)
        return record

    def members(self, node: Node) -> tuple[Member, ...]:
        """JSON decodes every member; YAML only the one that counts (it may hide a merged one)."""
        if self.form == "json":
            return node.members
        last = {member.key: member for member in node.members}
        return tuple(member for member in last.values() if member.key not in _NULLS or self.is_quoted(member))

    def extensions(self, wanted: Struct, record: Record, extra: dict[str, Member]) -> None:
        """What the gateway keeps beside its known fields, and reads again as JSON."""
        at = record.place.pointer
        for key, member in extra.items():
            place = Place(f"{at}/{escape(key)}", member.node.span)
            if self.form == "json":
                if known_name(wanted, key, "json") is None:
                    self.free(member.node, place)
                continue
            if known_name(wanted, key, "yaml") is not None:
                continue
            self.free(member.node, place)
            name = known_name(wanted, key, "json")
            if name is not None and name != key:
                self.read_again(wanted, record, name, member, place)
        for left_out in fields.LEFT_OUT_EMPTY:
            if left_out not in wanted.fields or record.values.get(left_out, "") != "":
                continue
            for key in sorted(extra):
                node = extra[key].node
                if fold(key) == left_out and node.kind == "string":
                    record.values[left_out] = node.value
                    record.places[left_out] = Place(f"{at}/{escape(key)}", node.span)

    def read_again(self, wanted: Struct, record: Record, name: str, member: Member, place: Place) -> None:
        again = _Decoder("json", self.text, from_yaml=True)
        value = again.value(wanted.fields[name], member.node, place, None)
        self.refusals += again.refusals
        table = record.values.get(name)
        if isinstance(value, Table) and isinstance(table, Table):
            table.entries = {**value.entries, **table.entries}

    def listing(self, wanted: ListOf, node: Node, place: Place, old: Listing | None) -> Listing | None:
        if node.kind != "array":
            self.refuse("type", place, node, wanted)
            return old
        # JSON decodes over what an earlier list under the same key has left, but for an empty one.
        listing = old if old and self.form == "json" and node.items else Listing()
        count = 0
        for index, item in enumerate(node.items):
            if self.form == "yaml" and item.kind == "null" and isinstance(wanted.item, (str, Struct)):
                continue
            inner = Place(f"{place.pointer}/{index}", item.span)
            before = listing.items[count][0] if count < len(listing.items) else None
            listing.items[count : count + 1] = [(self.value(wanted.item, item, inner, before), inner)]
            count += 1
        listing.length = count
        return listing

    def table(self, wanted: MapOf, node: Node, place: Place, old: Table | None) -> Table | None:
        if node.kind != "object":
            self.refuse("type", place, node, wanted)
            return old
        table = old or Table()
        for member in self.members(node):
            inner = Place(f"{place.pointer}/{escape(member.key)}", member.node.span)
            value = self.value(wanted.value, member.node, inner, None)
            table.entries[member.key] = (value, inner, member.key_span)
        return table

    def free(self, node: Node, place: Place) -> None:
        """Refuse what cannot be kept inside a value nobody types: infinite numbers, keys that are no text."""
        stack = [(node, place)]
        while stack:
            node, place = stack.pop()
            if node.kind == "number" and not _finite(node.value):
                kind: Literal["range", "form"] = "range" if self.form == "json" else "form"
                self.refuse(kind, place, node, "number")
            for index, item in enumerate(node.items):
                stack.append((item, Place(f"{place.pointer}/{index}", item.span)))
            for member in node.members:
                inner = Place(f"{place.pointer}/{escape(member.key)}", member.node.span)
                if self.form == "yaml" and not self.is_text_key(member):
                    key_place = Place(inner.pointer, member.key_span)
                    self.refusals.append(Refusal("form", key_place, node, AnyValue(), member.key))
                stack.append((member.node, inner))

    def is_quoted(self, member: Member) -> bool:
        return self.text[member.key_span.start : member.key_span.start + 1] in ('"', "'")

    def is_text_key(self, member: Member) -> bool:
        from one_adapter.config.yaml_text import resolve  # imported already: the file is YAML

        written = self.text[member.key_span.start : member.key_span.end]
        return self.is_quoted(member) or (resolve(written)[0] == "string" and not _is_date(written))


def is_point_in_time(document: Document, node: Node) -> bool:
    """Whether a text is one only in our tree: yaml.v3 takes a plain `2026-01-31` for a time."""
    written = document.text[node.span.start : node.span.end]
    return document.format == "yaml" and node.kind == "string" and _is_date(written)


def _is_date(text: str) -> bool:
    """Whether yaml.v3 takes a plain scalar for a point in time."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    from datetime import datetime  # a key that looks like a date is rare

    try:
        datetime(*(int(part) for part in found.groups() if part))  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _finite(number: float) -> bool:
    return number == number and abs(number) != float("inf")


def _yaml_scalar(wanted: str, node: Node) -> Any:
    if node.kind in ("object", "array"):
        return None
    if wanted == "string":
        return node.value if node.kind == "string" else node.raw
    if wanted == "bool":
        if node.kind == "bool":
            return node.value
        if node.kind == "string" and node.value in _TRUE | _FALSE:
            return node.value in _TRUE
        return None
    if node.kind != "number":
        return None
    if wanted == "number":
        return float(node.value) if abs(node.value) < 1e300 else node.value
    if node.value != node.value or node.value >= INT64_END:
        return None
    return int(max(node.value, -INT64_END))


def _json_scalar(wanted: str, node: Node, from_yaml: bool) -> Any:
    if wanted in ("string", "bool"):
        return node.value if node.kind == wanted else None
    if node.kind != "number":
        return None
    if wanted == "number":
        return node.value if abs(node.value) <= _LARGEST else None
    whole = isinstance(node.value, int) or (from_yaml and node.value.is_integer())
    return int(node.value) if whole and -INT64_END <= node.value < INT64_END else None
