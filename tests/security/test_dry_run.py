"""A dry run calls nobody: not through a proxy, not by another protocol, not from another process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from configurations import openai, plan, service
from proxy import free_port

from one_adapter.commands.run import through
from one_adapter.errors import OneAdapterError
from one_adapter.runtime.dryrun import seal

ATTEMPTS = {
    "another address": "socket.create_connection(('192.0.2.1', 80), 1)",
    "another address without an exception": "socket.socket().connect_ex(('192.0.2.1', 80))",
    "another port of loopback": "socket.create_connection(('127.0.0.1', OTHER), 1)",
    "loopback in IPv6's clothes": "socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', OTHER))",
    "loopback by another number": "socket.create_connection(('127.1.2.3', OTHER), 1)",
    "no address at all": "socket.create_connection(('0.0.0.0', OTHER), 1)",
    "a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "a datagram's message": "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], (), 0, ('192.0.2.1', 53))",
    "a socket in a file": "socket.socket(socket.AF_UNIX).connect('/run/some.sock')",
    "a name": "socket.getaddrinfo('example.invalid', 80)",
    "a name as bytes": "socket.getaddrinfo(b'example.invalid', 80)",
    "a name that begins like loopback": "socket.getaddrinfo('127.0.0.1.example.invalid', 80)",
    "an old look-up": "socket.gethostbyname('example.invalid')",
    "a look-up of an address": "socket.getnameinfo(('192.0.2.1', 80), 0)",
    "another process": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a copy of the process": "os.fork()",
    "a worker": "multiprocessing.get_context('spawn').Process(target=print).start()",
    "a forked worker": "multiprocessing.get_context('fork').Process(target=print).start()",
}


@pytest.mark.slow
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_sealed_process_does_not_reach(attempt: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        program = (
            "import multiprocessing, os, socket, subprocess\n"
            "from one_adapter.runtime.dryrun import seal\n"
            f"OTHER = {other.getsockname()[1]}\n"
            "seal.seal({1})\n"
            f"try: {ATTEMPTS[attempt]}\n"
            "except OSError as problem: print(problem)\n"
            "else: print('it left')\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("dry run: nothing may leave this machine"), done.stdout


@pytest.mark.slow
def test_a_sealed_process_reaches_its_echo_and_itself() -> None:
    program = (
        "import socket, urllib.request\n"
        "from one_adapter.runtime.dryrun import echo, seal\n"
        "server = echo.start(); own = socket.create_server(('127.0.0.1', 0))\n"
        "seal.seal({server.port, own.getsockname()[1]}, 'the-host-to-listen-on.invalid')\n"
        "print(urllib.request.urlopen(server.base_url + '/https/x.com/v1/chat/completions').status)\n"
        "socket.create_connection(own.getsockname()).sendmsg([b'x'])\n"
        "socket.getaddrinfo('192.0.2.1', 80); socket.getaddrinfo(None, 80)\n"
        "try: socket.getaddrinfo('the-host-to-listen-on.invalid', 80)\n"
        "except socket.gaierror: print('asked for')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["200", "asked for"]


@pytest.mark.parametrize(
    "argument",
    [
        *(
            "--num_workers",
            "--num_workers=2",
            "--run_gunicorn",
            "--run_hypercorn",
            "--run_granian",
            "--reload",
        ),
        *(
            "--prometheus_metrics_port=1",
            "--use_prisma_db_push",
            "--setup",
            "--test",
            "--health",
            "--api_base",
        ),
    ],
)
def test_a_dry_run_refuses_an_argument_it_does_not_know_to_be_harmless(argument: str) -> None:
    with pytest.raises(OneAdapterError, match="cannot be given to LiteLLM in a dry run"):
        seal.check(["--debug", argument, "4"])


def test_a_dry_run_knows_no_proxy() -> None:
    config = openai(service("m", use_proxy=True), service("n"))
    config["services"]["dify"] = [service("d", use_proxy=True)]
    config["proxy"] = {"strategy": "default", "type": "http", "http_proxy": "http://127.0.0.1:9"}
    assert [one.proxy is not None for one in plan(config).services] == [True, False, True]
    assert [one.proxy for one in through(plan(config), str).services] == [None, None, None]


class Forwarder:
    """A proxy on every address of this machine; `lines` has what it was asked."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self.socket.getsockname()[1]
        self.lines: list[bytes] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.lines.append(connection.recv(4096))
            connection.close()


@pytest.fixture
def forwarder() -> Iterator[Forwarder]:
    running = Forwarder()
    yield running
    running.socket.close()


def _ask(port: int, model: str) -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    headers = {"authorization": "Bearer client-key-of-mine", "content-type": "application/json"}
    address = f"http://127.0.0.1:{port}/v1/chat/completions"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.proxy
@pytest.mark.parametrize(
    ("host", "arguments"),
    [("127.0.0.1", []), ("[::ffff:127.0.0.1]", ["--", "--detailed_debug"])],
    ids=["alone", "with arguments"],
)
def test_a_dry_run_does_not_call_the_configured_proxy(
    host: str, arguments: list[str], forwarder: Forwarder, tmp_path: Path
) -> None:
    proxy = f"http://{host}:{forwarder.port}"

    def of(model: str) -> dict[str, Any]:
        return {
            "models": [model],
            "enabled": True,
            "use_proxy": True,
            "credentials": {"api_key": "sk-a-real-key"},
        }

    services = {"openai": [{**of("oa"), "server_url": "http://api.example.com/v1"}]}
    services |= {"claude": [of("cl")], "dify": [of("di")]}
    config = {"api_key": "client-key-of-mine", "services": services}
    config["proxy"] = {"strategy": "default", "type": "http", "http_proxy": proxy, "https_proxy": proxy}
    file = tmp_path / "dry.json"
    file.write_text(json.dumps(config))
    port = free_port()
    command = [sys.executable, "-m", "one_adapter", "run", str(file), "--dry-run"]
    command += ["--host", "127.0.0.1", "--port", str(port), *arguments]
    environment = {**os.environ, "HTTP_PROXY": proxy, "https_proxy": proxy, "NUM_WORKERS": "2"}
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait(port, running)
            said = [_ask(port, model)["choices"][0]["message"]["content"] for model in ("oa", "cl", "di")]
        finally:
            running.terminate()
            running.wait(15)
    assert all(text.startswith("POST http") for text in said), said
    assert not forwarder.lines
    assert "sk-a-real-key" not in (tmp_path / "log").read_text("utf-8", "replace")


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 300
    while time.monotonic() < limit and running.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(running.returncode)
