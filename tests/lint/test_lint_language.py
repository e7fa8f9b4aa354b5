"""The linter speaks one language at a time: to people the chosen one, to machines English."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from language_check import chinese_in, english_in

from one_adapter.cli import cli
from one_adapter.config.document import Document, parse
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, DIALECTS, Dialect
from one_adapter.language import Message, chosen, width
from one_adapter.language.chosen import speaking
from one_adapter.lint import judge
from one_adapter.lint.catalogue import rules
from one_adapter.lint.hints.words import words_of
from one_adapter.lint.litellm.catalogue import judge as judge_litellm
from one_adapter.lint.output.as_text import Judged, render_all, render_text
from one_adapter.lint.output.formats import FORMATS
from one_adapter.lint.pages import EXAMPLES, FOLDERS, LITELLM_EXAMPLES, example_context, files, page

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *sorted(EXAMPLES.glob("*/*.*")),
    *sorted((ROOT / "examples").glob("*.json")),
    *sorted((ROOT / "tests" / "golden").glob("*.json")),
]
#: Texts that cannot be read, each told in words of its own.
BROKEN = [
    "", "{", '{"a"', '{"a": [1, 2', '{"a": 1,}', "[1,]", "{a: 1}", "services: []", '{"a": tru}',
    '{"a": 1} x',
    '{"a": "x', '{"a": "x\n"}', '{"a": "\t"}', '{"a": "\\q"}', "{'a': 1}", '{"a": 1 // x\n}', "{\u3000}",
    '{"a"：1}', '{"a"：1，\n"b"：2}', '{“a”: 1}', '{"a" = 1}', '{"a": ,}', '{"a": 1]', '{"a": [1}',
    '{"a": 1 "b"}',
    '"a": 1', '"openai": []', '"models": [],', '{"a": 1}, {"b": 2}', "{\x01}", '{"a": yes}', "[[[" * 4000,
    '["a"]', '"text"', "5", "true", '[{"models": ["m"]}]',
]  # fmt: skip
BROKEN_YAML = [
    "a: [", "a:\n\t- b", "a：1", "a: “b", 'a: "b', "a:b\nc: d", "a: @b", "a: b: c", "- a\nb: c", "a: *b",
    "a: &a [*a]",
    "? [a]\n: b", "<<: 5", "a: !!int x", "a: !!binary '*'", "a: \x01", "a: 1\n--- \n]", "services：5",
    "{a: 1}\nb: 2", "[" * 1200, "text:5", "- a: 1", "1: 2", "services: {openai: [{limit: {qps: .inf}}]}",
]  # fmt: skip


def judged(document: Document, dialect: Dialect) -> Judged:
    read = read_gateway(document, dialect)
    return Judged(document, judge(document, dialect, read), read)


@cache
def everything(version: str) -> list[Judged]:
    return [judged(document, DIALECTS[version]) for document in documents()]


def documents() -> Iterator[Document]:
    yield from (parse(path.read_bytes(), f"config{path.suffix}") for path in FILES)
    yield from (parse(text.encode(), "config.json") for text in BROKEN)
    yield from (parse(text.encode(), "config.yaml") for text in BROKEN_YAML)
    yield parse('{"api_key": "模型"}'.encode("gbk"), "config.yaml")
    yield parse("{}".encode("utf-16"), "config.json")
    yield parse(b"{}", "config")


def with_word(word: str) -> Document:
    """A file in which a word stands in every place that may be asked about it."""
    service = f'{{"enabled": true, "models": ["m"], "{word}": 1, "limit": {{"qps": 1, "{word}": 1}}, '
    service += f'"credentials": {{"api_key": "sk-1", "{word}": 1}}}}'
    pool = f'{{"enabled": true, "models": ["n"], "credential_list": [{{"api_key": "a", "{word}": 1}}]}}'
    around = "".join(f'"{name}": {{"{word}": 1}}, ' for name in ("proxy", "circuit_breaker", "translation"))
    text = f'{{{around}"api_keys": [{{"api_key": "k", "{word}": 1}}], "{word}": 1, '
    return parse(f'{text}"services": {{"openai": [{service}, {pool}]}}}}'.encode(), "config.json")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_who_chose_chinese_reads_no_english_sentence(dialect: Dialect) -> None:
    for one in everything(dialect.version):
        with speaking("zh"):
            told = render_all([one])
        assert english_in(told) == [], told
        assert chinese_in(told), told


def test_it_is_so_of_litellms_own_file_as_well() -> None:
    for path in sorted(LITELLM_EXAMPLES.glob("*/*.*ml")):
        context = example_context(path)
        found = judge_litellm(context)
        with speaking("zh"):
            told = render_text(found, context.document)
        assert english_in(told) == [], told
        assert chinese_in(render_text(found, context.document), context.document.text) == []


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_who_did_not_reads_no_chinese_but_that_of_the_file(dialect: Dialect) -> None:
    for one in everything(dialect.version):
        told = render_all([one])
        assert chinese_in(told, one.document.text + "：，；“”") == [], told


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_word_people_mean_something_by_is_answered_in_chinese(dialect: Dialect) -> None:
    for word in sorted({word for words in words_of(dialect).values() for word in words}):
        with speaking("zh"):
            told = render_all([judged(with_word(word), dialect)])
        assert english_in(told) == [], told


def test_whatever_a_rule_says_can_be_said_in_chinese() -> None:
    names = {"host:port", "scheme://host:port"}
    for one in everything(CURRENT.version):
        for finding in one.findings:
            for text in (finding.message, finding.help, finding.expected):
                assert not text or isinstance(text, Message) or text in names, text


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_machines_are_told_the_same_in_every_language(form: str) -> None:
    found = everything(CURRENT.version)
    english = FORMATS[form](found, False)
    with speaking("zh"):
        assert FORMATS[form](found, False) == english


def test_the_caret_stands_under_the_token_also_behind_chinese() -> None:
    document = parse('{"备注": "智谱清言", "modles": 1}'.encode(), "config.json")
    finding = next(one for one in judge(document) if "modles" in one.message)
    with speaking("zh"):
        _, _, shown, carets, *_ = render_text([finding], document).splitlines()
    before, _, under = carets.partition("|")[2].partition("^")
    assert width(before) == width(shown.partition("|")[2].partition('"modles"')[0])
    assert len(under) + 1 == len('"modles"')


def test_pages_are_written_in_both_languages_with_the_same_parts() -> None:
    english = files()
    with speaking("zh"):
        chinese = files()
        headings = {line for line in page(rules()[0]).splitlines() if line.startswith("## ")}
    assert chinese.keys() == english.keys()
    assert len(headings) == 4
    for name, text in chinese.items():
        assert english_in(text) == [], name
        assert chinese_in(text), name
        for mark in ("\n## ", "\n```", "\n\n", "\n| "):
            assert text.count(mark) == english[name].count(mark), (name, mark)


def test_explaining_a_rule_shows_the_page_of_the_chosen_language() -> None:
    for language, folder in FOLDERS.items():
        shown = CliRunner().invoke(cli, ["--lang", language, "lint", "--explain", "unknown-field"])
        assert shown.output == (ROOT / "docs" / folder / "SOA101-unknown-field.md").read_text("utf-8")
    assert chosen() == "en"
