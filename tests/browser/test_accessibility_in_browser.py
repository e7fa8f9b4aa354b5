"""The HTML pages as axe-core judges them: in both languages, light and dark, narrow and wide."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from tab import Page

from one_adapter.config.document import load
from one_adapter.config.reading import read_gateway
from one_adapter.export.report.write import write_report
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.language import Language
from one_adapter.language.chosen import speaking
from one_adapter.lint.catalogue import judge
from one_adapter.plan.build import decide
from one_adapter.verify.output import FORMATS
from one_adapter.verify.result import OUTCOMES, Check, Verification

#: What is serious or worse, with the first of the places that have it.
SERIOUS = """
axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations
  .filter(each => ['serious', 'critical'].includes(each.impact))
  .map(each => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 99),
    each.nodes[0].failureSummary])))"""
GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def report() -> str:
    """A page with something in each of its sections: tasks, losses, pools, limits, names in Chinese."""
    document = load(str(GOLDEN / "pools.json"))
    plan = decide(document)
    return write_report(
        "html",
        "pools.json",
        plan,
        secrets_of(read_gateway(document), plan),
        judge(document),
    )


def verification() -> str:
    checks = [
        Check("stream", "模型", outcome, f"{outcome} of it", "fields", ["a"], {"b": "模型"}, "status-kept")
        for outcome in OUTCOMES
    ]
    return FORMATS["html"](Verification("http://old:9090", "http://new:9091", tuple(checks), ("A note.",)))


PAGES = {"report": report, "verification": verification}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
async def test_axe_core_finds_nothing_serious(
    tab: Page, tmp_path: Path, name: str, language: Language
) -> None:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    path = tmp_path / "page.html"
    with speaking(language):
        path.write_text(PAGES[name](), encoding="utf-8")
    for scheme in ("light", "dark"):
        for width in (400, 1_600):
            await tab.open(path, scheme, width)
            await tab.ask(axe)
            found = await tab.ask(SERIOUS)
            assert json.loads(found) == [], (scheme, width)
