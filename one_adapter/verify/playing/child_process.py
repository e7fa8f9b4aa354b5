"""A program of one's own for the time of a comparison: started on a private port, and ended in any case."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any

from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import tr

LOOPBACK = "127.0.0.1"
#: Seconds that a program has to begin to listen, and to end.
LONGEST_START_SECONDS, LONGEST_END_SECONDS = 90.0, 8.0
SECONDS_BETWEEN_LOOKS = 0.1
#: What a server answers that does not know a key.
STRANGERS_STATUSES = (401, 403)
#: Characters of what a program printed that are looked at when it did not start.
PRINTED_CHARACTERS = 4000


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class ChildProcess:
    """A program that listens on `port` of loopback for the time of a `with`.

    `command` and `environment` may hold no secret that others should not see: the first is in the list of
    processes. What the program prints goes to a file without a name.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        environment: Mapping[str, str],
        folder: str | None = None,
        given: bytes = b"",
        healthy: str = "/healthz",
        key: str = "",
    ) -> None:
        """`given` is what it reads from standard input, `healthy` the path that says it is there.

        With a `key` that it alone knows, somebody else's server at its port is not taken for it.
        """
        self.name, self.port, self.folder = name, port, folder
        self.base_url = f"http://{LOOPBACK}:{port}"
        self._command, self._environment = list(command), dict(environment)
        self._given, self._healthy, self._key = given, healthy, key
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> ChildProcess:
        """Start it; it need not listen yet."""
        self._printed = tempfile.TemporaryFile()
        self._before = _on_end(_leave)
        try:
            with _uninterrupted():  # or a program would be left that nobody knows of
                self._start()
        except BaseException as problem:
            self.__exit__(None, None, None)
            if isinstance(problem, OSError):
                raise OneAdapterError(
                    tr("{program} cannot be started: {reason}", program=self.name, reason=reason_of(problem))
                ) from None
            raise
        return self

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program, or the user's by its path
            self._command,
            stdin=subprocess.PIPE,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
            env=self._environment,
            cwd=self.folder,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._given)
            self._process.stdin.close()
        except BrokenPipeError:  # it has ended, and `wait` says so
            pass

    def wait(self) -> None:
        """Wait until it listens. Raises `OneAdapterError` where it ends instead, or takes too long."""
        assert self._process is not None
        limit = time.monotonic() + LONGEST_START_SECONDS
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                code = self._process.returncode
                told = tr(
                    "{program} ended with code {code}: {said}",
                    program=self.name,
                    code=code,
                    said=self._said(),
                )
                raise OneAdapterError(told)
            if self._answers():
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)
        told = tr(
            "{program} did not listen within {seconds:.0f} s",
            program=self.name,
            seconds=LONGEST_START_SECONDS,
        )
        raise OneAdapterError(told)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and all that it has started."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._printed.close()
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                os.killpg(self._process.pid, number)
            try:
                self._process.wait(LONGEST_END_SECONDS)
            except subprocess.TimeoutExpired:
                continue

    def _answers(self) -> bool:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
            connection.request("GET", self._healthy, headers=headers)
            return connection.getresponse().status not in STRANGERS_STATUSES
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _said(self) -> str:
        """The last line it printed."""
        self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, self._printed.tell() - PRINTED_CHARACTERS))
        lines = self._printed.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), tr("it said nothing"))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Have an interrupt wait until the end of the block."""
    came: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    except ValueError:  # not the main thread's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _leave(number: int, frame: object) -> None:
    del number, frame
    raise SystemExit(2)


def _on_end(handler: Any) -> dict[int, Any]:
    """Have a program that is told to end do this first; return by signal what it did so far.

    A terminal that is closed tells it so, too, unless that is not to matter (`nohup`).
    """
    told: list[int] = [signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        told.append(hangup)
    try:
        return {number: signal.signal(number, handler) for number in told}
    except ValueError:  # not the main thread's business
        return {}
