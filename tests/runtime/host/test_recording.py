"""What is recorded is found out once, from variables or the file; `/metrics` tells it to the master key."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doorway import CHAT, deployment, loaded_of, serve, whole
from virtual import run

from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.settings import Settings
from one_adapter.runtime.host.recording import Recording, Wanted, begin, beside, wanted
from one_adapter.runtime.record import variables
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tally import Numbers

PATH = "/v1/chat/completions"
LABELS = b'{end="answered",kind="chat",model="m",service="s",status="200"}'


@pytest.mark.parametrize(
    ("settings", "environment", "found"),
    [
        (Settings(), {}, Wanted()),
        (Settings(access_log="a", metrics=True, metrics_port=7), {}, Wanted("a", True, 7)),
        (Settings(access_log="a"), {variables.LOG: "-"}, Wanted("-")),
        (Settings(), {variables.NUMBERS: "1"}, Wanted(metrics=True)),
        (Settings(), {variables.NUMBERS: "0"}, Wanted()),
        (Settings(metrics_port=7), {variables.PORT: "8"}, Wanted(metrics=True, port=8)),
        (Settings(metrics_port=7), {variables.PORT: "x"}, Wanted(metrics=True, port=7)),
        (Settings(), {variables.PORT: "70000"}, Wanted()),
    ],
)
def test_variables_count_for_more_than_the_file(
    settings: Settings, environment: dict[str, str], found: Wanted
) -> None:
    assert wanted(settings, environment) == found


def test_where_nothing_is_wanted_nothing_is_made() -> None:
    assert begin(Config.empty(), Memory(), {}) is None


def test_the_end_of_a_process_leaves_no_line_unwritten(tmp_path: Path) -> None:
    code = """
import sys
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.host.recording import begin
from one_adapter.runtime.record.finished import Finished
config = read_config([], {"access_log": sys.argv[1]}, None, {})
record = begin(config, Memory(), {}).record
for ends_by_itself in range(3):
    record.begin()
    record.told(Finished("chat", 0.0, 401))
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "log"], check=True, timeout=60)
    assert len((tmp_path / "log").read_text().splitlines()) == 3


def kept(loaded: Loaded, kept: Recording) -> Loaded:
    return replace(loaded, recorder=kept.record, metrics=kept.metrics)


def recorded(tmp_path: Path, environment: dict[str, str] | None = None) -> tuple[Loaded, Recording]:
    loaded = loaded_of(deployment())
    found = Recording(Wanted(str(tmp_path / "log"), True), loaded.config, loaded.memory, environment or {})
    return kept(loaded, found), found


def test_a_request_is_written_and_counted(tmp_path: Path) -> None:
    loaded, found = recorded(tmp_path, {variables.WORKER: "2"})
    found.follow(replace(loaded.config, number=5))

    async def two() -> tuple[int, bytes, dict[str, str]]:
        caller, _ = serve(loaded)
        assert (await caller("POST", PATH, CHAT))[0] == 200
        return await caller("GET", "/metrics", key="sk-master", accept="text/plain")

    status, body, headers = run(two())
    found.close()
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"one_adapter_requests_total" + LABELS + b" 1.0" in body
    assert b'one_adapter_generation{worker="2"} 5.0' in body
    (line,) = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert (line["model"], line["key_name"], line["end"], line["worker"]) == ("m", "CLIENT", "answered", 2)


@pytest.mark.parametrize(("key", "status"), [("", 401), ("sk-wrong", 401), ("sk-client", 403)])
def test_numbers_are_for_the_master_key(tmp_path: Path, key: str, status: int) -> None:
    loaded, _ = recorded(tmp_path)
    caller, _ = serve(loaded)
    found, body, _ = run(caller("GET", "/metrics", key=key))
    assert (found, b"one_adapter_" in body) == (status, False)


def test_numbers_are_for_the_master_key_where_everybody_may_ask() -> None:
    loaded = loaded_of(deployment(), access={"open": True})
    found = Recording(Wanted(metrics=True), loaded.config, loaded.memory, {})
    caller, _ = serve(kept(loaded, found))
    assert run(caller("GET", "/metrics", key=""))[0] == 403


def test_without_numbers_the_path_is_litellms() -> None:
    caller, _ = serve(loaded_of())
    assert run(caller("GET", "/metrics", key="sk-master"))[0] == 299


def test_litellms_own_page_of_numbers_stays_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    class Mounted:
        path = "/metrics"

    metrics = Recording(Wanted(metrics=True), Config.empty(), Memory(), {}).metrics
    assert beside([object()], metrics) is metrics
    with caplog.at_level(logging.WARNING, "one_adapter.calls"):
        assert beside([object(), Mounted()], metrics) is None
    assert "LiteLLM's own callback answers /metrics" in caplog.text


def test_a_metrics_port_that_is_taken_is_told_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken, caplog.at_level(logging.WARNING, "one_adapter.calls"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert Recording(Wanted(metrics=True, port=port), Config.empty(), Memory(), {}).metrics is not None
    assert f"127.0.0.1:{port} cannot be had" in caplog.text


def test_workers_lay_their_numbers_down_each_second(tmp_path: Path) -> None:
    file = tmp_path / f"2-{os.getpid()}.json"

    async def a_while() -> None:
        environment = {variables.WORKER: "2", variables.FOLDER: str(tmp_path)}
        found = Recording(Wanted(metrics=True), Config.empty(), Memory(), environment)
        found.record.begin()
        await asyncio.sleep(1.5)
        assert json.loads(file.read_text())[1][0] == 1
        found.record.told(Finished("chat", 0.0, 401))
        found.close()
        numbers, held, _ = json.loads(file.read_text())
        assert Numbers.from_json(numbers).requests == {("chat", "", "", "refused", "401"): 1}
        assert held is None

    run(a_while())


def test_no_key_and_no_word_is_in_the_log(tmp_path: Path) -> None:
    loaded, found = recorded(tmp_path)

    async def behave(_request: Any, send: Any) -> None:
        await whole(send, 200, b'{"choices": ["a-word-of-the-answer"]}')

    caller, _ = serve(loaded, behave)
    words = {"model": "m", "messages": [{"role": "user", "content": "a-word-of-the-question"}]}
    run(caller("POST", PATH, words))
    run(caller("POST", PATH, words, key="sk-wrong"))
    run(caller("POST", "/sk-in-a-path/translate", words, key="sk-client"))
    found.close()
    text = (tmp_path / "log").read_text()
    assert len(text.splitlines()) == 3
    for word in ("a-word", "sk-", "translate"):
        assert word not in text
