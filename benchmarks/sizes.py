"""The commands that read, as whole processes, by the size of the file.

A file with 1,000 services of 10 models each is ten times one with 100 services: what a command costs must
grow no faster. The times of one small file (the guide's NVIDIA service) stand beside the time that Python
and the three base libraries take by themselves to start.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from _measure import BIN, ROOT, in_turn, peak_megabytes, seconds, table

MODELS = 10
COMMANDS = {
    "lint": ["lint"],
    "export": ["export"],
    "explain": ["explain"],
    "explain --format json": ["explain", "--format", "json"],
}


def configuration(services: int) -> dict[str, object]:
    """A gateway with so many services of ten models, each with an alias of its own; nothing repeats."""
    return {
        "server_port": ":9090",
        "api_key": "sk-a-key-of-some-length",
        "services": {
            "openai": [
                {
                    "models": [f"model-{service}-{model}" for model in range(MODELS)],
                    "model_redirect": {f"alias-{service}": f"model-{service}-0"},
                    "enabled": True,
                    "credentials": {"api_key": f"sk-key-{service:06d}"},
                    "server_url": f"https://vendor-{service}.example.com/v1",
                }
                for service in range(services)
            ]
        },
    }


def _seconds(command: Path, words: list[str], file: Path) -> float:
    return seconds([command, *words, file])


def main() -> None:
    """Print one table of ratios and one of memory."""
    command = BIN / "one-adapter"
    libraries = [sys.executable, "-c", "import click, jsonschema, yaml"]
    nvidia = ROOT / "examples" / "nvidia.json"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.json"), Path(folder, "large.json")
        small.write_text(json.dumps(configuration(100), indent=2), encoding="utf-8")
        large.write_text(json.dumps(configuration(1000), indent=2), encoding="utf-8")
        for name, words in COMMANDS.items():
            run = partial(_seconds, command, words)
            rows += [
                in_turn(
                    (f"`{name}`, NVIDIA's file", partial(run, nvidia)),
                    ("starting Python with the libraries", partial(seconds, libraries)),
                ),
                in_turn(
                    (f"`{name}`, 1,000 × 10", partial(run, large)),
                    ("100 × 10", partial(run, small)),
                ),
            ]
        print(table(rows))
        print("\n| command, 1,000 × 10 | peak memory |\n|---|---|")
        for name, words in COMMANDS.items():
            print(f"| `{name}` | {peak_megabytes([command, *words, large]):.0f} MB |")


if __name__ == "__main__":
    main()
