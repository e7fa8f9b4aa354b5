from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_runner import runner
from proxy import CLIENT, Proxy, configuration, deployment
from vendor import Vendor

from one_adapter.cli import cli
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.host import launch, profile


def post(base: str, path: str, body: dict[str, Any], key: str = CLIENT) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


class TestBeforeItStarts:
    def test_a_taken_port_is_said_in_one_sentence(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(
                OneAdapterError, match=f"Cannot listen on 127.0.0.1:{port}: Address already in use"
            ):
                launch.serve("", {}, "127.0.0.1", port)

    @pytest.mark.parametrize(
        ("host", "port"),
        [("no.such.host.invalid", 80), ("no..host", 80), ("127.0.0.1", 70_000), ("127.0.0.1", -1)],
    )
    def test_an_address_that_cannot_be_is_said_too(self, host: str, port: int) -> None:
        with pytest.raises(OneAdapterError, match="Cannot listen on"):
            launch.serve("", {}, host, port)

    @pytest.mark.parametrize("option", ["--config", "--port=1", "--host", "-c"])
    def test_our_own_options_cannot_be_given_to_litellm(self, option: str) -> None:
        with pytest.raises(OneAdapterError, match="is one-adapter's to set"):
            launch.serve("", {}, "127.0.0.1", 0, [option])

    def test_a_missing_proxy_names_the_extra(self, tmp_path: Path) -> None:
        program = (
            "import sys; sys.modules['litellm'] = None\n"
            "import importlib.util as u; found = u.find_spec\n"
            "u.find_spec = lambda name, *a: None if name == 'litellm' else found(name, *a)\n"
            "from one_adapter.runtime.host.launch import serve\n"
            "try: serve('', {}, '127.0.0.1', 0)\n"
            "except Exception as problem: print(problem)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
        )
        assert "pip install 'one-adapter[proxy]'" in done.stdout


class TestTheFile:
    def test_it_is_its_owners_alone_and_gone_afterwards(self) -> None:
        with launch._file("a: 1") as path:
            assert Path(path).read_text("utf-8") == "a: 1"
            assert Path(path).stat().st_mode & 0o777 == 0o600
            assert Path(path).parent.stat().st_mode & 0o777 == 0o700
        assert not Path(path).parent.exists()


class TestProfile:
    def test_an_exported_file_brings_some_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(profile.VARIABLE, raising=False)
        assert profile.chosen() == profile.EXPORTED
        monkeypatch.setenv(profile.VARIABLE, "")
        assert profile.chosen() == profile.EXPORTED

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("stock", set()),
            ("fast", set(profile.CHOICES)),
            ("fast,-log, -usage", set(profile.CHOICES) - {"log", "usage"}),
            ("log,prices,-log", {"prices"}),
            ("log,stock", set()),
            ("-log", set()),
        ],
    )
    def test_a_profile_is_a_set_of_choices(
        self, monkeypatch: pytest.MonkeyPatch, text: str, found: set[str]
    ) -> None:
        monkeypatch.setenv(profile.VARIABLE, text)
        assert profile.chosen() == found

    @pytest.mark.parametrize("text", ["quick", "fast,quick", "-", "fast,"])
    def test_an_unknown_word_is_an_error_before_anything_starts(self, tmp_path: Path, text: str) -> None:
        config = tmp_path / "config.json"
        config.write_text('{"services": {}}', "utf-8")
        done = runner().invoke(cli, ["run", str(config), "--profile", text])
        assert done.exit_code == 2
        assert done.stderr.startswith("Error: A profile is fast, stock or some of collector,")
        assert len(done.stderr.splitlines()) == 1

    def test_stock_changes_nothing(self) -> None:
        program = (
            "import gc; from one_adapter.runtime.host import profile\n"
            "found = {}; profile.before_import(found, profile.choices('stock')); print(found, gc.isenabled())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "{} True\n"

    def test_a_start_downloads_and_prints_nothing_unless_that_was_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = {"LITELLM_SUPPRESS_STARTUP_OUTPUT": "false"}
        monkeypatch.setattr(os, "environ", found)
        launch._prepare({}, "fast")
        assert found["LITELLM_SUPPRESS_STARTUP_OUTPUT"] == "false"
        assert found["LITELLM_OFFLINE_MODE"] == "true"
        assert found["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"

    def test_the_file_that_litellm_reads_is_read_in_c_and_no_other(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(yaml, "safe_load", yaml.safe_load)
        profile.read_in_c(str(tmp_path / "config.yaml"))
        told = {}
        for name in ("config.yaml", "other.yaml"):
            (tmp_path / name).write_text("a: &one [1, os.environ/B]\nb: *one\n", "utf-8")
            with (tmp_path / name).open() as file:
                assert yaml.safe_load(file) == {"a": [1, "os.environ/B"], "b": [1, "os.environ/B"]}
            (tmp_path / name).write_text("a: [\n", "utf-8")
            with (tmp_path / name).open() as file, pytest.raises(yaml.MarkedYAMLError) as problem:
                yaml.safe_load(file)
            told[name] = problem.value.problem
        assert yaml.safe_load("a: 1") == {"a": 1}
        assert told["config.yaml"] != told["other.yaml"]  # each parser has words of its own

    def test_without_libyaml_it_is_read_as_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(yaml, "CSafeLoader")
        before = yaml.safe_load
        profile.read_in_c("config.yaml")
        assert yaml.safe_load is before

    def test_a_hangup_does_not_end_a_start_and_is_remembered(self) -> None:
        program = (
            "import os, signal; from one_adapter.runtime.host import launch\n"
            "from one_adapter.runtime.workers.signals import early\n"
            "launch._change_process(None, '127.0.0.1')\n"
            "os.kill(os.getpid(), signal.SIGHUP); print(len(early))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "1\n")

    def test_a_log_level_that_was_asked_for_stays(self) -> None:
        environment = {"LITELLM_LOG": "DEBUG"}
        program = (
            "import gc, sys; from one_adapter.runtime.host import profile\n"
            f"found = {environment!r}; profile.before_import(found, profile.CHOICES)\n"
            "print(found, gc.isenabled())\n"
            "profile.settle(); print(gc.isenabled(), gc.get_freeze_count() > 0, gc.get_threshold())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        first, second = done.stdout.splitlines()
        assert first == "{'LITELLM_LOG': 'DEBUG'} False"
        assert second == "True True (5000, 10, 10)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_while_it_starts_it_ends_and_leaves_no_file(tmp_path: Path, number: int) -> None:
    text = configuration([deployment("m1", "http://127.0.0.1:1/v1")])
    proxy = Proxy(text, tmp_path / "log", whole=True)
    while not list(tmp_path.glob("one-adapter-*")):
        assert proxy.process.poll() is None
        os.sched_yield()
    code, seconds = proxy.stop(number)
    assert (code, seconds < 60) == (0, True), proxy.output()
    assert not list(tmp_path.glob("one-adapter-*"))


def test_told_to_end_as_soon_as_it_answers_it_ends(tmp_path: Path) -> None:
    proxy = Proxy(configuration([deployment("m1", "http://127.0.0.1:1/v1")]), tmp_path / "log").wait()
    code, seconds = proxy.stop()
    assert (code, seconds < 60) == (0, True), proxy.output()


def test_litellms_own_arguments_reach_it_and_its_open_requests_do_not_keep_it(
    tmp_path: Path, vendor: Vendor
) -> None:
    models = [deployment("m1", f"{vendor.base}/a/v1"), deployment("slow", f"{vendor.base}/slow600/v1")]
    proxy = Proxy(configuration(models), tmp_path / "log", ("--limit_concurrency", "50"), "stock").wait()
    assert post(proxy.base, "/v1/chat/completions", {"model": "m1", "messages": []})["model"] == "m1"
    url = f"{proxy.base}/v1/chat/completions"
    hanging = subprocess.Popen(
        [
            "curl",
            "-s",
            url,
            "-H",
            f"authorization: Bearer {CLIENT}",
            "-d",
            '{"model": "slow", "messages": []}',
        ]
    )
    while not any(call.model == "up-slow" for call in vendor.calls):
        assert hanging.poll() is None
    code, seconds = proxy.stop(signal.SIGINT)
    hanging.wait(60)
    assert (code, seconds < 60) == (0, True), proxy.output()[-2000:]
    assert not list(tmp_path.glob("one-adapter-*"))
