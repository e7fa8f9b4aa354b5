"""Processes that begin with LiteLLM loaded: forks of one that has loaded it, once for all tests.

Loading takes six seconds of a processor, half as long again where the coverage is measured. The process that
is forked is this file as a program: it has imported nothing of one-adapter, has the environment that `run`
gives LiteLLM, is not measured (a fork is, before it does anything), and ends with the tests. Where a process
cannot be forked safely, each loads LiteLLM itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

#: What LiteLLM reads while it is imported, as `run` sets it, and what keeps NumPy from starting threads.
WHILE_LOADING = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_OFFLINE_MODE": "true",
    "LITELLM_SUPPRESS_STARTUP_OUTPUT": "true",
    "DEFAULT_MAX_RETRIES": "0",
    "LITELLM_LOG": "ERROR",
    "OPENBLAS_NUM_THREADS": "1",
}
#: How the variables begin by which a process learns that its coverage is measured.
MEASURING = "COV"
CAN_FORK = sys.platform == "linux"


class Process(Protocol):
    """What the tests ask of a process, whoever started it."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...


class Fork:
    """A fork of the loaded process, asked as `subprocess.Popen` is."""

    def __init__(self, program: str, files: tuple[int, int, int], cwd: Path, environment: Mapping[str, str]):
        self._line = _connected()
        asked = {"program": program, "cwd": str(cwd), "environment": dict(environment)}
        socket.send_fds(self._line, [json.dumps(asked).encode() + b"\n"], files)
        self._returned: int | None = None
        self.pid = self._told()

    def _told(self) -> int:
        told = self._line.recv(4, socket.MSG_WAITALL)
        assert len(told) == 4, "the process with LiteLLM in it has died"
        return int(struct.unpack("i", told)[0])

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._returned

    def wait(self, timeout: float | None = None) -> int:
        if self._returned is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a fork", timeout or 0)
            self._returned = self._told()
            self._line.close()
        return self._returned

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def start(
    program: str,
    given: bytes,
    out: IO[Any],
    cwd: Path,
    environment: Mapping[str, str],
    err: IO[Any] | None = None,
) -> Process:
    """Run a program where LiteLLM is loaded, in a session of its own; `given` is its standard input."""
    if not CAN_FORK:
        return start_whole(program, given, out, cwd, environment, err)
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        return Fork(program, (file.fileno(), out.fileno(), (err or out).fileno()), cwd, environment)


def start_whole(
    program: str,
    given: bytes,
    out: IO[Any],
    cwd: Path,
    environment: Mapping[str, str],
    err: IO[Any] | None = None,
) -> Process:
    """The same in a process that has still to load LiteLLM."""
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        return subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=file,
            stdout=out,
            stderr=err or out,
            cwd=cwd,
            env=dict(environment),
            start_new_session=True,
        )


def run(program: str, cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end where LiteLLM is loaded; what it said, which has to have gone well."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = start(program, b"", out, cwd, environment, err).wait(120)
        said = [(file.seek(0), file.read())[1] for file in (out, err)]
    assert code == 0, said
    return subprocess.CompletedProcess([], code, *said)


def unmeasured() -> dict[str, str]:
    """This process's environment, but that the coverage is not measured."""
    return {key: value for key, value in os.environ.items() if not key.startswith(MEASURING)}


def _connected() -> socket.socket:
    """A connection to the process that is forked, which is started by the first who asks."""
    tests = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    name = f"\0one-adapter-tests-{tests}"
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(name)
    except ConnectionRefusedError:
        command = [sys.executable, __file__, name[1:], str(tests)]
        nowhere = subprocess.DEVNULL
        subprocess.run(
            command,
            check=True,
            env=unmeasured() | WHILE_LOADING,
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
        )
        line.connect(name)
    return line


def begin_loading() -> None:
    """Have LiteLLM loaded by the time that a test asks for a fork."""
    if CAN_FORK:
        _connected().close()


def serve(name: str, tests: int) -> str:
    """Load LiteLLM and fork for whoever asks while the tests' process lives; a fork returns its program."""
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(f"\0{name}")
        except OSError:  # another has been started at the same time
            return ""
        listener.listen(64)
        if os.fork():
            return ""
        over = os.pidfd_open(tests)
        _load()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
        while True:
            if over in select.select([listener, over], [], [])[0]:
                return ""
            line, _ = listener.accept()
            if not os.fork():
                break
            line.close()
    os.close(over)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return _kept(line)


def _load() -> None:
    """Import LiteLLM as `run` does: the collector would look through all of it again and again."""
    gc.disable()
    for module in ("litellm.proxy.proxy_server", "litellm.proxy.proxy_cli", "uvicorn"):
        import_module(module)
    gc.freeze()  # nor does a fork look through it when it ends


def _kept(line: socket.socket) -> str:
    """Fork what is asked for, which returns its program; tell who asked its number and its exit code."""
    told, files, _, _ = socket.recv_fds(line, 1 << 16, 3)
    while told and not told.endswith(b"\n"):
        told += line.recv(1 << 16)
    _, user, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if not told or user != os.getuid():
        os._exit(0)
    pid = os.fork()
    if not pid:
        line.close()
        return _become(json.loads(told), files)
    for file in files:
        os.close(file)
    line.sendall(struct.pack("i", pid))
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        line.sendall(struct.pack("i", os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(asked: dict[str, Any], files: list[int]) -> str:
    """Have this process look as if it were started with what it was asked for; return its program."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv, sys.path[0] = ["-c"], ""
    gc.enable()
    if any(name.startswith(MEASURING) for name in os.environ):
        import coverage

        coverage.process_startup()
    return str(asked["program"])


if __name__ == "__main__" and (PROGRAM := serve(sys.argv[1], int(sys.argv[2]))):
    exec(compile(PROGRAM, "<string>", "exec"), {"__name__": "__main__"})
