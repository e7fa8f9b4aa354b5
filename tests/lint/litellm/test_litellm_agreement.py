"""The linter against what LiteLLM did with each file: refused, dropped, failed at a call, or taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from one_adapter.config.litellm_file import parse_litellm
from one_adapter.lint.litellm.catalogue import judge
from one_adapter.lint.litellm.context import Context

pytestmark = pytest.mark.slow

CASES = Path(__file__).with_name("cases.jsonl")
VERSIONS = ("1.106", "1.108", "1.110")
each_version = pytest.mark.parametrize("version", VERSIONS)


class Case(NamedTuple):
    name: str
    config: str
    #: Version -> refused at the start, deployment dropped, first call failed, or taken.
    verdicts: dict[str, str]


@cache
def cases() -> tuple[Case, ...]:
    rows = map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    return tuple(
        Case(
            row["case"],
            row["config"],
            row["litellm"] if isinstance(row["litellm"], dict) else dict.fromkeys(VERSIONS, row["litellm"]),
        )
        for row in rows
    )


def codes(case: Case, version: str, folder: Path) -> list[str]:
    """The codes of the errors in a case, as in a file of its own."""
    path = folder / "config.yaml"
    path.write_text(case.config, encoding="utf-8")
    context = Context(parse_litellm(case.config.encode(), str(path)), version)
    return [one.code for one in judge(context) if one.severity == "error"]


def judged(version: str, verdicts: tuple[str, ...], folder: Path) -> Iterator[tuple[str, list[str]]]:
    for case in cases():
        if case.verdicts[version] in verdicts:
            yield case.name, codes(case, version, folder)


@each_version
def test_nothing_is_an_error_that_litellm_takes(version: str, tmp_path: Path) -> None:
    assert [one for one in judged(version, ("taken",), tmp_path) if one[1]] == []


@each_version
def test_what_litellm_refuses_or_drops_is_an_error(version: str, tmp_path: Path) -> None:
    found = list(judged(version, ("refused", "dropped"), tmp_path))
    missed = [name for name, errors in found if not errors]
    assert len(missed) <= len(found) * 0.05, missed


@each_version
def test_what_fails_at_the_first_call_is_an_error(version: str, tmp_path: Path) -> None:
    found = list(judged(version, ("failed",), tmp_path))
    missed = [name for name, errors in found if not errors]
    assert len(missed) <= len(found) * 0.1, missed
