"""Run the benchmarks of this folder and write what they say into `results.md`, each a section of its own.

Usage: python benchmarks/run.py [NAME...]     (names without .py; all of them by default)

A benchmark is a script here whose name does not begin with an underscore. It prints Markdown; its
docstring says what it measures and how. They run one after another, with the package as it is installed.
"""

from __future__ import annotations

import ast
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = (
    "one-adapter",
    "litellm",
    "click",
    "jsonschema",
    "PyYAML",
    "check-jsonschema",
    "opentelemetry-sdk",
    "httptools",
    "uvloop",
)


def machine() -> str:
    """Date, versions and machine, as a Markdown list."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} not installed")
    return "\n".join(
        (
            f"- {datetime.date.today().isoformat()}, Python {platform.python_version()}, "
            f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores",
            f"- {', '.join(versions)}",
            f"- load average of the minute before: {os.getloadavg()[0]:.1f}",
        )
    )


def section(script: Path) -> str:
    """One benchmark's heading, what it says of itself, and what it printed."""
    about = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    title, _, rest = about.partition("\n\n")
    done = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script.name} ended with {done.returncode}")
    printed = done.stdout.strip()
    if "|---|" not in printed:
        printed = f"```text\n{printed}\n```"
    return f"## {script.stem}: {title}\n\n{_without_usage(rest)}\n\n{machine()}\n\n{printed}\n"


def _without_usage(text: str) -> str:
    """The paragraphs of a docstring that say what is measured."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(each for each in paragraphs if not each.startswith("Usage:"))


def sections(text: str) -> dict[str, str]:
    """The sections of `results.md` that are there, by the benchmark's name."""
    found = {}
    for part in text.split("\n## ")[1:]:
        found[part.partition(":")[0]] = f"## {part.rstrip()}\n"
    return found


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all, and write their sections anew."""
    every = sorted(path for path in HERE.glob("*.py") if path.name != "run.py" and path.name[0] != "_")
    unknown = set(names) - {path.stem for path in every}
    if unknown:
        raise SystemExit(f"no benchmark is called {', '.join(sorted(unknown))}")
    results = HERE / "results.md"
    found = sections(results.read_text(encoding="utf-8"))
    for script in every:
        if not names or script.stem in names:
            print(f"{script.stem} ...", file=sys.stderr, flush=True)
            found[script.stem] = section(script)
            print(found[script.stem], flush=True)
            told = [found[one.stem] for one in every if one.stem in found]
            text = "\n".join(["<!-- Written by benchmarks/run.py. -->\n# Results\n", *told])
            results.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
