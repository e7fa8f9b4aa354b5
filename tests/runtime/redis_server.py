"""A Redis server of the tests' own, on a socket in a folder of its own, that is told to stop and go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

MISSING = "redis-server is not installed: apt-get install redis-server (these tests are never skipped)"


class Server:
    """A server that keeps nothing; `url` names it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert self.program, MISSING
        self.folder, self.options = folder, options
        self.path = str(folder / "redis.sock")
        self.url = f"unix://{self.path}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Begin, with nothing in it."""
        words = [
            "--port",
            "0",
            "--unixsocket",
            self.path,
            "--save",
            "",
            "--dir",
            str(self.folder),
            *self.options,
        ]
        self.process = subprocess.Popen([str(self.program), *words], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                assert time.monotonic() < until, "redis-server does not begin"
                time.sleep(0.02)

    def send(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def pause(self) -> None:
        """Stop answering, with everything in it."""
        self.send(signal.SIGSTOP)

    def go_on(self) -> None:
        self.send(signal.SIGCONT)

    def stop(self) -> None:
        """End, and lose everything."""
        if self.process is not None:
            self.go_on()
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)
