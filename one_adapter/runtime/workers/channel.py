"""What is said between the parent and a worker, over a pair of sockets.

A message is a kind, the number of a generation and some bytes. Nobody ever waits for the other: what the
socket does not take stays until `flush`. The end of the channel means that the other process is gone.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum

#: Kind, generation and length of what follows.
HEAD = struct.Struct("!BII")
CHUNK_BYTES = 64 << 10


class Kind(IntEnum):
    """What a message means; the first four are the parent's."""

    PREPARE = 1
    COMMIT = 2
    DROP = 3
    REOPEN = 4
    READY = 5
    BEAT = 6
    PREPARED = 7
    REFUSED = 8
    COMMITTED = 9
    LEAVES = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `number` is the generation it is about, 0 for none, `body` a generation or a text."""

    kind: Kind
    number: int = 0
    body: bytes = b""


class Channel:
    """One end; it never blocks."""

    def __init__(self, connection: socket.socket) -> None:
        """Speak over `connection`, a stream."""
        connection.setblocking(False)
        self._connection = connection
        self._came = bytearray()
        self._waits = bytearray()
        self.ended = False

    def fileno(self) -> int:
        """The socket's, for a selector or a loop."""
        return self._connection.fileno()

    @property
    def is_waiting(self) -> bool:
        """Whether something has yet to be taken by the socket."""
        return bool(self._waits)

    def send(self, message: Message) -> None:
        """Send a message, as soon as the socket takes it."""
        self._waits += HEAD.pack(message.kind, message.number, len(message.body)) + message.body
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        try:
            while self._waits:
                del self._waits[: self._connection.send(self._waits[:CHUNK_BYTES])]
        except BlockingIOError:
            pass
        except OSError:  # nobody reads any more; reading tells
            self._waits.clear()

    def receive(self) -> list[Message]:
        """The messages that have come whole; sets `ended` at the channel's end."""
        try:
            while chunk := self._connection.recv(CHUNK_BYTES):
                self._came += chunk
            self.ended = True
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
        return self._whole()

    def _whole(self) -> list[Message]:
        found = []
        while len(self._came) >= HEAD.size:
            kind, number, length = HEAD.unpack_from(self._came)
            if len(self._came) < HEAD.size + length:
                break
            found.append(Message(Kind(kind), number, bytes(self._came[HEAD.size : HEAD.size + length])))
            del self._came[: HEAD.size + length]
        return found

    def close(self) -> None:
        """Close this end, so that the other one sees the channel's end."""
        with contextlib.suppress(OSError):
            self._connection.close()


def pair() -> tuple[Channel, Channel]:
    """Both ends of a new channel."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(here), Channel(there)
