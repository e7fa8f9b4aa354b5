"""Telling systemd how far the process is: the protocol of `Type=notify-reload`, as datagrams."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, MutableMapping

VARIABLE = "NOTIFY_SOCKET"


class Notifier:
    """Says it to the socket that systemd named, or to nobody."""

    def __init__(self, address: str, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Send to `address`; "" for nobody. An @ stands for the zero byte of a socket without a file."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._clock = clock

    def ready(self, status: str = "") -> None:
        """Say that it serves, for the first time or again after a reload, whatever became of that."""
        self._send("READY=1", status)

    def reloading(self) -> None:
        """Say that it reads its configuration anew; `ready` must follow."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={self._clock() // 1000}")

    def status(self, text: str) -> None:
        """Show a line in `systemctl status`."""
        self._send("", text)

    def stopping(self) -> None:
        """Say that it ends."""
        self._send("STOPPING=1")

    def _send(self, words: str, status: str = "") -> None:
        if not self._address:
            return
        if status:
            words = f"{words}\nSTATUS={status.splitlines()[0]}".lstrip()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(words.encode(), self._address)


def from_environment(environment: MutableMapping[str, str]) -> Notifier:
    """The notifier of this process; no other process that it starts is to say anything."""
    return Notifier(environment.pop(VARIABLE, ""))
