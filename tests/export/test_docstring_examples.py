"""The examples in the docstrings of what only reads do what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import one_adapter

PACKAGE = Path(one_adapter.__file__).parent
PARTS = ("config", "plan", "export", "lint", "commands")
MODULES = [
    ".".join(("one_adapter", *path.relative_to(PACKAGE).with_suffix("").parts))
    for part in PARTS
    for path in sorted((PACKAGE / part).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
