"""An answer's head goes out with what follows it, in one system call instead of two.

uvicorn writes the head as soon as an application begins to answer, and uvloop sends at once what is written:
two packets, and a client that is woken twice. A head that nothing follows in the same turn of the loop goes
out by itself at the end of it.
"""

from __future__ import annotations

import asyncio
from typing import Any

#: How uvicorn's heads begin. A piece of a body that begins so waits for the end of the turn, too.
HEAD = b"HTTP/1.1 "


class Corked:
    """A transport that keeps a head until the next write, or the end of the loop's turn."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Write to `transport`; whatever else is asked of it comes after the head."""
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._write = transport.write
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def __getattr__(self, name: str) -> Any:
        """Hand on to the transport."""
        self._flush()
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, together with the head before it."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._write(data)

    def close(self) -> None:
        """Close, once all is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self.is_closing():
            self._write(head)
