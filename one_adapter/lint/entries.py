"""Services, and the keys in their lists, as the gateway's decoder leaves them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from one_adapter.config.fields import MapOf
from one_adapter.config.node import Node, Span
from one_adapter.config.reading import trim
from one_adapter.lint.context import Context
from one_adapter.lint.decoded import Listing, Place, Record, Refusal, Table
from one_adapter.lint.decoding import decode_kept, is_point_in_time

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
#: The numbers of a limit, the longest wait among them.
NUMBERS = ("qps", "qpm", "rpm", "tpm", "concurrency", "timeout")

#: The entries of a decoded object with limits in it: name -> (limit, its place, its name's token).
Limits = dict[str, tuple[Record, Place, Span]]


def types_of(context: Context) -> Iterator[tuple[str, Place, Span, Listing | None]]:
    """Every service type as written: name, place of its list, its key's token, the list."""
    table = context.record.values.get("services")
    if isinstance(table, Table):
        for name, (value, place, key) in table.entries.items():
            yield name, place, key, value if isinstance(value, Listing) else None


def decoded_services(context: Context) -> Iterator[tuple[str, int, Record, Place]]:
    """Every service: its type, its number within it from 0, its fields, its place."""
    for name, _, _, listing in types_of(context):
        for index, (entry, place) in enumerate(listing.shown() if listing else ()):
            if isinstance(entry, Record):
                yield name, index, entry, place


class KeyEntry(NamedTuple):
    """One entry of a credential_list as decoded: its service's place, its number from 1, its own place."""

    service: Place
    number: int
    place: Place
    values: Table

    def node(self, name: str) -> Node | None:
        """The value under a name, which is taken as it is written."""
        found = self.values.entries.get(name)
        return found[0] if found else None

    def at(self, name: str) -> Place:
        """Where a value stands; the entry's own place when there is none."""
        found = self.values.entries.get(name)
        return found[1] if found else self.place


def key_entries(context: Context) -> Iterator[KeyEntry]:
    """Every key of every list, also of services that are switched off."""
    for _, _, service, place in decoded_services(context):
        for number, (values, where) in enumerate(service.items("credential_list"), 1):
            yield KeyEntry(place, number, where, values if isinstance(values, Table) else Table())


def key_id(context: Context, key: KeyEntry) -> str:
    """The id a key is given in the file, trimmed; empty where there is none that counts."""
    node = key.node("id")
    if node is None or node.kind != "string":
        return ""
    # YAML takes it for a time, and JSON writes that with its hour.
    return f"{node.value}T00:00:00Z" if is_point_in_time(context.document, node) else trim(node.value)


def read_limit(context: Context, key: KeyEntry) -> tuple[Record, list[Refusal]]:
    """A key's own limit as the gateway decodes it, and what it refuses of it."""
    node, place = key.node("limit"), key.at("limit")
    if node is None:
        return Record(place), []
    found: tuple[Record, list[Refusal]] = decode_kept(context.structs.limit, node, place)
    return found


def read_model_limits(context: Context, key: KeyEntry) -> tuple[Limits, list[Refusal]]:
    """A key's limits by model; none when anything in them has the wrong shape, which is then told."""
    node, place = key.node("model_limits"), key.at("model_limits")
    if node is None:
        return {}, []
    table, refusals = decode_kept(MapOf(context.structs.limit), node, place)
    return (table.entries if isinstance(table, Table) and not refusals else {}), refusals


def key_limits(context: Context) -> Iterator[Record]:
    """Every limit of every key, as the gateway decodes it."""
    for key in key_entries(context):
        yield read_limit(context, key)[0]
        for limit, _, _ in read_model_limits(context, key)[0].values():
            yield limit
