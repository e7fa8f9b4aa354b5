"""Hostile input ends in findings or in one clear error: no traceback, no secret, no endless wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.lint import judge, render_text
from one_adapter.lint.output.as_github import render_github
from one_adapter.lint.output.as_json import render_json
from one_adapter.lint.output.as_sarif import render_sarif
from one_adapter.lint.output.as_text import Judged
from one_adapter.lint.pages import EXAMPLES

MEGABYTES = 300
BOMB = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)
)
MANY = json.dumps(
    {
        "services": {
            "openai": [
                {
                    "enabled": True,
                    "models": [f"m{n}" for n in range(20_000)],
                    "model_redirect": {f"a{n}": f"m{n}" for n in range(20_000)},
                }
            ]
        }
    }
).encode()

HOSTILE = {
    "cut.json": b'{"api_key": "' + "智".encode()[:-1],
    "nul.json": b"\0" * 1000,
    "brackets.json": b"[" * 100_000,
    "objects.json": b'{"a":' * 100_000,
    "nested.json": b'{"x":' + b"[" * 9_990 + b"]" * 9_990 + b"}",
    "brackets.yaml": b"[" * 100_000,
    "mappings.yaml": b"{a: " * 100_000,
    "dashes.yaml": b"- " * 100_000,
    "bomb.yaml": BOMB,
    "tag.yaml": b"a: !!python/object/apply:os.system [exit 7]\n",
    "infinite.json": b'{"x": 1e400}',
    "half.json": b'{"api_key": "\\ud800", "x": "\xed\xa0\x80"}',
    "long.json": b'{"api_key": "' + b"x" * 20_000_000 + b'"}',
    "escapes.json": b'{"api_key": "' + b"\\n" * 10_000_000 + b'"}',
    "open.json": b'{"api_key": "' + b"x" * 20_000_000,
    "long.yaml": b"api_key: " + b"x" * 20_000_000,
    "digits.json": b'{"x": ' + b"9" * 1_000_000 + b"}",
    "blank.json": b" " * 20_000_000,
    "bytes.json": bytes(range(256)) * 1000,
    "twice.json": b"{" + b",".join([b'"k":1'] * 50_000) + b"}",
    "names.json": MANY,
}


def run(path: Path) -> subprocess.CompletedProcess[str]:
    """Lint in a process of its own, which tells its largest size in megabytes on the last line."""
    # Linux counts the size of the parent it was forked from among getrusage's, but not in VmHWM.
    code = (
        "import pathlib, re, resource, sys\n"
        "from one_adapter.commands.lint import lint_command\n"
        "try:\n"
        "    lint_command([sys.argv[1]])\n"
        "finally:\n"
        "    status = pathlib.Path('/proc/self/status')\n"
        "    peak = re.search(r'VmHWM:\\s+(\\d+)', status.read_text()) if status.exists() else None\n"
        "    kilobytes = int(peak[1]) if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    print(kilobytes // 1024, file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", code, str(path)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_findings(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    done = run(path)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert done.stdout.rstrip().splitlines()[-1].partition(" in 1 file.")[1]
    assert int(done.stderr.split()[-1]) < MEGABYTES


@pytest.mark.slow
def test_a_pipe_and_a_folder_end_in_one_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", tmp_path / "missing.json", tmp_path):
        done = run(path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"Error: {path}: ")
        assert "Traceback" not in done.stderr


def everything(data: bytes, name: str) -> None:
    """Judge and print in every way: nothing is raised, and all ways tell every finding with its place."""
    document = parse(data, name)
    findings = judge(document)
    one = [Judged(document, findings)]
    places = sorted((finding.code, finding.line, finding.column) for finding in findings)
    text = render_text(findings, document, colour=True)
    assert all(code in text and f":{line}:{column}:" in text for code, line, column in places)
    told, github, sarif = (
        render(one).encode("utf-8", "surrogatepass") for render in (render_json, render_github, render_sarif)
    )
    assert sorted((f["code"], f["line"], f["column"]) for f in json.loads(told)["findings"]) == places
    codes = [code for code, _, _ in places]
    assert sorted(result["ruleId"] for result in json.loads(sarif)["runs"][0]["results"]) == codes
    assert sum(line.startswith(b"::") for line in github.split(b"\n")) == len(places)


@given(st.binary(max_size=200), st.sampled_from(["config.json", "config.yaml", "-"]))
def test_any_bytes_can_be_judged(data: bytes, name: str) -> None:
    everything(data, name)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["openai", "http://h:1/v1", "rr", "all", "*", " a ", "1e400", "os.environ/X"])
)
KNOWN = (
    "services openai azure xinghuo models enabled credentials api_key limit qps id ID server_url "
    "model_redirect model_map proxy strategy type api_keys supported_models timeout credential_list "
    "embedding_limit circuit_breaker load_balancing server_port translation all"
)
keys = st.sampled_from(KNOWN.split()) | st.text(max_size=6)
# Not st.recursive: newer versions of Hypothesis warn by chance that small values do not recurse.
values: st.SearchStrategy[object] = st.deferred(
    lambda: scalars | st.lists(values, max_size=3) | st.dictionaries(keys, values, max_size=4)
)
services = st.dictionaries(
    st.sampled_from(["openai", "azure", "xinghuo", "qianfan", "huoshan", "gemini", "nope"]),
    st.lists(st.dictionaries(keys, values, max_size=5) | values, max_size=3) | values,
    max_size=3,
)


@settings(max_examples=2 * settings().max_examples)
@given(st.dictionaries(keys, values, max_size=4), services, st.sampled_from(["config.json", "config.yaml"]))
def test_any_configuration_of_odd_values_can_be_judged(
    top: dict[str, object], kinds: object, name: str
) -> None:
    everything(json.dumps({**top, "services": kinds}).encode("utf-8", "surrogatepass"), name)


@settings(max_examples=2 * settings().max_examples)
@given(st.data())
def test_a_valid_configuration_with_a_few_bytes_changed_can_be_judged(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(EXAMPLES.glob("*/*.*"))))
    text = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    everything(bytes(text), data.draw(st.sampled_from([path.name, "config.yaml"])))
