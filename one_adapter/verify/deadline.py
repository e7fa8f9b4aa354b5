"""The end of an exchange with a server that goes on for ever, a byte at a time."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

#: Seconds between two looks after the end, for a connection that was being opened then.
AGAIN_SECONDS = 1.0


@contextlib.contextmanager
def ends_after(seconds: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """Connect, and have nothing more come in once so many seconds have gone by since.

    The timeout of a socket is for its silence alone: heads, lines and trailers may come for ever otherwise.
    Whoever still reads then finds the end of what was sent. Raises `OSError`, as connecting does.
    """
    over = threading.Event()
    opened: list[socket.socket] = []

    def end() -> None:
        wait = seconds
        while not over.wait(wait):
            for one in filter(None, (connection.sock, *opened)):
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(one, socket.SHUT_RDWR)  # TLS's own would wait for the other side
            wait = AGAIN_SECONDS

    threading.Thread(target=end, name="end of an exchange", daemon=True).start()
    try:
        if connection.sock is None:
            connection.connect()
        opened.append(connection.sock)
        yield
    finally:
        over.set()
