"""What stands in the pages to be copied can be read by what it is written for."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from pages import Block, blocks, named, pages


def braces(text: str) -> None:
    """What nginx and HAProxy, which do not install here, leave to be looked at: pairs and ends of lines."""
    bare = re.sub(r"#.*", "", text)
    assert bare.count("{") == bare.count("}")
    assert all(line.strip().endswith((";", "{", "}")) for line in bare.splitlines() if line.strip())


def unit(text: str) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    assert parser.sections()


def shell(text: str) -> None:
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def haproxy(text: str) -> None:
    assert {line.split()[0] for line in text.splitlines() if line[:1].strip()} <= {
        *("defaults", "frontend", "backend", "global", "listen")
    }


def graph(text: str) -> None:
    kind, *lines = text.splitlines()
    assert kind in ("flowchart TD", "sequenceDiagram")
    assert all(line.count('"') % 2 == 0 and line.startswith("    ") for line in lines)


READERS = {
    "json": json.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "python": ast.parse,
    "sh": shell,
    "ini": unit,
    "nginx": braces,
    "haproxy": haproxy,
    "mermaid": graph,
    "sql": lambda text: text.rstrip().endswith(";") or pytest.fail("a statement ends with a semicolon"),
    "text": str,
}


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_block_can_be_read_by_what_it_is_for(path: Path) -> None:
    for block in blocks(path):
        assert block.language in READERS, block
        READERS[block.language](block.text)


@pytest.mark.parametrize(
    "block",
    [
        Block("json", "{", ""),
        Block("yaml", "a: [", ""),
        Block("python", "f(", ""),
        Block("sh", "if", ""),
        Block("ini", "A=b", ""),
        Block("nginx", "a {\n b\n}", ""),
        Block("haproxy", "fronted x\n", ""),
        Block("mermaid", "flow\n", ""),
    ],
    ids=lambda block: block.language,
)
def test_a_broken_one_is_noticed(block: Block) -> None:
    with pytest.raises((AssertionError, SyntaxError, ValueError, yaml.YAMLError, configparser.Error)):
        READERS[block.language](block.text)
