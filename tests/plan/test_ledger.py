"""The ledger: exactly one row for every leaf of the source, at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from configurations import FEWER, openai, plan, rows, service, written
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import Document, parse
from one_adapter.config.node import escape
from one_adapter.dialect import V0_10, V0_12, Dialect
from one_adapter.plan.build import decide
from one_adapter.plan.types import VERDICTS
from one_adapter.plan.vendors import Options


def leaves(value: Any, pointer: str = "") -> Iterator[str]:
    """The pointers of the leaves of plain data, found without the reader's tree."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{pointer}/{escape(key)}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{pointer}/{index}")
    else:
        yield pointer


class _Words(yaml.SafeLoader):
    """PyYAML's loader with every key as text."""


_Words.add_constructor(
    "tag:yaml.org,2002:map",
    lambda loader, node: {key.value: loader.construct_object(value, deep=True) for key, value in node.value},
)


def plain(data: bytes, name: str) -> Any:
    return json.loads(data) if name.endswith(".json") else yaml.load(data, Loader=_Words)


@FEWER
@given(written(), st.sampled_from(["smart", "literal"]), st.sampled_from([V0_10, V0_12]))
def test_every_leaf_has_exactly_one_row(file: tuple[bytes, str], redirects: str, gateway: Dialect) -> None:
    ledger = decide(parse(*file), Options(redirects, gateway=gateway)).ledger
    assert [row.pointer for row in ledger] == list(leaves(plain(*file)))
    for row in ledger:
        assert row.verdict in VERDICTS
        assert row.target or row.verdict in ("inert", "dropped"), row
        assert row.note or row.verdict in ("mapped", "emulated"), row


def text_at(document: Document, line: int, column: int) -> str:
    lines = document.text.replace("\r\n", "\n").split("\n")
    return "\n".join([lines[line - 1][column - 1 :], *lines[line:]])


@FEWER
@given(written())
def test_line_and_column_of_a_row_point_at_its_leaf(file: tuple[bytes, str]) -> None:
    document = parse(*file)
    for row in decide(document).ledger:
        node = document.find(row.pointer)
        assert node is not None
        there = text_at(document, row.line, row.column)
        if document.format == "json":
            assert json.JSONDecoder().raw_decode(there)[0] == node.value
        elif node.kind in ("number", "bool"):
            assert there.startswith(node.raw)
        elif node.kind in ("object", "array"):
            assert there.startswith(("{}", "[]"))
        elif node.value and there.startswith(node.value[:1]):
            assert there.split("\n")[0].split(node.value.split("\n")[0])[0] == ""


def test_a_document_without_a_tree_has_no_rows() -> None:
    assert decide(parse(b"{", "c.json")).ledger == ()


@pytest.mark.parametrize(("text", "pointer"), [(b"{}", ""), (b"[]", ""), (b"null", "")])
def test_an_empty_document_is_a_leaf_itself(text: bytes, pointer: str) -> None:
    (row,) = decide(parse(text, "c.json")).ledger
    assert (row.pointer, row.verdict, row.line, row.column) == (pointer, "inert", 1, 1)


def test_rows_stand_in_the_order_of_the_file() -> None:
    config = openai(service("b", "a"), api_key="k", debug=False)
    places = [(row.line, row.column) for row in plan(config).ledger]
    assert places == sorted(places)
    assert len(places) == len(set(places))


def test_what_a_later_key_overrides_has_a_row_that_says_so() -> None:
    found = decide(
        parse(b'{"debug": true, "DEBUG": false, "proxy": {"type": "x"}, "Proxy": {}}', "c.json")
    ).ledger
    notes = {row.pointer: row.note for row in found}
    assert "counts instead" in notes["/debug"]
    assert "counts instead" in notes["/proxy/type"]
    assert notes["/DEBUG"] == "the default"


def test_an_unknown_field_has_rows_for_all_that_is_in_it() -> None:
    found = rows(
        {"note": {"deep": [1, {"api_key": "x"}]}, "$schema": "s", "services": {"openai": [{"why": None}]}}
    )
    assert {pointer: row.verdict for pointer, row in found.items()} == {
        "/note/deep/0": "inert",
        "/note/deep/1/api_key": "inert",
        "/$schema": "inert",
        "/services/openai/0/why": "inert",
    }
    assert found["/$schema"].note == "for editors only"
    assert found["/note/deep/0"].note == "the gateway knows no such field"


def test_an_alias_in_yaml_has_its_rows_at_the_anchor() -> None:
    text = (
        b"a: &k {api_key: s}\nservices:\n  openai:\n    - {models: [gpt-4], enabled: true, credentials: *k}\n"
    )
    found = {row.pointer: row for row in decide(parse(text, "c.yaml")).ledger}
    row = found["/services/openai/0/credentials/api_key"]
    assert (row.verdict, row.line, row.column) == ("mapped", 1, 17)
