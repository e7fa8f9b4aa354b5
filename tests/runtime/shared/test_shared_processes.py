"""Several processes on one Redis: what they all do together, and what one that is killed leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis_server import Server

WORKER = Path(__file__).with_name("worker_process.py")

pytestmark = pytest.mark.proxy


class Process:
    """A worker, and the file it writes to."""

    def __init__(self, folder: Path, number: int, *words: object) -> None:
        self.path = folder / f"{number}.log"
        with self.path.open("w") as out:
            self.process = subprocess.Popen([sys.executable, WORKER, *map(str, words)], stdout=out)

    def told(self) -> list[tuple[str, float, int]]:
        lines = self.path.read_text().splitlines(keepends=True)
        return [tuple(json.loads(line)) for line in lines if line.endswith("\n")]


def most_at_once(every: list[Process], killed: Process | None = None, at: float = 0.0) -> int:
    """How many ran at once; what a killed one had begun ended with it."""
    events = []
    for one in every:
        events += [
            (moment, 1 if what == "start" else -1) for what, moment, _ in one.told() if what != "ready"
        ]
        if one is killed:
            left = sum(step for moment, step in events_of(one))
            events += [(at, -1)] * left
    running = most = 0
    for _, step in sorted(events):
        running += step
        most = max(most, running)
    return most


def events_of(one: Process) -> list[tuple[float, int]]:
    return [(moment, 1 if what == "start" else -1) for what, moment, _ in one.told() if what != "ready"]


def test_no_window_of_all_processes_holds_more_than_its_number(
    server: Server, name: str, tmp_path: Path
) -> None:
    every = [Process(tmp_path, n, server.url, name, "qpm", 5, 0.5, 60, 2.5) for n in range(3)]
    client, starts = server.client(), {}
    while any(one.process.poll() is None for one in every):
        starts |= dict(client.zrange(f"{{oa:{name}}}:l:s:b", 0, -1, withscores=True))
        time.sleep(0.02)
    assert [one.process.returncode for one in every] == [0, 0, 0]
    at = sorted(starts.values())
    assert len(at) > 10
    assert min(later - early for early, later in zip(at, at[5:], strict=False)) >= 0.5e6


def test_no_more_run_at_once_than_there_are_places_and_a_killed_process_gives_its_own_back(
    server: Server, name: str, tmp_path: Path
) -> None:
    every = [Process(tmp_path, n, server.url, name, "concurrency", 3, 60, 3, 9) for n in range(3)]
    victim, others = every[0], every[1:]
    patient = time.monotonic() + 60
    while not any(what == "start" for what, *_ in victim.told()):
        assert time.monotonic() < patient
        time.sleep(0.01)
    time.sleep(0.2)
    victim.process.send_signal(signal.SIGKILL)
    victim.process.wait()
    killed = time.monotonic()
    assert [one.process.wait(60) for one in others] == [0, 0]
    assert most_at_once(every, victim, killed) == 3
    late = [moment for one in others for what, moment, _ in one.told() if what == "start"]
    assert max(late) > killed + 4, "somebody went on after the lease of the killed one had ended"
    assert server.client().zcard(f"{{oa:{name}}}:l:s:h") == 0
