"""A Redis server for the workers of this process alone: on a file, in memory, gone when we are."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.workers.parent import ends_with
from one_adapter.runtime.workers.restarts import Restarts

PROGRAMS = ("redis-server", "valkey-server")
#: Limits, breakers and turns of a hundred services take less than a tenth of it.
MEMORY = "64mb"
#: Where the folder may lie, in this order; the path of a Unix socket has no room for more than so many bytes.
PLACES = (None, "/dev/shm", "/tmp")  # noqa: S108 - the folder is new, with a name of its own and mode 0700
SOCKET_PATH_BYTES = 100
START_SECONDS, PAUSE_SECONDS = 10.0, 0.02
#: Seconds between two looks whether it lives.
LOOK_SECONDS = 0.2


def program() -> str | None:
    """The path of an installed Redis server, None where there is none that ends with its parent."""
    if sys.platform != "linux":
        return None
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class RedisServer:
    """The server; a context, in which it runs."""

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        """Run the program at `path`; `say` takes a line for the log."""
        self._program = path
        self._say = say
        self._restarts = Restarts()
        self._due: float | None = None
        self._look_at = self._began = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = _folder()
        #: Removes the folder; also for a worker whose parent is gone, and the server with it.
        self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.socket = Path(self.folder, "redis.sock")

    @property
    def url(self) -> str:
        """The address by which clients find it."""
        return f"unix://{self.socket}"

    def __enter__(self) -> RedisServer:
        """Start it and wait until it answers; raises `OneAdapterError` when it does not."""
        try:
            self._start(time.monotonic())
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it and remove its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.remove()

    def tend(self, now: float) -> None:
        """Start it again where it died; it comes back empty, and its clients tell it what they hold."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        if self._due is None and self._process is not None and self._process.poll() is not None:
            self._due = self._restarts.died(0, now, self._began)
            code = self._process.returncode
            self._say(tr("the private redis-server ended with code {code}; it is started again", code=code))
        if self._due is not None and now >= self._due:
            self._due = None
            self._start(now)

    def _start(self, now: float) -> None:
        self._began = now
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": self.folder,
            "daemonize": "no",
            "maxmemory": MEMORY,
            "maxmemory-policy": "noeviction",
            "logfile": str(Path(self.folder, "log")),
            "loglevel": "warning",
        }
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.socket.unlink(missing_ok=True)
        with open(os.devnull, "rb+") as nowhere:  # noqa: PTH123
            self._process = subprocess.Popen(  # noqa: S603 - found on the path, with arguments of ours
                [self._program, *arguments],
                stdin=nowhere,
                stdout=nowhere,
                stderr=nowhere,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,  # what a terminal sends is for us; we end it when nobody needs it
                preexec_fn=ends_with(os.getpid()),
            )

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        assert self._process is not None
        while time.monotonic() < until and self._process.poll() is None:
            if self.answers():
                return
            time.sleep(PAUSE_SECONDS)
        told = tr("{program} does not start", program=self._program)
        if words := self._last_words():
            told = tr("{program} does not start ({words})", program=self._program, words=words)
        raise OneAdapterError(tr("{what}; give --redis URL, or --redis none.", what=told), 1)

    def answers(self) -> bool:
        """Whether it does what it is asked."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, IndexError):
            return Path(self.folder, "log").read_text("utf-8", "replace").splitlines()[-1].strip()
        return ""


def _folder() -> str:
    """A new folder whose path leaves room for a socket's name."""
    for place in PLACES:
        with contextlib.suppress(OSError):
            found = tempfile.mkdtemp(prefix="one-adapter-", dir=place)
            if len(os.fsencode(found)) <= SOCKET_PATH_BYTES - len("/redis.sock"):
                return found
            Path(found).rmdir()
    told = tr("No folder for a socket can be written to; set TMPDIR to a short path that can.")
    raise OneAdapterError(told)
