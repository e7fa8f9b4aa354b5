"""`lint` against `check-jsonschema` on the same file and schema, as whole processes; and hostile files.

The file is the guide's NVIDIA service. check-jsonschema must be installed (`pip install check-jsonschema`).
It finds no more than wrong types there; the linter also knows what the gateway would misread.
The hostile files end in findings; their time and memory are told, each once. So are those of a LiteLLM
configuration with 250 deployments, which is to take 0.25 s and 40 MB at most on a quiet machine.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

from _measure import BIN, ROOT, in_turn, peak_megabytes, seconds, table

HOSTILE = {
    "20 MB in one string": b'{"api_key": "' + b"x" * 20_000_000 + b'"}',
    "20 MB of escapes": b'{"api_key": "' + b"\\n" * 10_000_000 + b'"}',
    "100,000 open brackets": b"[" * 100_000,
    "50,000 equal keys": b"{" + b",".join([b'"k":1'] * 50_000) + b"}",
}


def many_deployments() -> str:
    """A LiteLLM configuration of some 1,500 lines."""
    entry = (
        "- model_name: model-{group}\n  litellm_params:\n    model: openai/gpt-4o\n"
        "    api_base: https://host{n}.example/v1\n    api_key: os.environ/KEY_{n}\n    rpm: 100\n"
    )
    entries = "".join(entry.format(n=n, group=n % 125) for n in range(250))
    return f"model_list:\n{entries}router_settings:\n  num_retries: 2\n"


def main() -> None:
    """Print a table of ratios and one of large and hostile files."""
    command, nvidia = BIN / "one-adapter", ROOT / "examples" / "nvidia.json"
    schema = ROOT / "schemas" / "simple-one-api.schema.json"
    other: list[str | Path] = [BIN / "check-jsonschema", "--schemafile", schema, nvidia]
    pair = in_turn(
        ("`lint`, NVIDIA's file", partial(seconds, [command, "lint", nvidia])),
        ("`check-jsonschema`", partial(seconds, other)),
    )
    print(table([pair]))
    print("\n| large or hostile file | seconds | peak memory |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        large = {"LiteLLM's, 250 deployments": many_deployments().encode()}
        for name, data in {**large, **HOSTILE}.items():
            path = Path(folder, "config.yaml" if name in large else "config.json")
            path.write_bytes(data)
            before = time.perf_counter()
            memory = peak_megabytes([command, "lint", path])
            print(f"| {name} | {time.perf_counter() - before:.2f} | {memory:.0f} MB |")


if __name__ == "__main__":
    main()
