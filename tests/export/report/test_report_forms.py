"""A section that a report gains is told by every form of it."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from one_adapter.export.report import as_html, as_json, as_markdown, sections
from one_adapter.export.report.model import Report

#: What a program is not told, and what people are not: who made the page tells its title and names the file.
LEFT_OUT = {"as_json": {"title"}, "as_html": {"source", "findings"}, "as_markdown": {"source", "findings"}}
FORMS = {
    "as_json": (as_json,),
    "as_html": (as_html, sections),
    "as_markdown": (as_markdown, sections),
}


def read_of_a_report(path: str) -> set[str]:
    """The fields of a report that a module looks at."""
    return {
        node.attr
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "report"
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_section_of_the_report_is_told_in_each_form(form: str) -> None:
    told = set().union(*(read_of_a_report(str(module.__file__)) for module in FORMS[form]))
    assert {one.name for one in fields(Report)} - told == LEFT_OUT[form]
