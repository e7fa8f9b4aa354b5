"""How the cost of the reading commands grows with the configuration, for several shapes of it.

Ten times the services must cost about ten times as much, whatever they look like: names of their own, the
same names in all of them, an alias for each model, or ten credentials each. Processor time is compared, which
other programs on the machine disturb least; wall time and peak memory of the large file stand beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from _measure import BIN

MODELS = 10
LARGE = 1000
#: Shape -> services of the large file. Ten credentials a service are ten deployments a name.
SHAPES = {"own names": LARGE, "shared names": LARGE, "an alias a model": LARGE, "ten credentials": LARGE // 5}
COMMANDS = {"lint": ["lint"], "export": ["export"], "explain": ["explain"]}


class Cost(NamedTuple):
    """What one process took: seconds by the clock, seconds of the processor, MB at its peak."""

    wall: float
    processor: float
    megabytes: float


def configuration(shape: str, services: int) -> dict[str, object]:
    """A gateway of so many services with ten models each."""
    return {"api_key": "sk-client", "services": {"openai": [_service(shape, n) for n in range(services)]}}


def _service(shape: str, number: int) -> dict[str, object]:
    own = "" if shape == "shared names" else f"-{number}"
    models = [f"model{own}-{model}" for model in range(MODELS)]
    service: dict[str, object] = {
        "models": models,
        "enabled": True,
        "credentials": {"api_key": f"sk-{number:06d}"},
        "server_url": f"https://vendor-{number}.example.com/v1",
    }
    if shape == "an alias a model":
        service["model_redirect"] = {f"alias-{model}": model for model in models}
    if shape == "ten credentials":
        service["credential_list"] = [{"api_key": f"sk-{number:06d}-{key}"} for key in range(10)]
    return service


def cost(command: Sequence[str | Path]) -> Cost:
    """Run a whole process that must end well, and say what it took."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {process.returncode}")
    wall = time.perf_counter() - start
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    """Print one table."""
    command = BIN / "one-adapter"
    idle = cost([sys.executable, "-c", "import click, jsonschema, yaml"]).processor
    print("| shape | command | services × models | wall | processor | ratio to a tenth | peak memory |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for shape, services in SHAPES.items():
            small, large = Path(folder, "small.json"), Path(folder, "large.json")
            small.write_text(json.dumps(configuration(shape, services // 10), indent=2), encoding="utf-8")
            large.write_text(json.dumps(configuration(shape, services), indent=2), encoding="utf-8")
            for name, words in COMMANDS.items():
                tenth, whole = (cost([command, *words, file]) for file in (small, large))
                # Starting Python and its libraries costs the same for both.
                ratio = (whole.processor - idle) / max(tenth.processor - idle, 0.01)
                print(
                    f"| {shape} | `{name}` | {services:,} × {MODELS} | {whole.wall:.1f} s | "
                    f"{whole.processor:.1f} s | {ratio:.1f} | {whole.megabytes:.0f} MB |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
