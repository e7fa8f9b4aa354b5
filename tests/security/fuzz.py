"""Files and stores with a few bytes out of place, through every command; run by hand for large numbers.

Usage: python tests/security/fuzz.py [--files N] [--stores N] [--seed N]

A traceback, more than two seconds of processor time, or a process beyond 300 MB is a finding: it is printed
with the seed that makes it again, and the exit code is 1. `test_files_fuzz.py` runs a few hundred of each.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import yaml

from one_adapter.config.document import Document, parse
from one_adapter.config.reading import read_gateway
from one_adapter.config.store import read_source, stale_sibling
from one_adapter.errors import OneAdapterError
from one_adapter.export.explain.as_text import explain_json, explain_mermaid, explain_text
from one_adapter.export.files import new_master_key
from one_adapter.export.formatting import json_text
from one_adapter.export.litellm.proxy_config import environment, proxy_config, refuse_references
from one_adapter.export.report.summary import summary_lines
from one_adapter.export.report.write import Format, write_report
from one_adapter.export.secrets.env_file import FORMATS, env_file
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.lint import judge, refused
from one_adapter.lint.output.as_text import Judged
from one_adapter.lint.output.formats import FORMATS as LINT_FORMATS
from one_adapter.plan.build import decide
from one_adapter.plan.vendors import Options

ROOT = Path(__file__).resolve().parent.parent.parent
SEEDS = (
    "examples/*.json",
    "tests/golden/*.json",
    "one_adapter/lint/examples/*/*.json",
    "one_adapter/lint/examples/*/*.yaml",
    "docs/*.json",
)
SECONDS, MEGABYTES = 2.0, 300
#: Pieces that mean something to one of the readers, or to nobody.
PIECES = [
    *(
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        ",",
        "\n",
        "- ",
        "  ",
        "\t",
        "\\",
        "/",
        "@",
        "?",
        "#",
        "%",
        "*",
        "&a ",
    ),
    *(
        "*a",
        "<<: *a",
        "!!int ",
        "!!binary ",
        "|",
        ">",
        "null",
        "true",
        "~",
        "0x1",
        "1e400",
        "-1",
        ".inf",
        ".nan",
        "9" * 40,
    ),
    *(
        "http://[::1",
        "http://u:p@h/",
        "ws://",
        "://",
        "?key=",
        "os.environ/X",
        "$HOME",
        "`id`",
        "${x}",
        "\u202e",
    ),
    *(
        "\\u0000",
        "\\ud800",
        "\x00",
        "\x1b[2J",
        "\u2028",
        "\ufeff",
        "文",
        "ſ",
        "K",
        "🔑",
        "a" * 300,
        "[" * 40,
        "{" * 40,
    ),
    *(
        '"all"',
        '"random"',
        '"rr"',
        '"services"',
        '"openai"',
        '"vertexai"',
        '"limit"',
        '"qps"',
        '"models"',
        '"id"',
        '""',
    ),
]
ODD_VALUES = [
    None,
    True,
    -1,
    0,
    1e308,
    10**30,
    "",
    " ",
    "all",
    "*",
    "\0",
    "os.environ/X",
    [],
    {},
    [[]],
    [None],
    {"": ""},
]


@dataclass
class Outcome:
    """What a run of many found."""

    tried: int = 0
    exported: int = 0
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)


def seeds() -> list[tuple[str, bytes]]:
    """Names and bytes of the configurations in the repository."""
    # The first two folders are what the gateway takes, and more of it comes as far as the export.
    globs = SEEDS + 3 * SEEDS[:2]
    return [(path.name, path.read_bytes()) for glob in globs for path in sorted(ROOT.glob(glob))]


def _values(value: object) -> Iterator[tuple[object, object]]:
    """Every (container, key) in a tree."""
    stack = [value]
    while stack:
        each = stack.pop()
        for key in (
            list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        ):
            yield each, key
            stack.append(each[key])  # type: ignore[index]


def _with_odd_values(dice: random.Random, data: bytes) -> bytes:
    """The same tree with some values, or keys, exchanged for odd ones or for each other."""
    try:
        tree = json.loads(json.dumps(yaml.safe_load(data)))  # a copy in which nothing stands twice
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return data
    for _ in range(dice.randint(1, 4)):
        places = list(_values(tree))
        if not places:
            break
        container, key = dice.choice(places)
        other, other_key = dice.choice(places)
        new = dice.choice([dice.choice(ODD_VALUES), dice.choice(PIECES), other[other_key]])  # type: ignore[index]
        new = json.loads(json.dumps(new))
        if isinstance(container, dict) and dice.random() < 0.3:
            container[dice.choice([str(new)[:50], str(other_key), str(key).upper()])] = container[key]
        else:
            container[key] = new  # type: ignore[index]
    if dice.random() < 0.5:
        return json.dumps(tree, ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")
    return yaml.safe_dump(
        tree, allow_unicode=True, default_flow_style=dice.choice([None, True, False])
    ).encode("utf-8", "replace")


def mutant(dice: random.Random, stock: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """A file made from one or two others: (name, bytes)."""
    name, data = dice.choice(stock)
    by_value = dice.random() < 0.7
    if by_value:
        data = _with_odd_values(dice, data)
    text = bytearray(data)
    for _ in range(dice.choice([0, 0, 0, 0, 1] if by_value else [1, 1, 2, 3, 8])):
        at = dice.randint(0, len(text))
        length = dice.choice([0, 0, 1, 1, 2, 5, 30])
        other = dice.choice(stock)[1]
        start = dice.randint(0, len(other))
        piece = dice.choice(
            [dice.choice(PIECES).encode(), dice.randbytes(dice.randint(0, 4)), other[start : start + 60], b""]
        )
        text[at : at + length] = piece
    if dice.random() < 0.05:
        text *= dice.randint(2, 4)
    own = ".yaml" if by_value else Path(name).suffix  # every JSON is YAML too
    ending = own if dice.random() < 0.8 else dice.choice([".json", ".yaml", ".yml", ".toml", ""])
    return f"config{ending}", bytes(text)


def through(document: Document, dice: random.Random) -> bool:
    """Everything that is done with a document; whether it came as far as the export."""
    findings = judge(document)
    judged = [Judged(document, findings)]
    for render in LINT_FORMATS.values():
        render(judged, True)
    if refused(findings):
        return False
    options = Options(dice.choice(["smart", "literal"]), dice.choice(["websocket", "http"]))
    plan = decide(document, options)
    explain_text(plan)
    explain_mermaid(plan)
    json_text(explain_json(plan, findings), 1)
    try:
        refuse_references(document)
        secrets = secrets_of(read_gateway(document), plan)
    except OneAdapterError:
        return False
    pure = dice.random() < 0.3
    text = proxy_config(plan, secrets, pure)
    yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    values = environment(secrets, new_master_key())
    proxy_config(plan, secrets, pure, values=values)
    for form in FORMATS:
        try:
            env_file(form, values, secrets.to_create)
        except OneAdapterError:
            continue
    kinds: tuple[Format, ...] = ("markdown", "json", "html")
    for kind in kinds:
        write_report(kind, document.name, plan, secrets, findings, pure)
    summary_lines(plan, secrets)
    return True


def _watched(outcome: Outcome, label: str, work: object) -> None:
    begun = process_time()
    try:
        outcome.exported += bool(work())  # type: ignore[operator]
    except OneAdapterError as problem:
        if not str(problem).isprintable():
            outcome.findings.append(f"{label}: more than a sentence: {problem!r}")
    except Exception:
        outcome.findings.append(f"{label}: {traceback.format_exc(limit=-3)}")
    spent = process_time() - begun
    outcome.tried += 1
    outcome.slowest = max(outcome.slowest, spent)
    if spent > SECONDS:
        outcome.findings.append(f"{label}: {spent:.1f} s")


def fuzz_files(count: int, seed: int) -> Outcome:
    """Mutants of the repository's configurations through every command's work."""
    outcome, stock = Outcome(), seeds()
    for number in range(count):
        dice = random.Random(f"file {seed} {number}")
        name, data = mutant(dice, stock)
        _watched(outcome, f"file {seed} {number}", lambda: through(parse(data, name), dice))  # noqa: B023
    return outcome


def _store(folder: Path, dice: random.Random, stock: list[tuple[str, bytes]]) -> Path:
    """A store as the gateway has one, or a little otherwise, with some bytes changed."""
    path = folder / "config.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {dice.choice([512, 1024, 4096])}")
        connection.execute(f"PRAGMA encoding = '{dice.choice(['UTF-8', 'UTF-16le'])}'")
        connection.execute(
            "CREATE TABLE config_revisions (id INTEGER PRIMARY KEY, created_at DATETIME, source TEXT, "
            "config_json TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 0)"
        )
        for number in range(dice.randint(1, 4)):
            text = dice.choice(stock)[1]
            row = (text.decode("utf-8", "replace") if dice.random() < 0.8 else text, int(number == 0))
            connection.execute("INSERT INTO config_revisions (config_json, active) VALUES (?, ?)", row)
    data = bytearray(path.read_bytes())
    for _ in range(dice.choice([0, 1, 1, 1, 2, 4, 16])):
        at = dice.choice([dice.randrange(min(600, len(data))), dice.randrange(len(data))])
        data[at : at + dice.choice([1, 1, 2, 4])] = dice.choice(
            [dice.randbytes(dice.randint(1, 4)), b"\xff\xff\xff\xff", b"\0\0", b"VIEW", b"\x95"]
        )
    path.write_bytes(data[: dice.choice([len(data), len(data), dice.randrange(len(data))])])
    return path


def fuzz_stores(count: int, seed: int) -> Outcome:
    """Mutated stores, read by themselves and from beside an innocent file."""
    outcome, stock = Outcome(), seeds()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = folder / "config.json"
        file.write_bytes((ROOT / "examples" / "deepseek.json").read_bytes())
        innocent = parse(file.read_bytes(), str(file))
        for number in range(count):
            dice = random.Random(f"store {seed} {number}")
            path = str(_store(folder, dice, stock))
            label = f"store {seed} {number}"
            _watched(outcome, f"{label} beside a file", lambda: stale_sibling(str(file), innocent) and False)
            _watched(outcome, label, lambda: through(parse(*read_source(path)), dice))  # noqa: B023
    outcome.tried //= 2
    return outcome


def peak_megabytes() -> float:
    """The most memory this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2


def main() -> int:
    """Run as many as asked for; 1 when anything was found."""
    words = argparse.ArgumentParser()
    words.add_argument("--files", type=int, default=50_000)
    words.add_argument("--stores", type=int, default=5_000)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    found = False
    for what, work, count in (("files", fuzz_files, asked.files), ("stores", fuzz_stores, asked.stores)):
        outcome = work(count, asked.seed)
        print(
            f"{outcome.tried:,} {what}, {outcome.exported:,} exported, slowest {outcome.slowest:.2f} s, ",
            end="",
        )
        print(f"{peak_megabytes():.0f} MB at most, {len(outcome.findings)} findings", flush=True)
        for finding in outcome.findings[:50]:
            print(finding, flush=True)
        found = found or bool(outcome.findings)
    return int(found or peak_megabytes() > MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
