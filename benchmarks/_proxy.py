"""Start a proxy on loopback for a benchmark, and end it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from _measure import BIN

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that answers: where and to which key, how long that took (seconds), and its process."""

    port: int
    key: str
    ready_after: float
    pid: int

    def megabytes(self) -> float:
        """The resident sets of its processes (Linux)."""
        return sum(_resident(pid) for pid in tree(self.pid))

    def processor_seconds(self) -> float:
        """The processor time of all threads of its processes so far (Linux)."""
        return sum(processor_seconds(pid) for pid in tree(self.pid))


def tree(pid: int) -> list[int]:
    """A process and those that it has started, and so on (Linux)."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread may have ended meanwhile
                found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def processor_seconds(pid: int) -> float:
    """The processor time of one process so far, to the nanosecond, ended threads among it (Linux).

    The number of another process's clock is what `clock_getcpuclockid` says of it.
    """
    return time.clock_gettime(~pid << 3 | 2)


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path],
    port: int,
    key: str,
    environment: Mapping[str, str] | None = None,
    accepts: bool = False,
) -> Iterator[Proxy]:
    """The process from its start to its end.

    Entered when `/v1/models` answers the client's `key`, with `accepts` when the port takes connections.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": f"Bearer {key}"}
    )
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_environment(environment or {}))
        try:
            while not (_accepts(port) if accepts else _answers(request)):
                if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                    log.seek(0)
                    raise SystemExit(f"{command}: {log.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.02)
            yield Proxy(port, key, time.perf_counter() - start, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's variables and `more`; bytecode is kept, as it is for whoever installs a package."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(
        more
    )


def _answers(request: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.read())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def run_command(config: Path, port: int) -> list[str | Path]:
    """`one-adapter run`."""
    return [BIN / "one-adapter", "run", config, "--port", str(port)]


def stock_command(exported: Path, port: int) -> list[str | Path]:
    """`litellm --config` on an exported file."""
    return [BIN / "litellm", "--config", exported, "--host", "127.0.0.1", "--port", str(port)]


def export(config: Path, folder: Path, *options: str) -> dict[str, str]:
    """Write `config.yaml` and `.env` into `folder`; the variables of the latter."""
    folder.mkdir(exist_ok=True)
    words: list[str | Path] = [BIN / "one-adapter", "export", config, *options, "-o", folder]
    subprocess.run(words, check=True, capture_output=True)
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value.strip("'\"") for name, value in pairs}
