"""Several workers under their parent: what breaks when one dies, how a reload goes, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("fleet_program.py")
#: Seconds in which what is not slow must be done, on a machine that does much else.
PATIENCE = 30.0

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uvicorn's own workers are used"),
]


class Fleet:
    """The program, told what to do by signals and its file."""

    def __init__(
        self,
        folder: Path,
        count: int = 2,
        grace: float = 20,
        death: str = "",
        notify: str = "",
        speed: float = 1,
    ) -> None:
        self.file = folder / "file"
        self.file.write_text("one")
        self.log = folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        told = {"port": self.port, "count": count, "grace": grace, "file": str(self.file), "death": death}
        told["speed"] = speed
        environment = {**os.environ, **({"NOTIFY_SOCKET": notify} if notify else {})}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, json.dumps(told)], stdout=out, stderr=out, env=environment
            )

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def until(self, holds: Callable[[], Any], what: str = "") -> Any:
        """Wait for it."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            found = holds()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"{what}\n{self.said()}")

    def ready(self) -> Fleet:
        self.until(lambda: "all are ready" in self.said())
        return self

    def open(self, path: str = "/") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse()

    def ask(self, path: str = "/") -> dict[str, Any]:
        with self.open(path) as answer:
            found: dict[str, Any] = json.loads(answer.read().splitlines()[-1])
            return found

    def seen(self, count: int) -> dict[int, int]:
        """Ask until so many workers have answered; number -> process."""
        found: dict[int, int] = {}

        def enough() -> bool:
            one = self.ask()
            found[one["worker"]] = one["pid"]
            return len(found) == count

        self.until(enough, "not every worker answers")
        return found

    def write(self, text: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    started: list[Fleet] = []

    def start(**told: Any) -> Fleet:
        started.append(Fleet(tmp_path, **told))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def test_every_worker_answers_on_the_one_port_and_all_end_when_told_to(fleet: Callable[..., Fleet]) -> None:
    running = fleet(count=3).ready()
    pids = running.seen(3)
    assert sorted(pids) == [1, 2, 3]
    assert len({*pids.values()}) == 3
    assert running.end() == 0
    assert not any(map(lives, pids.values()))
    lines = running.said().splitlines()
    assert lines[0] == "all are ready"
    assert sorted(lines[1:]) == sorted(f"noted: {pid} ended" for pid in pids.values())


def test_a_killed_worker_breaks_its_own_connections_only_and_is_back(fleet: Callable[..., Fleet]) -> None:
    running = fleet().ready()
    pids = running.seen(2)
    streams: dict[int, list[http.client.HTTPResponse]] = {1: [], 2: []}

    def one_of_each() -> bool:
        answer = running.open("/10")
        answer.fp.peek()  # type: ignore[attr-defined]
        worker = int(answer.headers["x-worker"])
        streams[worker].append(answer)
        return all(streams.values())

    running.until(one_of_each)
    os.kill(pids[1], signal.SIGKILL)
    for answer in streams[2]:
        assert json.loads(answer.read().splitlines()[-1])["pid"] == pids[2]
    for answer in streams[1]:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
    running.until(lambda: "ended by SIGKILL" in running.said())
    again = running.seen(2)
    assert again[2] == pids[2]
    assert again[1] != pids[1]
    assert "worker 1 (process" in running.said()


def test_what_waits_at_a_dead_worker_is_served_by_the_next(fleet: Callable[..., Fleet]) -> None:
    running = fleet(count=1).ready()
    (pid,) = running.seen(1).values()
    os.kill(pid, signal.SIGSTOP)  # it takes no connection any more, the queue of its slot does
    answers: list[dict[str, Any]] = []
    asking = [threading.Thread(target=lambda: answers.append(running.ask())) for _ in range(5)]
    for one in asking:
        one.start()
    running.until(lambda: queued(running.port) == 5, "the queue is not full")
    os.kill(pid, signal.SIGKILL)
    for one in asking:
        one.join(PATIENCE)
    assert len(answers) == 5
    assert pid not in {answer["pid"] for answer in answers}


def queued(port: int) -> int:
    """How many connections wait to be taken at a port."""
    found = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1] == f"0100007F:{port:04X}" and words[3] == "0A":
            found += int(words[4].split(":")[1], 16)
    return found


def test_told_to_end_it_lets_in_nobody_and_waits_for_what_is_under_way(fleet: Callable[..., Fleet]) -> None:
    running = fleet().ready()
    with running.open("/10") as answer:
        running.process.send_signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                running.ask()
            except OSError:
                return True
            return False

        running.until(refused)
        assert answer.read().count(b"piece") == 10
    assert running.process.wait(PATIENCE) == 0


def test_what_takes_longer_than_the_grace_is_cut(fleet: Callable[..., Fleet]) -> None:
    running = fleet(grace=1).ready()
    with running.open("/600") as answer:
        assert running.end() == 0
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_twice_it_ends_at_once(number: int, fleet: Callable[..., Fleet]) -> None:
    running = fleet(grace=600).ready()
    with running.open("/600"):
        running.process.send_signal(number)
        running.until(lambda: queued_nowhere(running.port))
        assert running.end(number) == 0


def queued_nowhere(port: int) -> bool:
    """Whether nobody listens at a port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return not any(one.split()[1] == f"0100007F:{port:04X}" and one.split()[3] == "0A" for one in lines)


def test_one_worker_that_is_told_to_end_is_replaced_while_it_does(fleet: Callable[..., Fleet]) -> None:
    running = fleet(grace=60).ready()
    pids = running.seen(2)
    streams: dict[int, http.client.HTTPResponse] = {}

    def one_of_each() -> bool:
        answer = running.open("/50")
        streams[int(answer.headers["x-worker"])] = answer
        return len(streams) == 2

    running.until(one_of_each)
    os.kill(pids[1], signal.SIGTERM)
    running.until(lambda: "takes no more requests" in running.said())
    again = running.seen(2)
    assert again[1] != pids[1]
    assert lives(pids[1])
    assert streams[1].read().count(b"piece") == 50
    running.until(lambda: f"noted: {pids[1]} ended" in running.said())
    assert running.end() == 0


def test_workers_whose_parent_is_gone_end_what_they_do_and_then_themselves(
    fleet: Callable[..., Fleet],
) -> None:
    running = fleet().ready()
    pids = running.seen(2)
    with running.open("/10") as answer:
        running.process.kill()
        assert answer.read().count(b"piece") == 10
    running.until(lambda: not any(map(lives, pids.values())))
    assert running.said().count("abandoned") == 2


def test_a_worker_that_says_nothing_for_a_minute_is_replaced(fleet: Callable[..., Fleet]) -> None:
    running = fleet(speed=10).ready()  # the parent's minute is six seconds
    worker = int(running.open("/stop").headers["x-worker"])
    running.until(lambda: f"worker {worker} (process" in running.said())
    assert "has said nothing for too long and is ended" in running.said()
    running.until(lambda: "ended by SIGKILL; another takes its place" in running.said())
    assert running.seen(2)


def test_where_no_worker_can_start_it_gives_up_and_says_why(fleet: Callable[..., Fleet]) -> None:
    running = fleet(count=3, death="all")
    assert running.process.wait(PATIENCE) == 1
    assert (
        running.said()
        .splitlines()[-1]
        .startswith("The proxy did not start: 5 workers ended within a minute before they were ready")
    )


def test_while_one_serves_it_does_not_give_up_and_nobody_waits_for_the_other(
    fleet: Callable[..., Fleet],
) -> None:
    running = fleet(count=2, death="2")
    running.until(lambda: running.said().count("worker 2 (process") == 3)
    assert {running.ask()["worker"] for _ in range(20)} == {1}
    assert "all are ready" not in running.said()
    assert running.end() == 0


def test_a_changed_file_is_taken_by_all_and_by_those_that_start_later(fleet: Callable[..., Fleet]) -> None:
    running = fleet().ready()
    pids = running.seen(2)
    running.write("two")
    running.until(lambda: "now it is two" in running.said())
    assert running.ask()["text"] == "two"
    os.kill(pids[1], signal.SIGKILL)
    running.until(lambda: "ended by SIGKILL" in running.said())
    assert running.seen(2)[1] != pids[1]
    assert {running.ask()["text"] for _ in range(20)} == {"two"}
    assert running.said().count("now it is two") == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [("refused by 2", "worker 2 does not take it"), ("bad", "ValueError: not of ours")],
    ids=["refused", "failed"],
)
def test_one_that_does_not_take_it_keeps_all_on_the_old(
    text: str, reason: str, fleet: Callable[..., Fleet]
) -> None:
    running = fleet().ready()
    running.write(text)
    running.until(lambda: f"the old one stays: {reason}" in running.said())
    assert {running.ask()["text"] for _ in range(20)} == {"one"}
    running.write("three")
    running.until(lambda: "now it is three" in running.said())
    assert {running.ask()["text"] for _ in range(20)} == {"three"}


@pytest.mark.parametrize(
    ("text", "ended"), [("kills", "ended by SIGABRT"), ("fails", "ended with exit code 1")]
)
def test_one_that_dies_or_fails_while_it_commits_comes_back_with_the_new(
    text: str, ended: str, fleet: Callable[..., Fleet]
) -> None:
    running = fleet().ready()
    pids = running.seen(2)
    running.write(text)
    running.until(lambda: ended in running.said())
    again = running.seen(2)
    assert again[1] != pids[1]
    assert {running.ask()["text"] for _ in range(20)} == {text}


def test_systemd_hears_of_the_start_a_reload_and_the_end(fleet: Callable[..., Fleet], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "s"))
        systemd.settimeout(PATIENCE)
        running = fleet(notify=str(tmp_path / "s"))
        assert systemd.recv(4096) == b"READY=1\nSTATUS=2 workers serve"
        running.process.send_signal(signal.SIGHUP)
        assert systemd.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert systemd.recv(4096) == b"READY=1\nSTATUS=nothing is new"
        running.write("refused by 1")
        assert systemd.recv(4096).startswith(b"READY=1\nSTATUS=the new configuration is not taken")
        assert running.end() == 0
        assert systemd.recv(4096) == b"STOPPING=1"
