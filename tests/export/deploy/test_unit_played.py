"""The unit that `export --deploy systemd` writes, played line by line: what systemd would hear of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from command_runner import runner
from configurations import openai, service

from one_adapter.cli import cli

SECONDS = 240.0  # of a start on a machine that does much else


def heard(systemd: socket.socket, process: subprocess.Popen[bytes], log: Path) -> str:
    """The next datagram that is no mere status."""
    while True:
        try:
            said = systemd.recv(4096).decode()
        except TimeoutError:
            process.kill()
            raise AssertionError(log.read_text("utf-8", "replace")) from None
        if not said.startswith("STATUS="):
            return said


@pytest.mark.proxy
def test_the_service_says_when_it_serves_reloads_and_ends(tmp_path: Path, unused_tcp_port: int) -> None:
    config = openai(service("one"), api_key="k", server_port=f"127.0.0.1:{unused_tcp_port}")
    mine, folder, log = tmp_path / "mine.json", tmp_path / "unit", tmp_path / "log"
    mine.write_text(json.dumps(config), "utf-8")
    done = runner().invoke(cli, ["export", str(mine), "--deploy", "systemd", str(folder)])
    assert done.exit_code == 0, done.stderr
    unit = (folder / "one-adapter.service").read_text("utf-8")
    lines = re.findall(r"^(\w+)=(.*)", unit, re.MULTILINE)
    source, address = folder / "etc" / "config.json", str(tmp_path / "notify")
    names = {"RUNTIME_DIRECTORY": "run", "CREDENTIALS_DIRECTORY": "credentials"}
    places = {name: str(tmp_path / place) for name, place in names.items()}
    for place in places.values():
        Path(place).mkdir()
    shutil.copy(source, places["CREDENTIALS_DIRECTORY"])
    file = dict(lines)["EnvironmentFile"]
    given = [line for line in Path(file).read_text("utf-8").splitlines() if not line.startswith("#")]
    given += dict(lines)["Environment"].split()
    environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": address, **places}
    environment |= dict(one.split("=", 1) for one in given)

    def words(line: str) -> list[str]:
        for name, value in places.items():
            line = line.replace(f"${{{name}}}", value)
        return line.removeprefix("+").split()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(SECONDS)
        subprocess.run(words(dict(lines)["ExecStartPre"]), check=True)
        with log.open("wb") as out:
            start = words(dict(lines)["ExecStart"])
            process = subprocess.Popen(start, env=environment, stdout=out, stderr=out, cwd=tmp_path)
        try:
            assert heard(systemd, process, log).startswith("READY=1")
            source.write_text(json.dumps({**config, **openai(service("two"))}), "utf-8")
            copying, telling = (value for name, value in lines if name == "ExecReload")
            subprocess.run(words(copying), check=True)
            subprocess.run(words(telling.replace("$MAINPID", str(process.pid))), check=True)
            assert heard(systemd, process, log).startswith("RELOADING=1\nMONOTONIC_USEC=")
            assert heard(systemd, process, log).startswith("READY=1")
            assert "generation 2" in log.read_text("utf-8", "replace")
            process.send_signal(signal.SIGTERM)
            assert heard(systemd, process, log).startswith("STOPPING=1")
            assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(20)
