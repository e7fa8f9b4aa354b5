"""The keys of a file: those of clients, and the credentials for vendors, each judged by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from one_adapter.config.model import Service
from one_adapter.config.node import escape
from one_adapter.dialect import Dialect
from one_adapter.lint.context import Context
from one_adapter.lint.go.values import Record
from one_adapter.plan.credentials import client_kind_of, kind_of
from one_adapter.vendors.service_types import CREDENTIALS
from one_adapter.vendors.unusable import Kind


class Key(NamedTuple):
    """A credential, or a key of clients: its place, its field, its text, and what it is if it is no key."""

    pointer: str
    name: str
    value: str
    kind: Kind | None
    for_clients: bool


def keys_of(context: Context) -> tuple[Key, ...]:
    """Every key of clients, and every credential a service's type reads that is a text."""
    return tuple(_keys_of(context))


def _keys_of(context: Context) -> Iterator[Key]:
    clients = [(context.record.text("api_key"), context.field("", "api_key"))]
    clients += [(key, pointer) for _, key, pointer in client_keys(context)]
    for value, pointer in clients:
        yield Key(pointer, "api_key", value, client_kind_of(value), True)
    for service in context.spoken:
        facts = CREDENTIALS.get(service.type)
        for pointer, values in credential_sets(context, service) if facts else ():
            resting = context.dialect.pools and values.get("enabled") is False
            for name, value in () if resting else values.items():
                if facts and name in facts.known and isinstance(value, str):
                    kind = kind_of(service, name, value)
                    yield Key(f"{pointer}/{escape(name)}", name, value, kind, False)


def own_names(service: Service, dialect: Dialect) -> tuple[str, ...]:
    """What a service's credentials may hold beside what the vendor needs."""
    if not dialect.pools:
        return ("limit",)
    listed = service.reads_list
    return ("id", "name", "enabled", "limit", "model_limits") if listed else ("limit", "model_limits")


def client_keys(context: Context) -> Iterator[tuple[Record, str, str]]:
    """The entries of api_keys: record, key, pointer of the key."""
    for entry, place in context.record.items("api_keys"):
        if isinstance(entry, Record):
            yield entry, entry.text("api_key"), entry.places.get("api_key", place).pointer


def credential_sets(context: Context, service: Service) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sets of credentials a service draws from, with their pointers."""
    if service.reads_list:
        base = context.field(service.pointer, "credential_list")
        yield from ((f"{base}/{index}", item) for index, item in enumerate(service.credential_list))
    elif service.credentials:
        yield context.field(service.pointer, "credentials"), service.credentials
    else:
        yield f"{service.pointer}/credentials", service.credentials
