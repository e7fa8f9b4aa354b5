"""Workers that load by themselves, where forking is not possible: said, kept alive, and ended in time."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from one_adapter.runtime.workers.supervisor import LAST_SECONDS

PROGRAM = Path(__file__).with_name("spawn_program.py")
PATIENCE = 120.0

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif(sys.platform != "linux", reason="it looks at processes as Linux shows them"),
]


class Running:
    """The program, and what it says."""

    def __init__(self, folder: Path, grace: float = 2.0, missing: bool = False, whole: bool = False) -> None:
        self.log = folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        told = {"port": self.port, "grace": grace, "folder": str(folder), "missing": missing}
        told["whole"] = whole
        environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parent)}
        environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, json.dumps(told)], stdout=out, stderr=out, env=environment
            )

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def until(self, holds: Callable[[], Any]) -> Any:
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            assert self.process.poll() is None, self.said()
            found = holds()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(self.said())

    def open(self, path: str = "/0") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse()

    def ask(self) -> int | None:
        """The process that answers, if one does."""
        try:
            with self.open() as answer:
                return int(answer.read().split()[-1])
        except (OSError, http.client.HTTPException):
            return None

    def children(self, program: str) -> list[int]:
        words = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)]
        found = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        return [int(line.split()[0]) for line in found.splitlines() if program in line]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(**told: Any) -> Running:
        started.append(Running(tmp_path, **told))
        return started[-1]

    yield start
    for one in started:
        for child in one.children("spawn_main"):
            os.kill(child, signal.SIGKILL)
        one.process.kill()
        one.process.wait()


def test_it_is_said_in_a_line_and_what_dies_is_replaced_and_all_ends_in_time(
    running: Callable[..., Running],
) -> None:
    one = running(whole=True)
    one.until(one.ask)
    lines = [line for line in one.said().splitlines() if "the probe speaks against it" in line]
    assert len(lines) == 1
    assert "each worker loads LiteLLM by itself" in lines[0]
    assert "a changed file holds from the next start on" in lines[0]
    workers = one.until(lambda: (found := one.children("spawn_main"))[1:] and found)
    os.kill(workers[0], signal.SIGKILL)
    one.until(lambda: len({*one.children("spawn_main")} - {workers[0]}) == 2)
    assert f"worker 1 (process {workers[0]}) ended; another takes its place" in one.said()
    for redis in one.children("redis-server"):
        os.kill(redis, signal.SIGKILL)
        one.until(lambda redis=redis: {*one.children("redis-server")} - {redis})
        assert "the private redis-server ended with code -9; it is started again" in one.said()
    one.process.send_signal(signal.SIGHUP)
    one.until(lambda: "a changed file holds from the next start on, where workers load" in one.said())
    every = one.children("spawn_main") + one.children("redis-server")
    one.process.send_signal(signal.SIGTERM)  # the one in its place may still be loading
    assert one.process.wait(PATIENCE) == 0
    assert not [pid for pid in every if Path(f"/proc/{pid}").exists()]


def test_what_hangs_ends_with_the_grace_and_what_is_under_way_may_end_in_it(
    running: Callable[..., Running],
) -> None:
    one = running(grace=30)
    one.until(one.ask)
    with one.open("/3") as answer:
        assert answer.readline() == b"begins\n"
        one.process.send_signal(signal.SIGTERM)
        assert int(answer.read()) > 0
    assert one.process.wait(PATIENCE) == 0


def test_told_twice_it_ends_at_once(running: Callable[..., Running]) -> None:
    one = running(grace=600)
    one.until(one.ask)
    with one.open("/600") as answer:
        assert answer.readline() == b"begins\n"
        limit = time.monotonic() + PATIENCE
        while one.process.poll() is None and time.monotonic() < limit:
            one.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)  # two at once may be one to the system
        assert one.process.poll() in (0, -signal.SIGTERM)  # the last one may come after its end


def test_a_worker_that_answers_nothing_is_ended_with_the_rest(running: Callable[..., Running]) -> None:
    one = running(grace=1)
    serving = one.until(one.ask)  # one that still loads would end at once, stopped or not
    os.kill(serving, signal.SIGSTOP)
    began = time.monotonic()
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(PATIENCE) == 0
    assert time.monotonic() - began >= 1 + LAST_SECONDS


def test_where_no_worker_can_load_it_ends_and_says_so(running: Callable[..., Running]) -> None:
    one = running(missing=True)
    assert one.process.wait(PATIENCE) == 1
    assert one.said().splitlines()[-1].startswith("The proxy did not start; the workers' own messages")
