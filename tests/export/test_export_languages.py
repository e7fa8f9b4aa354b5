"""What an export shows to people is in one language, whichever was chosen; what programs read is English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from language_check import chinese_in, english_in

from one_adapter.config.document import Document, load
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, V0_10, Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.export.explain.as_text import explain_json, explain_mermaid, explain_text
from one_adapter.export.formatting import json_text
from one_adapter.export.litellm.no_models import refuse_nothing
from one_adapter.export.litellm.prices import shipped
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.pure.costs import pure_costs
from one_adapter.export.report.summary import summary_lines
from one_adapter.export.report.write import Format, write_report
from one_adapter.export.secrets.env_file import FORMATS, STOCK, env_file
from one_adapter.export.secrets.variables import Secrets, secrets_of
from one_adapter.language import Language, tr, translated, width
from one_adapter.language.chosen import speaking
from one_adapter.lint.catalogue import judge
from one_adapter.plan.addresses import HIDDEN
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
FILES = [*sorted((ROOT / "examples").glob("*.json")), *sorted(GOLDEN.glob("*.json"))]
GATEWAYS = {"0.12": CURRENT, "0.10": V0_10}
COMMENT = re.compile(r"^\s*# ?(.*)$", re.MULTILINE)
VENDORS = ("Cloudflare Workers AI",)


def understood(source: Path, gateway: Dialect = CURRENT) -> tuple[Document, Plan, Secrets]:
    document = load(str(source))
    plan = decide(document, Options(gateway=gateway))
    return document, plan, secrets_of(read_gateway(document, gateway), plan)


def plain(page: str) -> str:
    """What a reader of a page sees or hears, code as in Markdown."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    page = re.sub(r"<(code|pre)>(.*?)</\1>", r"`\2`", page, flags=re.DOTALL)
    told = re.findall(r'(?:title|aria-label)="([^"]*)"', page)
    return unescape("\n".join([re.sub(r"<[^>]*>", "¦", page), *told]))


def comments(text: str) -> str:
    return "\n".join(COMMENT.findall(text))


def forms(source: Path, gateway: Dialect) -> Iterator[tuple[str, str]]:
    """Everything that people read of a configuration, in the chosen language."""
    document, plan, secrets = understood(source, gateway)
    findings = judge(document, gateway)
    yield "explain", explain_text(plan)
    yield "graph", explain_mermaid(plan)
    for pure in (False, True):
        more = (source.name, plan, secrets, findings, pure, shipped())
        yield "Markdown", write_report("markdown", *more)
        yield "page", plain(write_report("html", *more))
        yield "terminal", "\n".join(map(translated, summary_lines(plan, secrets, pure)))
        yield "YAML", comments(proxy_config(plan, secrets, pure, watch=None if pure else True))
    yield "costs", "\n".join(map(translated, pure_costs(plan)))
    values = {**secrets.values, **STOCK}
    for form in FORMATS:
        yield ".env", comments(env_file(form, values, secrets.to_create, secrets.to_fill))


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("source", FILES, ids=lambda path: path.stem)
def test_no_english_sentence_is_left_in_chinese_and_no_chinese_word_in_english(
    source: Path, gateway: str
) -> None:
    with speaking("zh"):
        found = [
            (form, run)
            for form, text in forms(source, GATEWAYS[gateway])
            for run in english_in(text, VENDORS)
        ]
    assert found == []
    written = source.read_text("utf-8")
    assert [
        (form, run) for form, text in forms(source, GATEWAYS[gateway]) for run in chinese_in(text, written)
    ] == []


@pytest.mark.parametrize("source", FILES, ids=lambda path: path.stem)
def test_what_programs_read_is_the_same_in_every_language(source: Path) -> None:
    document, plan, secrets = understood(source)
    findings = judge(document)

    def texts() -> list[str]:
        report: Format = "json"
        yaml = proxy_config(plan, secrets, watch=True)
        return [
            write_report(report, source.name, plan, secrets, findings),
            json_text(explain_json(plan, findings), 1),
            re.sub(r"^\s*#.*\n", "", yaml, flags=re.MULTILINE),
        ]

    english = texts()
    with speaking("zh"):
        assert texts() == english


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["pools", "chinese-names", "catch-all"])
def test_the_columns_of_explain_begin_below_their_headings(name: str, language: Language) -> None:
    _, plan, _ = understood(GOLDEN / f"{name}.json")
    with speaking(language):
        head, *rows = explain_text(plan).partition("\n\n")[0].splitlines()
        upstream = width(head[: head.index(translated(tr("UPSTREAM")))])
    assert len(rows) > 1
    for row in rows:
        before = ""
        while width(before) < upstream:
            before = row[: len(before) + 1]
        assert before.endswith("  ")
        assert not row[len(before)].isspace()


@pytest.mark.parametrize(("language", "attribute"), [("en", "en"), ("zh", "zh-CN")])
def test_a_page_says_which_language_it_is_in(language: Language, attribute: str) -> None:
    _, plan, secrets = understood(GOLDEN / "pools.json")
    with speaking(language):
        assert f'<html lang="{attribute}">' in write_report("html", "pools.json", plan, secrets, [])


def test_a_secret_stays_hidden_in_every_language(tmp_path: Path) -> None:
    secret = "se'cret-0123\\456"
    source = tmp_path / "config.json"
    text = (
        '{"services": {"openai": [{"models": ["m*%s"], "enabled": true, "credentials": {"api_key": "%s"}}]}}'
    )
    source.write_text(text.replace("%s", secret.replace("\\", "\\\\")), "utf-8")
    _, plan, secrets = understood(source)
    for language in ("en", "zh"):
        with speaking(language):
            report = write_report("markdown", "config.json", plan, secrets, [])
        told = next(line for line in report.splitlines() if "wildcard-name" in line)
        assert HIDDEN in told
        assert "cret-0123" not in told


def test_nothing_to_serve_is_refused_in_the_chosen_language(tmp_path: Path) -> None:
    source = tmp_path / "config.json"
    source.write_text('{"services": {"openai": [{"models": ["m"]}]}}', "utf-8")
    document, plan, _ = understood(source)
    with pytest.raises(OneAdapterError) as refused:
        refuse_nothing("config.json", plan, judge(document))
    with speaking("zh"):
        assert english_in(translated(refused.value.message)) == []
        assert chinese_in(translated(refused.value.message)) != []
