"""The parent's signals, told to a loop that waits for files: a thread or asyncio would not outlive a fork."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType, TracebackType

#: Those that this system has: Windows lacks the last two.
HEARD = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD") if hasattr(signal, name)
)
#: Hangups that came during the start, while nobody could do anything about them.
early: list[int] = []


def remember_hangups() -> None:
    """Have a hangup not end a start, and not be lost: who hears them later takes those of `early` first."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _remember)


def _remember(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    early.append(number)


class Signals:
    """While it is entered, signals are collected; it can be waited for like a file."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        self._came: list[int] = []
        self._before: dict[int, object] = {}

    def __enter__(self) -> Signals:
        """Collect from now on."""
        signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        for number in HEARD:
            self._before[number] = signal.signal(number, self._heard)
        self._came += early
        early.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let them do again what they did."""
        signal.set_wakeup_fd(-1)
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        self.close()

    def fileno(self) -> int:
        """The file that can be read when a signal came."""
        return self._here.fileno()

    def take(self) -> list[int]:
        """Those that came since the last time, in their order."""
        with contextlib.suppress(BlockingIOError):
            while self._here.recv(4096):
                pass
        came, self._came = self._came, []
        return came

    def leave_to_child(self) -> None:
        """In a new worker: signals are its own again. A terminal's belong to the parent, which tells."""
        signal.set_wakeup_fd(-1)
        self.close()
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, _end)

    def close(self) -> None:
        """Close both files."""
        self._here.close()
        self._there.close()

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._came.append(number)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise SystemExit(0)
