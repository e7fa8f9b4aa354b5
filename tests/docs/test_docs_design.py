"""The ways that docs/design.md and CONTRIBUTING.md show lead to what they name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from one_adapter.runtime.host.facts import row_of
from one_adapter.vendors.service_types import SERVICE_TYPES

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/design.md", "CONTRIBUTING.md")
#: A path of the tree, and after two colons a name that the file defines.
NAMED = re.compile(r"`((?:one_adapter|tests|docs|examples|export|runtime)/[\w./-]*)(?:::(\w+))?`")


def named(page: str) -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / page).read_text(encoding="utf-8"))


def defined(path: Path) -> set[str]:
    """The names at the top of a module."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(one.id for one in targets if isinstance(one, ast.Name))
    return names


@pytest.mark.parametrize("page", PAGES)
def test_every_place_that_is_named_is_there_and_defines_what_is_said(page: str) -> None:
    places = named(page)
    assert len(places) > 5
    for path, name in places:
        found = next((one for one in (ROOT / path, ROOT / "one_adapter" / path) if one.exists()), None)
        assert found is not None, path
        assert not name or name in defined(found), f"{path}::{name}"


def way(question: str) -> Path:
    """The file to which the page leads with a question."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| …") and question in line)
    return ROOT / NAMED.findall(row)[0][0]


def test_there_are_twelve_ways_and_their_steps_are_names_of_the_tree() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| …")]
    assert len(rows) == 12
    for row in rows:
        steps = [step.strip().replace(" ", "_") for step in row.split("|")[2].split("→")]
        path = NAMED.findall(row)[0][0]
        assert path == f"one_adapter/{'/'.join(steps)}.py"


def test_a_rule_for_limits_lives_where_the_page_says() -> None:
    assert '@rule("SOA410", "limit-below-one"' in way("rule for limits").read_text(encoding="utf-8")


def test_a_vendors_default_address_is_decided_where_the_page_says() -> None:
    assert f'"{SERVICE_TYPES["deepseek"].url}"' in way("default address").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("a single value", "def judge("),
        ("a file has changed", "def look("),
        ("agree on a reload", "def prepared("),
        ("a worker that died", "def died("),
        ("Redis is away", "def lost("),
        ("fields of the access log", "upstream_status"),
        ("a difference for one on purpose", '"finish-reason-told"'),
    ],
)
def test_what_a_question_asks_for_stands_where_the_page_says(question: str, code: str) -> None:
    assert code in way(question).read_text(encoding="utf-8")


def test_the_env_file_is_written_where_the_page_says() -> None:
    calls = (ROOT / "one_adapter" / "commands" / "export.py").read_text(encoding="utf-8")
    assert "from one_adapter.export.secrets.env_file import" in calls
    assert "def env_file(" in way("`.env`").read_text(encoding="utf-8")


def test_what_happens_when_a_client_leaves_is_decided_where_the_page_says() -> None:
    assert "http.disconnect" in way("client leaves").read_text(encoding="utf-8")


def test_where_litellm_1_110_differs_is_where_the_page_says() -> None:
    assert row_of("1.110.2") is not None
    assert 'Row("1.110"' in way("1.110").read_text(encoding="utf-8")
