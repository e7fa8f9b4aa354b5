"""`one-adapter run --workers 2`: LiteLLM loaded once, two processes that are one to whoever asks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from proxy import free_port
from vendor import Vendor

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uvicorn's own workers are used"),
]
CLIENT, PATIENCE = "sk-the-clients-own-key", 120.0


class Running:
    """The command on a file that may change."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder, self.base = folder, base
        self.file, self.log = folder / "config.json", folder / "log"
        self.write("m1")
        self.port = free_port()
        arguments = ["run", str(self.file), "--port", str(self.port), "--host", "127.0.0.1"]
        arguments += ["--workers", "2", "--watch", "--grace", "5"]
        self.access_log, self.metrics_port = folder / "access.log", free_port()
        arguments += ["--access-log", str(self.access_log), "--metrics-port", str(self.metrics_port)]
        self.asked = self.counted = 0
        environment = {name: value for name, value in os.environ.items() if "REDIS" not in name}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "one_adapter", *arguments],
                stdout=out,
                stderr=out,
                env={**environment, "TMPDIR": str(folder)},
            )

    def write(self, *names: str) -> None:
        service = {"models": [*names], "enabled": True, "credentials": {"api_key": "sk-of-the-upstream"}}
        service |= {"server_url": f"{self.base}/a/v1"}
        limited = {**service, "models": ["few"], "limit": {"qpm": 3, "timeout": 1}}
        failing = {**service, "models": ["broken"], "server_url": f"{self.base}/fail500/v1"}
        text = json.dumps({"api_key": CLIENT, "services": {"openai": [service, limited, failing]}})
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def until(self, holds: Callable[[], Any]) -> None:
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            assert self.process.poll() is None, self.said()
            if holds():
                return
            time.sleep(0.05)
        raise AssertionError(self.said())

    def ask(self, model: str = "m1") -> int:
        headers = {"authorization": f"Bearer {CLIENT}", "content-type": "application/json"}
        self.asked += 1
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]}).encode()
        url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, body, headers), timeout=PATIENCE
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as problem:
            problem.read()
            return problem.code

    def recorded(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.access_log.read_text("utf-8").splitlines()]

    def number(self, name: str) -> float:
        """The sum of one metric over its labels; -1 where nobody tells it at present."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                families = text_string_to_metric_families(answer.read().decode())
        except OSError:
            return -1
        samples = (sample for family in families for sample in family.samples)
        return sum(sample.value for sample in samples if sample.name == f"one_adapter_{name}")

    def children(self, program: str) -> list[int]:
        found = []
        for one in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                name, _, rest = one.read_text().partition("(")[2].rpartition(")")
                if int(rest.split()[1]) == self.process.pid and program in name:
                    found.append(int(one.parent.name))
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, vendor: Vendor) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("workers"), vendor.base)
    try:
        found.until(lambda: "one-adapter listens on" in found.said())
        yield found
    finally:
        found.process.kill()
        found.process.wait()


def test_two_workers_and_their_redis_answer_on_one_port(running: Running) -> None:
    assert "2 workers share limits, breakers and turns through a Redis of their own." in running.said()
    assert "loads LiteLLM by itself" not in running.said()
    assert len(running.children("python")) + len(running.children("one-adapter")) == 2
    assert len(running.children("redis-server")) + len(running.children("valkey-server")) == 1
    assert {running.ask() for _ in range(10)} == {200}


def test_a_limit_is_one_for_both(running: Running) -> None:
    found = [running.ask("few") for _ in range(12)]
    assert found.count(200) == 3
    assert found.count(429) == 9


def test_a_line_of_the_log_tells_which_worker_wrote_it(running: Running) -> None:
    assert running.ask("broken") == 500
    running.until(
        lambda: re.search(r"^\[[12]\] \d{4}-\d\d-\d\d .* 500 chat broken ", running.said(), re.MULTILINE)
    )
    assert "sk-of-the-upstream" not in running.said()


def test_the_access_log_and_the_numbers_are_of_both(running: Running) -> None:
    running.until(lambda: len(running.recorded()) == running.asked)
    assert {one["worker"] for one in running.recorded()} == {1, 2}
    assert [one["end"] for one in running.recorded() if one["model"] == "few"].count("answered") == 3
    running.until(lambda: running.number("requests_total") == running.asked)
    running.counted = running.asked
    assert running.number("workers") == 2
    assert "sk-" not in running.access_log.read_text("utf-8")


def test_a_changed_file_is_taken_by_both(running: Running) -> None:
    assert running.ask("m2") == 400
    running.write("m1", "m2")
    running.until(lambda: "one-adapter: generation 2 (" in running.said())
    assert {running.ask("m2") for _ in range(20)} == {200}


def test_a_killed_worker_is_replaced_on_the_newest_configuration(running: Running) -> None:
    workers = running.children("python") or running.children("one-adapter")
    os.kill(workers[0], signal.SIGKILL)
    running.until(lambda: "ended by SIGKILL; another takes its place" in running.said())
    assert {running.ask("m2") for _ in range(20)} == {200}
    running.until(lambda: running.number("workers") == 2)
    # What it counted in its last second is lost with it; the sum goes on otherwise.
    running.until(lambda: running.number("requests_total") >= running.counted + 20)
    assert running.number("reloads_total") == 1


def test_told_to_end_it_leaves_nothing_behind(running: Running) -> None:
    redis = running.children("redis-server") + running.children("valkey-server")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    assert not [pid for pid in redis if Path(f"/proc/{pid}").exists()]
    assert not [*running.folder.glob("one-adapter-*")]
    assert "Traceback" not in running.said()
