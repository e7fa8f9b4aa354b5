"""Each promise of SECURITY.md names a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = re.findall(
    r"^\| (?!promise|---)(.+) \| (.+) \|$", (HERE.parents[1] / "SECURITY.md").read_text("utf-8"), re.M
)


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=[promise[:40] for promise, _ in ROWS])
def test_a_promise_names_its_tests(promise: str, tests: str) -> None:
    named = re.findall(r"`([^`]+)`", tests)
    assert named, promise
    for name in named:
        file, _, test = name.partition("::")
        tree = ast.parse((HERE / file).read_text("utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        known = {one.name for one in ast.walk(tree) if isinstance(one, kinds)}
        assert not test or test in known, name


def test_there_are_promises() -> None:
    assert len(ROWS) > 15
