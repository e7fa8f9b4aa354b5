"""docs/conversion.md says what the tables of the code say, and leaves no field and no type out."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from configurations import only, plan
from conversion import conversion_page
from conversion_chinese import CHINESE

from one_adapter.config import defaults
from one_adapter.config.fields import BREAKER, GATEWAY, LIMIT, PROXY, SERVICE, TRANSLATION
from one_adapter.vendors.hosts import OPENAI_HOSTS
from one_adapter.vendors.service_types import ENDED, RETIRED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conversion.md"


def rows(part: str) -> list[list[str]]:
    """The cells of every table row that has this text in it."""
    lines = [line for line in conversion_page().splitlines() if line.startswith("| ") and part in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == conversion_page()


def test_it_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PAGE.with_suffix(".py")), run_name="__main__")
    assert capsys.readouterr().out == conversion_page()


def test_the_chinese_words_are_those_of_the_page() -> None:
    page = conversion_page()
    assert [text for text in CHINESE if "{" not in text and text not in page] == []
    assert "| 照搬（mapped） | " in conversion_page("zh")


def test_every_known_field_has_its_row() -> None:
    nested = {"proxy": PROXY, "circuit_breaker": BREAKER, "translation": TRANSLATION}
    page = conversion_page()
    for name in GATEWAY.fields:
        inner = nested[name].fields if name in nested else {}
        for field in inner:
            assert f"`{name}.{field}`" in page
        assert inner or name in ("services",) or f"`{name}" in page
    for name in SERVICE.fields:
        assert f"`{name}" in page
    for field in LIMIT.fields:
        assert f"`limit.{field}`" in page
        assert f"`embedding_limit.{field}`" in page


def test_every_field_has_verdicts_and_words() -> None:
    fields = [row for row in rows("`") if len(row) == 3 and row[1].split(", ")[0] in ("mapped", "emulated")]
    assert len(fields) > 15
    assert all(row[2].endswith(".") for row in fields)


@pytest.mark.parametrize("kind", defaults.SERVICE_TYPES)
def test_every_type_of_service_has_its_row(kind: str) -> None:
    assert any(row[0] == kind or row[0].startswith(f"{kind}, ") for row in rows(kind) if len(row) == 5)


def test_a_types_row_says_what_the_plan_does() -> None:
    (row,) = [row for row in rows("https://api.anthropic.com") if len(row) == 5]
    target = plan(only("claude", models=["x"], credentials={"api_key": "k"})).routes[0].targets[0]
    assert row[2] == f"`{target.upstream.url}`"
    assert row[1].startswith(f"`{target.upstream.provider}/")


def test_what_ended_and_which_vendors_are_known_is_told() -> None:
    page = conversion_page()
    for kind in (*ENDED, *RETIRED):
        assert f"\n| {kind} | " in page
    for host in OPENAI_HOSTS:
        assert f"| {host.name} | `{host.base}` |" in page
    for kind in defaults.RETIRED_TYPES:
        assert kind in page
