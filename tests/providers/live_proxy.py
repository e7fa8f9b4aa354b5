"""A stock LiteLLM proxy in a process of its own, for the tests that need the real thing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

MASTER_KEY = "sk-proxy-of-the-tests-7731"
_PATIENCE = 180.0  # seconds for the start, which takes 6 on an idle machine


class LiveProxy:
    """`litellm --config FILE` on a free port; `log` is everything it printed."""

    def __init__(
        self, config: Mapping[str, Any], environment: Mapping[str, str], folder: Path, debug: bool = True
    ) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "proxy.log"
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(dict(config), allow_unicode=True))
        command = Path(sys.executable).with_name("litellm")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    command,
                    "--config",
                    file,
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                    *["--detailed_debug"] * debug,
                ],
                env={**os.environ, **environment, "LITELLM_MASTER_KEY": MASTER_KEY, "NO_COLOR": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        self._wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def post(self, path: str, body: Mapping[str, Any], **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {MASTER_KEY}"}
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.post(self.url + path, json=body, headers=headers, **more)

    def get(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {MASTER_KEY}"}
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.get(self.url + path, headers=headers)

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        with httpx.Client(trust_env=False, timeout=2) as client:
            while time.monotonic() < end and self._process.poll() is None:
                try:
                    if client.get(f"{self.url}/health/liveliness").is_success:
                        return
                except httpx.TransportError:
                    time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the proxy did not start:\n{self.log[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
