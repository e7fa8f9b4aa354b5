"""With whom the memory is shared: the Redis that the exported YAML names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from one_adapter.contract import REFERENCE
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.gateway.mapping import Reader

#: How the URL of a Redis server may begin: in clear, by TLS, by a socket of this machine.
SCHEMES = ("redis://", "rediss://", "unix://")
#: A name under which things are shared: it becomes part of every key.
NAME = re.compile(r"[\w.-]{0,64}", re.ASCII)


@dataclass(frozen=True)
class Sharing:
    """The Redis that holds limits, breakers and turns; those who share `name` there share them.

    Without a `name` the services' identities make one. `required`: while it is away, requests that need it
    are refused, and do not go on by limits of this process.
    """

    url: str = field(repr=False)
    name: str = ""
    required: bool = False


def read_sharing(reader: Reader) -> Sharing | None:
    """Read `redis`, `redis_name` and `redis_required`; None where no Redis is named.

    >>> read_sharing(Reader({"redis": "unix:///run/redis.sock", "redis_name": "eu"}, "s")).name
    'eu'
    """
    if "redis" not in reader.value:
        return None
    place, url = f"{reader.place}.redis", reader.value["redis"]
    if not url or (isinstance(url, str) and url.startswith(REFERENCE)):
        raise OneAdapterError(tr("{place} names a variable that is not set.", place=place), 1)
    check_url(url, place)
    name = reader.text("redis_name")
    check_name(name, f"{reader.place}.redis_name")
    return Sharing(url, name, bool(reader.get("redis_required", bool, False)))


def check_url(url: object, place: str) -> None:
    """Raise `OneAdapterError` for what is no URL of Redis; it may hold a password, so it is not told."""
    if not isinstance(url, str) or not url.startswith(SCHEMES):
        schemes = ", ".join(SCHEMES)
        told = tr("{place} must be a URL that begins with {schemes}.", place=place, schemes=schemes)
        raise OneAdapterError(told, 1)
    try:
        parts = urlsplit(url)
        _ = parts.port, (parts.hostname or "").encode("idna")  # as whoever connects does
    except ValueError:  # its words may be a part of the password
        raise OneAdapterError(
            tr(
                "{place} is a URL whose host or port cannot be read; in a password, '/', '?', '#' and '[' "
                "must be percent-encoded.",
                place=place,
            ),
            1,
        ) from None


def check_name(name: str, place: str) -> None:
    """Raise `OneAdapterError` for what cannot be a name under which things are shared."""
    if not NAME.fullmatch(name):
        told = tr("{place} must have letters, digits, '.', '_' and '-' only, 64 at most.", place=place)
        raise OneAdapterError(told, 1)
