"""Services, and the keys in their lists, as the gateway's decoder leaves them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from one_adapter.config.fields import MapOf, Type
from one_adapter.config.model import Credential, Service
from one_adapter.config.node import Node, Span
from one_adapter.config.reading import trim
from one_adapter.lint.context import Context
from one_adapter.lint.go.unmarshal import decode_kept, is_point_in_time
from one_adapter.lint.go.values import Listing, Place, Record, Refusal, Table

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


def offers(context: Context) -> Counter[str]:
    """How many services offer each name."""
    return Counter(
        name
        for service in context.enabled
        for name in {*service.models, *service.embedding_models, *service.model_redirect}
    )


def usable_keys(service: Service) -> tuple[Credential, ...]:
    """The keys of a service's list that are switched on; none where there is no list, or it is not read."""
    return tuple(key for key in service.pool if key.enabled) if is_pool(service) else ()


def is_pool(service: Service) -> bool:
    """Whether a service draws from a credential_list."""
    return service.reads_list


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


def untyped_limits(context: Context) -> Iterator[Refusal]:
    """What makes the gateway pass over limits without a word: the first wrong value of each such object."""
    for _, _, service, _ in decoded_services(context):
        single = service.values.get("credentials")
        yield from _first_wrong(context, single, "limit", context.structs.limit)
        for values in (single, *(key for key, _ in service.items("credential_list"))):
            yield from _first_wrong(context, values, "model_limits", MapOf(context.structs.limit))


def _first_wrong(context: Context, values: object, name: str, wanted: Type) -> list[Refusal]:
    found = values.entries.get(name) if isinstance(values, Table) else None
    refusals = decode_kept(wanted, found[0], found[1])[1] if found else []
    return [one for one in refusals if one.place.pointer not in context.refused_pointers][:1]


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
