"""The fields the gateway knows, as tables, and how it matches and types them.

JSON keys match in any case and the last of several wins; YAML keys match
exactly. JSON takes a value of the named type or null; YAML turns scalars into
text where text is wanted and reads `yes`, `on` and their like as booleans where
a boolean is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from one_adapter.config.node import Member, Node, escape
from one_adapter.dialect import Dialect

Scalar = Literal["string", "bool", "integer", "number"]


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with known fields; others mean nothing to the gateway, though it may keep them (`keeps`)."""

    fields: Mapping[str, Type]
    yaml_names: tuple[tuple[str, str], ...] = ()
    keeps: bool = True

    def written(self, name: str, format: str) -> str:
        """How field `name` is spelt in a file of this format."""
        return dict(self.yaml_names).get(name, name) if format == "yaml" else name


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys are the user's."""

    value: Type


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Anything; inside of it nothing is typed."""


Type = Scalar | Struct | ListOf | MapOf | AnyValue


class Mismatch(NamedTuple):
    """A value of a type the gateway's parser refuses; `member` is the pair it stands in, if any."""

    pointer: str
    expected: Type
    node: Node


_STRINGS = ListOf("string")
_RENAMES = MapOf("string")
_ANY = AnyValue()

LIMIT = Struct(
    {"qps": "number", "qpm": "number", "rpm": "number", "concurrency": "number", "timeout": "integer"}
)
SERVICE = Struct(
    {
        "id": "string",
        "provider": "string",
        "models": _STRINGS,
        "embedding_models": _STRINGS,
        "embedding_limit": LIMIT,
        "reasoning_models": _RENAMES,
        "enabled": "bool",
        "credentials": MapOf(_ANY),
        "credential_list": ListOf(MapOf(_ANY)),
        "server_url": "string",
        "model_map": _RENAMES,
        "model_redirect": _RENAMES,
        "limit": LIMIT,
        "use_proxy": "bool",
        "timeout": "integer",
    }
)
PROXY = Struct(
    {
        "strategy": "string",
        "type": "string",
        "http_proxy": "string",
        "https_proxy": "string",
        "socks5_proxy": "string",
        "timeout": "integer",
    }
)
BREAKER = Struct(
    {
        "enabled": "bool",
        "failure_threshold": "integer",
        "recovery_timeout_seconds": "integer",
        "half_open_max_requests": "integer",
    },
    keeps=False,
)
TRANSLATION = Struct(
    {"enable": "bool", "promptTemplate": "string", "retry": "integer", "concurrency": "integer"},
    (("promptTemplate", "prompt_template"),),
)
CLIENT_KEY = Struct({"api_key": "string", "supported_models": MapOf(_STRINGS)})
RANGE = Struct({"min": "number", "max": "number"})
PARAMETERS = Struct({"temperatureRange": RANGE, "topPRange": RANGE, "maxTokens": "integer"})
GATEWAY = Struct(
    {
        "server_port": "string",
        "debug": "bool",
        "log_level": "string",
        "proxy": PROXY,
        "api_key": "string",
        "load_balancing": "string",
        "circuit_breaker": BREAKER,
        "multi_content_models": _STRINGS,
        "model_redirect": _RENAMES,
        "params_range": MapOf(PARAMETERS),
        "services": MapOf(ListOf(SERVICE)),
        "translation": TRANSLATION,
        "enable_web": "bool",
        "api_keys": ListOf(CLIENT_KEY),
    }
)

LIMIT_WITH_TOKENS = Struct({**LIMIT.fields, "tpm": "number"})
SERVICE_WITH_PROTOCOL = Struct(
    {
        **SERVICE.fields,
        "limit": LIMIT_WITH_TOKENS,
        "embedding_limit": LIMIT_WITH_TOKENS,
        "upstream_protocol": "string",
        "model_limits": MapOf(LIMIT_WITH_TOKENS),
    }
)
STATISTICS = Struct({"enabled": "bool", "retention_days": "integer"}, keeps=False)
GATEWAY_WITH_STATISTICS = Struct(
    {**GATEWAY.fields, "services": MapOf(ListOf(SERVICE_WITH_PROTOCOL)), "statistics": STATISTICS}
)


#: Fields that are left out of JSON when they are empty, so that a key of another case stands alone there.
LEFT_OUT_EMPTY = ("id", "upstream_protocol")


class Structs(NamedTuple):
    """The objects whose fields differ from version to version of the gateway."""

    gateway: Struct
    service: Struct
    limit: Struct


_FIRST = Structs(GATEWAY, SERVICE, LIMIT)
_WITH_POOLS = Structs(GATEWAY_WITH_STATISTICS, SERVICE_WITH_PROTOCOL, LIMIT_WITH_TOKENS)


def structs_of(dialect: Dialect) -> Structs:
    """A whole configuration, a service and a limit, as a version of the gateway knows them."""
    return _WITH_POOLS if dialect.protocols else _FIRST


_YAML_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"])
_YAML_FALSE = frozenset(["n", "N", "no", "No", "NO", "off", "Off", "OFF"])
#: The first number above all that Go's int64 holds; the lowest of them is its negative.
INT64_END = 1 << 63
#: The format of a value the gateway keeps untyped and reads later by way of JSON.
KEPT = "kept"


def fold(key: str) -> str:
    """`key` as the gateway's JSON parser compares it: without regard to case.

    >>> fold("API_Key") == fold("api_key")
    True
    """
    return key.lower() if key.isascii() else key.upper().lower()


def known_name(struct: Struct, key: str, format: str) -> str | None:
    """The field of `struct` that a key of a file means; None for an unknown key.

    >>> known_name(TRANSLATION, "PROMPTTEMPLATE", "json"), known_name(TRANSLATION, "promptTemplate", "yaml")
    ('promptTemplate', None)
    """
    if format != "yaml":
        if key in struct.fields:
            return key
        return _folded(struct).get(fold(key))
    return _spelt(struct).get(key)


_FOLDED: dict[int, dict[str, str]] = {}
_SPELT: dict[int, dict[str, str]] = {}


def _folded(struct: Struct) -> dict[str, str]:
    if id(struct) not in _FOLDED:
        _FOLDED[id(struct)] = {fold(name): name for name in struct.fields}
    return _FOLDED[id(struct)]


def _spelt(struct: Struct) -> dict[str, str]:
    if id(struct) not in _SPELT:
        _SPELT[id(struct)] = {struct.written(name, "yaml"): name for name in struct.fields}
    return _SPELT[id(struct)]


def members_by_field(struct: Struct, node: Node, format: str) -> dict[str, Member]:
    """The members of an object that mean a known field; of several the last that is not null."""
    found: dict[str, Member] = {}
    for member in node.members:
        name = known_name(struct, member.key, format)
        if name is not None and not (name in found and member.node.kind == "null"):
            found[name] = member
    return found


def mismatches(node: Node, expected: Type, format: str, pointer: str = "") -> Iterator[Mismatch]:
    """Every value below `node` that the gateway's parser refuses for its type, in file order.

    `format` "kept" is for a value of either format that the gateway has kept untyped and reads later, by way
    of JSON.
    """
    if node.kind == "null" or isinstance(expected, AnyValue):
        return
    if isinstance(expected, str):
        if not _fits(node, expected, format):
            yield Mismatch(pointer, expected, node)
    elif isinstance(expected, ListOf):
        if node.kind != "array":
            yield Mismatch(pointer, expected, node)
        for index, item in enumerate(node.items):
            yield from mismatches(item, expected.item, format, f"{pointer}/{index}")
    elif node.kind != "object":
        yield Mismatch(pointer, expected, node)
    else:
        for member in _counting(node, format):
            name = known_name(expected, member.key, format) if isinstance(expected, Struct) else ""
            if name is not None:
                inner = expected.fields[name] if isinstance(expected, Struct) else expected.value
                yield from mismatches(member.node, inner, format, f"{pointer}/{escape(member.key)}")


def _counting(node: Node, format: str) -> Iterable[Member]:
    """The members of an object that are read; of a kept one's equal keys the last is left."""
    return {member.key: member for member in node.members}.values() if format == KEPT else node.members


def _fits(node: Node, expected: Scalar, format: str) -> bool:
    if node.kind in ("object", "array"):
        return False
    if expected == "string":
        return node.kind == "string" or format == "yaml"
    if expected == "bool":
        yaml_word = format == "yaml" and node.kind == "string" and node.value in _YAML_TRUE | _YAML_FALSE
        return node.kind == "bool" or yaml_word
    if node.kind != "number":
        return False
    if expected == "number":
        return format == "yaml" or abs(node.value) != float("inf")
    if format == KEPT:
        return -INT64_END <= node.value < INT64_END and node.value % 1 == 0 and float(node.value) < INT64_END
    if isinstance(node.value, int):
        return -INT64_END <= node.value < INT64_END
    return format == "yaml" and abs(node.value) < INT64_END


def text_of(node: Node | None) -> str:
    """A string field's text; empty for null, and for what is no text."""
    if node is None or node.kind in ("null", "object", "array"):
        return ""
    return node.value if node.kind == "string" else node.raw


def flag_of(node: Node | None) -> bool | None:
    """A boolean field's value; None when it is absent, null or no boolean."""
    if node is not None and node.kind == "bool":
        return bool(node.value)
    if node is not None and node.kind == "string" and node.value in _YAML_TRUE | _YAML_FALSE:
        return node.value in _YAML_TRUE
    return None


def number_of(node: Node | None) -> float:
    """A number field's value; 0 when it is absent, null or no number."""
    return node.value if node is not None and node.kind == "number" else 0


def integer_of(node: Node | None) -> int:
    """An integer field's value; 0 when it is absent, null, no number or not finite."""
    value = number_of(node)
    return int(value) if value == value and abs(value) != float("inf") else 0
