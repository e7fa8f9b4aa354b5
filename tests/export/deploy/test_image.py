"""The Dockerfile: what it says holds of the deployments, what it copies is there, and it runs without Docker.

The command line of a container is played by Linux itself where this process may: in namespaces of its own,
with a root that cannot be written to, as a user without a name and without rights, as the first process.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml
from command_runner import runner
from configurations import openai, service

from one_adapter import __version__
from one_adapter.cli import cli
from one_adapter.export.deploy.deployment import HEALTH, IMAGE, PORT, USER

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
#: One line an instruction.
INSTRUCTIONS = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()
SECONDS = 240  # of a start on a machine that does much else


def instructions(name: str) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in INSTRUCTIONS if line.startswith(f"{name} ")]


def hadolint() -> str | None:
    beside = Path(sys.executable).with_name("hadolint")
    return str(beside) if beside.is_file() else shutil.which("hadolint")


@pytest.mark.skipif(hadolint() is None, reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say(tmp_path: Path) -> None:
    program = str(hadolint())
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.replace('CMD ["run"', "CMD run ["), "utf-8")
    assert (
        subprocess.run([program, tmp_path / "Dockerfile"], capture_output=True, check=False).returncode == 1
    )


def test_what_compose_asks_and_starts_is_what_the_image_has(tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_text(json.dumps(openai(service("m"), api_key="k")), "utf-8")
    assert (
        runner().invoke(cli, ["export", str(source), "--deploy", "compose", str(tmp_path / "out")]).exit_code
        == 0
    )
    proxy = yaml.safe_load((tmp_path / "out" / "compose.yaml").read_text("utf-8"))["services"]["proxy"]
    (health,), (command,) = instructions("HEALTHCHECK"), instructions("CMD")
    assert json.loads(health.partition("CMD ")[2]) == [*HEALTH]
    assert sorted(json.loads(command)) == sorted(proxy["command"])
    assert instructions("EXPOSE") == [str(PORT)]
    assert instructions("ENTRYPOINT") == ['["one-adapter"]']
    assert f"one-adapter:{__version__}" == IMAGE
    assert f"docker build -t {IMAGE} ." in DOCKERFILE


def test_it_runs_as_a_user_with_a_number_and_ends_by_the_signal_that_is_heard() -> None:
    assert set(instructions("USER")) == {f"{USER}:{USER}"}
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert all("USER" in stage for stage in stages if " AS proxy" in stage or " AS database\n" in stage)
    assert " AS proxy" in stages[-1]


def test_packages_come_with_their_hashes_and_the_base_by_a_name_that_can_be_pinned() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert "--no-deps ." in installs[1]
    assert instructions("ARG")[0] == "PYTHON=python:3.13-slim"
    assert {line.split()[0] for line in instructions("FROM")} == {"${PYTHON}", "build", "base"}


def sent(path: str) -> bool:
    """Whether Docker sends a file of the checkout to who builds the image: the last line that fits says."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    folders = [path, *(str(parent) for parent in Path(path).parents)]
    found = True
    for line in lines:
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        names = folders if anywhere == pattern else [Path(one).name for one in folders]
        if line and not line.startswith("#") and any(fnmatch(name, anywhere) for name in names):
            found = line.startswith("!")
    return found


@pytest.mark.parametrize(
    "path", [".env", "config.json", ".git/config", "docs/moving.md", "tests/conftest.py"]
)
def test_nothing_of_the_users_gets_into_the_image(path: str) -> None:
    assert not sent(path)


def test_all_that_the_package_is_built_of_is_sent_and_copied() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    forced = re.findall(r'^"(schemas/[^"]+)" = ', text, re.MULTILINE)
    assert len(forced) == text.count('"schemas/') > 0
    needed = ["pyproject.toml", "README.md", "LICENSE", "requirements.lock", "one_adapter/cli.py", *forced]
    copied = [word.rstrip("/") for line in instructions("COPY") for word in line.split()[:-1]]
    for path in needed:
        assert (ROOT / path).is_file()
        assert sent(path), path
        assert any(path == one or path.startswith(f"{one}/") for one in copied), path
    assert not sent("one_adapter/__pycache__/cli.cpython-313.pyc")


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers /healthz with this status; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def healthy(port: int) -> bool:
    command = [sys.executable, *(word.replace(str(PORT), str(port)) for word in HEALTH[1:])]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False), (404, False)])
def test_a_container_is_well_when_the_proxy_says_so(status: int, well: bool) -> None:
    with answering(status) as port:
        assert healthy(port) is well
    assert not healthy(port)


#: What Docker does for `read_only`, `tmpfs`, `user`, `cap_drop` and `no-new-privileges`. Packages lie
#: elsewhere than in the image, below folders that a user without a name cannot pass, and are mounted.
CONTAINER = """
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=0755 none /srv
mkdir /srv/base /srv/packages /srv/code /srv/etc
mount --bind "$BASE" /srv/base
mount --bind "$PACKAGES" /srv/packages
mount --bind "$CODE" /srv/code
mount --bind "$ETC" /srv/etc
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec none /tmp
mount -o remount,ro,bind /
for each in /srv /srv/base /srv/packages /srv/code /srv/etc; do mount -o remount,ro,bind $each; done
cd /srv/etc
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  env -i PATH=/srv/base/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
  PYTHONPATH=/srv/code:/srv/packages LD_LIBRARY_PATH=/srv/base/lib LITELLM_MASTER_KEY=sk-master "$@"
"""
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")


def may_play() -> bool:
    """Whether this process may make namespaces, which a container that tests run in can forbid."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    tried = "test $$ = 1 && mount -t tmpfs none /srv && mount -o remount,ro,bind /"
    done = subprocess.run([*NAMESPACES, "sh", "-c", tried], capture_output=True, check=False)
    return done.returncode == 0


def names(port: int) -> list[str]:
    request = Request(f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": "Bearer sk-client"})
    with urlopen(request, timeout=30) as answer:
        return [one["id"] for one in json.load(answer)["data"]]


def until(what: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < end, log.read_text("utf-8", "replace")
        time.sleep(0.2)


@pytest.mark.proxy
@pytest.mark.skipif(not may_play(), reason="namespaces need root, and a kernel that lets it")
def test_the_containers_command_serves_follows_an_edit_and_ends(tmp_path: Path, unused_tcp_port: int) -> None:
    source, out, log = tmp_path / "mine.json", tmp_path / "out", tmp_path / "log"
    source.write_text(json.dumps(openai(service("one"), api_key="sk-client")), "utf-8")
    done = runner().invoke(cli, ["export", str(source), "--deploy", "compose", str(out), "--workers", "2"])
    assert done.exit_code == 0, done.stderr
    command = yaml.safe_load((out / "compose.yaml").read_text("utf-8"))["services"]["proxy"]["command"]
    words = [
        word.replace("/etc/one-adapter", "/srv/etc").replace(str(PORT), str(unused_tcp_port))
        for word in command
    ]
    base = Path(sys.base_prefix)
    python = f"/srv/base/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    environment = {
        "BASE": str(base),
        "PACKAGES": str(Path(yaml.__file__).parents[1]),
        "CODE": str(ROOT),
        "ETC": str(out / "etc"),
        "PATH": os.environ["PATH"],
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*NAMESPACES, "sh", "-c", CONTAINER, "sh", python, "-m", "one_adapter", *words],
            stdout=file,
            stderr=file,
            env=environment,
        )
    try:
        until(lambda: healthy(unused_tcp_port), process, log)
        (first,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        status = Path(f"/proc/{first}/status").read_text("utf-8")
        assert re.search(r"^Uid:\s+10001\s+10001\s+10001", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        assert re.search(r"^NSpid:\s+\d+\s+1$", status, re.MULTILINE)
        assert names(unused_tcp_port)[0] == "one"
        config = out / "etc" / "config.json"
        config.write_text(json.dumps(openai(service("two"), api_key="sk-client")), "utf-8")
        until(lambda: "two" in names(unused_tcp_port), process, log)
        os.kill(int(first), signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text("utf-8", "replace")
    finally:
        if process.poll() is None:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            process.wait(20)
