"""A vendor and a load that cost a fraction of Python's, where the programs are installed: nginx and wrk.

On a machine with few processors what asks and what answers takes from what is measured. nginx gives fixed
answers over connections that it keeps; wrk asks on many connections from one thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from _load import ROUTES
from _proxy import PATIENCE, free_port, processor_seconds

PROGRAMS = ("nginx", "wrk")
#: One process that writes nothing, with everything that it might keep in a folder of its own.
NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    tcp_nodelay on;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
{locations}
    }}
}}
"""
LOCATION = "        location = {path} {{ default_type application/json; return 200 '{answer}'; }}"
#: What wrk is to ask, and how it says what came of it: as `_load.py` does.
WRK = """\
wrk.method = "POST"
wrk.body = [==[{body}]==]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
function done(summary, latency)
    local broken = summary.errors
    io.stderr:write(string.format(
        '{{"answers": %d, "rps": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "failed": %d}}',
        summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000,
        broken.connect + broken.read + broken.write + broken.status + broken.timeout))
end
"""


def installed() -> bool:
    """Tell whether both programs are there."""
    return all(map(_program, PROGRAMS))


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class Server:
    """A vendor that runs: where, and its process."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Its processor time so far."""
        return processor_seconds(self.pid)


@contextlib.contextmanager
def vendor(answers: Mapping[str, bytes]) -> Iterator[Server]:
    """nginx, from when it answers to its end; `answers` are JSON by path, at most 4 kB each."""
    port = free_port()
    locations = "\n".join(
        LOCATION.format(path=path, answer=_quoted(answer.decode())) for path, answer in answers.items()
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nginx.conf").write_text(NGINX.format(port=port, locations=locations), encoding="utf-8")
        words = [str(_program("nginx")), "-p", folder, "-c", "nginx.conf"]
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
            try:
                _wait(process, port)
                yield Server(port, process.pid)
            finally:
                process.terminate()


def _quoted(text: str) -> str:
    """Return a text for single quotes; one with a variable's sign cannot be said."""
    if "$" in text:
        raise ValueError("nginx would look for a variable")
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > limit:
                raise SystemExit("nginx does not start") from None
            time.sleep(0.02)
        else:
            return


def load(port: int, key: str, route: str, connections: int, seconds: float) -> dict[str, float]:
    """Ask for so long by one thread of wrk; `route` is one of `_load.ROUTES`.

    Says what `_load.py` says, and `cpu_s`, wrk's own processor time. An answer that is none ends it.
    """
    path, body = ROUTES[route]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "ask.lua")
        script.write_text(WRK.format(body=json.dumps(body), key=key), encoding="utf-8")
        words = [str(_program("wrk")), "--threads", "1", "--connections", str(connections)]
        words += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "30s", "--script", str(script)]
        before = os.times()
        done = subprocess.run(
            [*words, f"http://127.0.0.1:{port}{path}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
        after = os.times()
    found: dict[str, float] = json.loads(done.stderr)
    if found["failed"]:
        raise SystemExit(f"{route}: {found['failed']} of {found['answers']} requests failed")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {**found, "cpu_s": spent}
