"""A file that a thread of its own appends lines to: neither a slow disk nor a full one stops a request.

Several processes may write to one file. Each write holds whole lines and goes to the file's end, and no other
comes between (on a local disk). Who moves the file away (logrotate) finds the next lines in a new one.
"""

from __future__ import annotations

import atexit
import errno
import os
import stat
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr

#: Seconds after which a line is written at the latest, and those that the end waits for a disk.
LINE_SECONDS, END_SECONDS = 1.0, 2.0
#: Lines that are kept for a disk that does not keep up, and those after which it is asked at once.
KEPT_LINES, SOON_LINES = 32 << 10, 1 << 10
#: Bytes of one write: to a file, and to a pipe, into which longer ones may be divided.
FILE_BYTES, PIPE_BYTES = 64 << 10, 4096
#: The byte with which a line ends.
LINE_END = 10
#: What stands for the standard output.
STANDARD = "-"


class Writer:
    """The lines of one process on their way to the file.

    `tell` hears what a person should know, once: that lines are lost and why, and that they are no longer.
    """

    def __init__(self, path: str, tell: Callable[[str], None], every: float = LINE_SECONDS) -> None:
        """Take the file's name, `-` for the standard output; it is opened, and made, by the first line."""
        self._path = path
        self._tell = tell
        self._every = every
        self._lines: deque[bytes] = deque()
        self._file = 1 if path == STANDARD else -1
        self._is_file = False
        self._is_torn = False
        self._problem = ""
        self.lost = 0
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._over = False
        self._thread: threading.Thread | None = None

    def put(self, line: bytes) -> None:
        """Have a line written; one that there is no room for is lost."""
        waiting = len(self._lines)
        if waiting >= KEPT_LINES:
            self.lost += 1
            return
        self._lines.append(line)
        if self._thread is None:
            self._start()
        elif waiting > SOON_LINES:
            self._wake.set()

    def check(self) -> None:
        """Raise `OneAdapterError` where the file cannot be written to."""
        if self._path != STANDARD:
            try:
                os.close(_open(self._path))
            except OSError as problem:
                reason = reason_of(problem)
                told = tr(
                    "The access log {path} cannot be written: {reason}.", path=self._path, reason=reason
                )
                raise OneAdapterError(told) from None

    def close(self) -> None:
        """Write what is left, as far as the disk takes it in `END_SECONDS` seconds; may be called again."""
        self._over = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(END_SECONDS)
            if not self._thread.is_alive():
                self.flush()  # what came after it had ended

    def flush(self) -> None:
        """Write what there is now."""
        with self._writing:
            while self._lines:
                most = FILE_BYTES if self._ready() and self._is_file else PIPE_BYTES
                batch, size = [self._lines.popleft()], 0
                while self._lines and (size := size + len(batch[-1])) + len(self._lines[0]) <= most:
                    batch.append(self._lines.popleft())
                self._write(b"".join(batch))

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="one-adapter access log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def _run(self) -> None:
        while not self._over:
            self._wake.wait(self._every)
            self._wake.clear()
            self.flush()
        self.flush()

    def _ready(self) -> bool:
        """Open the file where it is not, or where another is at its place by now."""
        if self._path == STANDARD:
            return True
        try:
            if self._file >= 0 and not _is_at(self._path, self._file):
                os.close(self._file)
                self._file = -1
            if self._file < 0:
                self._file = _open(self._path)
                self._is_file = stat.S_ISREG(os.fstat(self._file).st_mode)
                self._is_torn = False
        except OSError as problem:
            self._fails(problem)
        return self._file >= 0

    def _write(self, raw: bytes) -> None:
        if self._file < 0:
            self.lost += raw.count(b"\n")
            return
        at = 0
        try:
            if self._is_torn:
                os.write(self._file, b"\n")
                self._is_torn = False
            while at < len(raw):
                at += os.write(self._file, memoryview(raw)[at:])
        except OSError as problem:
            self._is_torn = self._is_torn or (at > 0 and raw[at - 1] != LINE_END)
            self.lost += raw.count(b"\n", at)
            self._fails(problem)
            return
        if self._problem:
            self._problem = ""
            self._tell(
                tr(
                    "The access log {path} is written again; {count} lines are missing by now.",
                    path=self._path,
                    count=self.lost,
                )
            )

    def _fails(self, problem: OSError) -> None:
        told = reason_of(problem) or type(problem).__name__
        if told != self._problem:
            self._problem = told
            self._tell(
                tr(
                    "The access log {path} cannot be written: {reason}. Requests go on without it.",
                    path=self._path,
                    reason=told,
                )
            )


def _open(path: str) -> int:
    """Open a file to append to, only its owner's where it is made; a pipe that nobody reads is an error."""
    if "\0" in path:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    os.set_blocking(file, True)
    return file


def _is_at(path: str, file: int) -> bool:
    """Whether an open file is the one that has a name now."""
    try:
        here, own = Path(path).stat(), os.fstat(file)
    except FileNotFoundError:
        return False
    return (here.st_dev, here.st_ino) == (own.st_dev, own.st_ino)
