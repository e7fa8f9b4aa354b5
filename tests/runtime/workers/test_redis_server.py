"""The Redis that the parent keeps for its workers: nobody else reaches it, and it ends with us."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from one_adapter.errors import OneAdapterError
from one_adapter.runtime.workers import redis_server
from one_adapter.runtime.workers.redis_server import RedisServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is ours on Linux only")
PATIENCE = 30.0
HOLD = """
import sys, time
from one_adapter.runtime.workers.redis_server import RedisServer
with RedisServer(sys.argv[1], print) as server:
    print(server._process.pid, server.folder, flush=True)
    time.sleep(1000)
"""


@pytest.fixture(scope="module")
def program() -> str:
    found = redis_server.program()
    assert found, "these tests need redis-server (or valkey-server): apt-get install redis-server"
    return found


def ask(server: RedisServer, *words: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(server.socket))
        client.sendall(" ".join(words).encode() + b"\r\n")
        return client.recv(4096).decode()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_only_its_owner_reaches_it_and_nothing_is_kept(program: str) -> None:
    with RedisServer(program, print) as server:
        assert server.url == f"unix://{server.socket}"
        assert Path(server.folder).stat().st_mode & 0o777 == 0o700
        assert ask(server, "PING") == "+PONG\r\n"
        for name, value in (
            ("port", "0"),
            ("save", ""),
            ("appendonly", "no"),
            ("maxmemory-policy", "noeviction"),
            ("maxmemory", str(64 << 20)),
        ):
            assert ask(server, "CONFIG", "GET", name).split("\r\n")[4] == value, name
    assert not server.answers()
    assert not Path(server.folder).exists()


def test_one_that_died_is_started_again(program: str) -> None:
    said: list[str] = []
    with RedisServer(program, said.append) as server:
        assert ask(server, "SET", "a", "b") == "+OK\r\n"
        assert server._process is not None
        server.tend(0.0)
        assert said == []
        server._process.kill()
        server._process.wait()
        server.tend(1000.0)
        limit = time.monotonic() + PATIENCE
        while not server.answers() and time.monotonic() < limit:
            time.sleep(0.01)
        assert ask(server, "GET", "a") == "$-1\r\n"
    assert said == ["the private redis-server ended with code -9; it is started again"]


def test_it_ends_when_its_parent_is_killed(program: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid, folder = holder.stdout.readline().split()
        assert lives(int(pid))
        holder.kill()
    limit = time.monotonic() + PATIENCE
    while lives(int(pid)) and time.monotonic() < limit:
        time.sleep(0.01)
    assert not lives(int(pid))
    shutil.rmtree(folder)


def test_what_a_terminal_sends_does_not_reach_it(program: str) -> None:
    with RedisServer(program, print) as server:
        assert server._process is not None
        assert os.getpgid(server._process.pid) != os.getpgid(0)


def test_one_that_does_not_start_is_one_sentence() -> None:
    server = RedisServer("/bin/false", print)
    with pytest.raises(OneAdapterError, match="/bin/false does not start; give --redis URL"), server:
        raise AssertionError
    assert not Path(server.folder).exists()


def test_where_the_folder_for_temporary_files_has_too_long_a_name_another_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    server = RedisServer("/bin/false", print)
    assert deep not in server.socket.parents
    assert len(str(server.socket)) <= redis_server.SOCKET_PATH_BYTES
    server.remove()
    assert not [*deep.iterdir()]


def test_nowhere_to_put_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "PLACES", ("/proc/none",))
    with pytest.raises(OneAdapterError, match="set TMPDIR to a short path"):
        RedisServer("/bin/false", print)


def test_where_none_is_installed_none_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.program() is None
    (tmp_path / "valkey-server").write_text("")
    (tmp_path / "valkey-server").chmod(0o700)
    assert redis_server.program() == str(tmp_path / "valkey-server")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert redis_server.program() is None
