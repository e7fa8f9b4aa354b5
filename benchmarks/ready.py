"""From the command to the first answer: `one-adapter run` against the stock `litellm --config`.

Both serve the same gateway, `examples/guide.json`: ours from the file itself, the stock command from
what `export` wrote, one-adapter's callback included. The clock stops when `/v1/models` answers a
client's key. Memory is the resident set at that moment.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from _measure import BIN, ROOT, in_turn, table

GUIDE = ROOT / "examples" / "guide.json"
CLIENT_KEY = "sk-my-clients-key"
PATIENCE = 120.0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_answer(
    command: Sequence[str | Path], port: int, environment: Mapping[str, str]
) -> tuple[float, float]:
    """(seconds until the models are listed, resident megabytes then).

    The process has ended when this returns.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": f"Bearer {CLIENT_KEY}"}
    )
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
        try:
            while True:
                try:
                    with urllib.request.urlopen(request, timeout=5) as answer:
                        answer.read()
                    break
                except (urllib.error.URLError, ConnectionError):
                    if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                        log.seek(0)
                        raise SystemExit(f"{command}: {log.read()[-2000:].decode()}") from None
                    time.sleep(0.02)
            spent = time.perf_counter() - start
            return spent, resident_megabytes(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def resident_megabytes(pid: int) -> float:
    """Resident set of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print the table."""
    memory: dict[str, list[float]] = {"ours": [], "stock": []}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([BIN / "one-adapter", "export", GUIDE, "-o", folder], check=True, capture_output=True)
        lines = Path(folder, ".env").read_text(encoding="utf-8").splitlines()
        secrets = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        secrets = {name: value.strip("'\"") for name, value in secrets.items()}

        def ours() -> float:
            port = free_port()
            spent, size = until_answer([BIN / "one-adapter", "run", GUIDE, "--port", str(port)], port, {})
            memory["ours"].append(size)
            return spent

        def stock() -> float:
            port = free_port()
            words = ["--config", f"{folder}/config.yaml", "--host", "127.0.0.1", "--port", str(port)]
            spent, size = until_answer([BIN / "litellm", *words], port, secrets)
            memory["stock"].append(size)
            return spent

        pairs = in_turn(("`one-adapter run guide.json`", ours), ("`litellm --config config.yaml`", stock))
    print(table([pairs]))
    print("\n| | memory at the first answer (median) |\n|---|---|")
    print(f"| `one-adapter run` | {median(memory['ours']):.0f} MB |")
    print(f"| stock | {median(memory['stock']):.0f} MB |")


if __name__ == "__main__":
    main()
