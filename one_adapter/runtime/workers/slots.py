"""One listening socket a worker, all on one port; the system hands each new connection to one of them.

The parent binds them and keeps them; the worker listens once it can answer. So nobody waits at a worker that
has yet to load, and what waits in the queue of one that died is served by the worker that comes in its place.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr

Slot = tuple[socket.socket, ...]


def open_slots(host: str, port: int, count: int) -> tuple[Slot, ...]:
    """`count` slots, each with a socket for every address of `host`, that nobody listens on yet.

    Raises `OneAdapterError` when the address cannot be listened on.
    """
    opened: list[Slot] = []
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for _ in range(count):
            opened.append(())
            for family, kind, protocol, _, address in dict.fromkeys(found):
                one = _bound(family, kind, protocol, (address[0], port, *address[2:]))
                opened[-1] += (one,)
                port = port or one.getsockname()[1]
    except (OSError, UnicodeError) as problem:
        close(opened)
        told = tr(
            "Cannot listen on {host}:{port}: {reason}.", host=host, port=port, reason=reason_of(problem)
        )
        raise OneAdapterError(told) from None
    return tuple(opened)


def try_to_bind(host: str, port: int) -> None:
    """Bind the first address of `host` for a moment; raises `OSError` or `UnicodeError` where it cannot."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def renewed(slot: Slot) -> Slot:
    """A slot on the same addresses in the place of one; nobody listens there, or waits any more."""
    found = tuple(_bound(one.family, one.type, one.proto, one.getsockname()) for one in slot)
    close([slot])
    return found


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    one = socket.socket(family, kind, protocol)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one


def close(slots: Sequence[Slot]) -> None:
    """Close every socket of these slots in this process."""
    for slot in slots:
        for one in slot:
            one.close()
