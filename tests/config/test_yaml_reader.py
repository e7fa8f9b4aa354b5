"""The YAML reader: scalars typed as the gateway types them, anchors, and the place of every word."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from one_adapter.config.document import Document, parse
from one_adapter.config.node import Node
from one_adapter.config.yaml_text import resolve


def read(text: str) -> Document:
    return parse(text.encode(), "config.yaml")


def value(text: str) -> Any:
    document = read(text)
    assert document.root is not None, document.problem
    return document.root.value


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("~", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("nULL", "nULL"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("-0x1F", -31),
        ("0o17", 15),
        ("017", 15),
        ("0b101", 5),
        ("089", 89.0),
        ("0_8", 8.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1E-2", -0.01),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
        ("9" * 40, int("9" * 40)),
        ("9" * 41, 1e41),
        ("9" * 400, "9" * 400),
        ("1e999", "1e999"),
        ("1:30", "1:30"),
        ("2024-06-01", "2024-06-01"),
        ("1.2.3", "1.2.3"),
        ("0x", "0x"),
        ("-", None),
        (".", "."),
        ("gpt-4o", "gpt-4o"),
        ("=", "="),
    ],
)
def test_a_plain_scalar_has_the_type_yaml_v3_gives_it(word: str, expected: object) -> None:
    if word == "-":  # a lone dash is a list with an empty element
        assert value("- ") == [None]
        return
    found = value(f"a: {word}")["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_a_plain_scalar_that_is_not_a_number() -> None:
    assert math.isnan(value("a: .NaN")["a"])


def test_an_octal_number_with_a_wrong_digit_is_a_float_and_never_fails() -> None:
    assert resolve("0o7") == ("number", 7)
    assert resolve("00") == ("number", 0)
    assert resolve("0x_") == ("string", "0x_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: '1'", "1"),
        ('a: "true"', "true"),
        ("a: !!str 1", "1"),
        ("a: !!int '7'", 7),
        ("a: !!float 7", 7),
        ("a: !!bool 'true'", True),
        ("a: !!null ''", None),
        ("a: !mine 7", "7"),
        ("a: !!binary aGk=", "aGk="),
        ("a: |\n  one\n  two\n", "one\ntwo\n"),
        ("a: >-\n  one\n  two\n", "one two"),
        ('a: "\\u4e2d\\x41"', "中A"),
        ("a:", None),
    ],
)
def test_quotes_and_tags_decide_the_type(text: str, expected: object) -> None:
    found = value(text)["a"]
    assert (found, type(found)) == (expected, type(expected))


def test_a_scalar_keeps_the_text_it_was_written_as() -> None:
    document = read("a: [0x10, yes, 1_0.50, True, ~, '7']")
    listed = document.find("/a")
    assert listed is not None
    assert [item.raw for item in listed.items] == ["0x10", "", "1_0.50", "True", "~", ""]


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: [1", "this is no YAML: did not find expected ',' or ']'", 1, 5),
        ("a: b: c", "this is no YAML: mapping values are not allowed in this context", 1, 5),
        ("a:\n\tb: 1", "this is no YAML: found character that cannot start any token", 2, 1),
        ("a: *x", "no anchor &x stands before this alias", 1, 4),
        ("a: &x [*x]", "the anchor &x contains itself", 1, 8),
        ("a: &x {b: {c: *x}}", "the anchor &x contains itself", 1, 15),
        ("? [a, b]\n: 1", "a key must be text, not a list or mapping", 1, 3),
        ("? {a: b}\n: 1", "a key must be text, not a list or mapping", 1, 3),
        ("<<: 1", "a merge key (<<) takes a mapping or a list of mappings", 1, 5),
        ("<<: [{a: 1}, 2]", "a merge key (<<) takes a mapping or a list of mappings", 1, 5),
        ("a: !!int x", "this is no !!int", 1, 10),
        ("a: !!float ''", "this is no !!float", 1, 12),
        ("a: !!int 1.5", "this is no !!int", 1, 10),
        ("a: !!bool maybe", "this is no !!bool", 1, 11),
        ("a: !!null x", "this is no !!null", 1, 11),
        ("a: !!binary '@@'", "this is no base64", 1, 13),
        ("{a: 1}\nb: 2", "there is something after the end of the configuration", 2, 1),
        ("a: \x01", "YAML allows no control characters", 1, 4),
        ("[" * 1001, "this is nested more than 1,000 levels deep", 1, 1001),
    ],
)
def test_what_the_gateway_cannot_read_is_refused_with_reason_and_place(
    text: str, message: str, line: int, column: int
) -> None:
    document = read(text)
    assert document.root is None
    assert document.problem is not None
    assert document.problem.kind == "syntax"
    assert document.problem.message == message
    assert document.position(document.problem.span.start) == (line, column)


def test_a_thousand_levels_are_read() -> None:
    assert read("[" * 999 + "]" * 999).problem is None


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_text_is_null(text: str) -> None:
    document = read(text)
    assert document.problem is None
    assert document.root is not None
    assert document.root.kind == "null"


def test_only_the_first_document_counts() -> None:
    assert value("a: 1\n---\na: 2\n") == {"a": 1}


@pytest.mark.parametrize("rest", ["]", "}", "...\nb: [", "--- ['", "# no more"])
def test_what_follows_the_first_document_is_not_looked_at(rest: str) -> None:
    assert value("{a: 1}\n" + rest) == {"a": 1}


def test_a_byte_order_mark_moves_no_position() -> None:
    document = read("\ufeffa: 模型")
    node = document.find("/a")
    assert node is not None
    assert document.text[node.span.start : node.span.end] == "模型"
    assert document.position(node.span.start) == (1, 5)


def test_an_alias_is_the_anchored_value_at_the_anchored_place() -> None:
    document = read("a: &x !!map {k: 1}\nb: *x\nc: [*x, &s text, *s]\n")
    assert document.root is not None
    assert document.root.value == {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, "text", "text"]}
    node = document.find("/b")
    assert node is not None
    assert document.text[node.span.start : node.span.end] == "{k: 1}"


def test_an_anchor_may_be_given_again() -> None:
    assert value("a: &x 1\nb: &x 2\nc: *x\n")["c"] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}", {"x": 1, "y": 3}),
        ("base: &b {x: 1, y: 2}\nc: {y: 3, <<: *b}", {"x": 1, "y": 3}),
        ("base: &b {x: 1}\nc: {<<: [*b, {x: 2, z: 4}]}", {"x": 1, "z": 4}),
        ("c: {'<<': 5}", {"<<": 5}),
    ],
)
def test_a_merge_key_adds_what_is_not_written_out(text: str, expected: object) -> None:
    assert value(text)["c"] == expected


def test_what_is_written_out_stands_once_beside_a_merge() -> None:
    node = read("base: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}").find("/c")
    assert node is not None
    assert [member.key for member in node.members] == ["x", "y"]


def test_a_repeated_key_is_told_with_both_places() -> None:
    document = read("a:\n  - k/: 1\n    k/: 2\n")
    assert [each.pointer for each in document.duplicates] == ["/a/0/k~1"]
    assert document.position(document.duplicates[0].first.start) == (2, 5)
    assert document.position(document.duplicates[0].again.start) == (3, 5)


def test_numbers_and_words_are_keys_by_their_text() -> None:
    assert value("{1: a, true: b, ~: c, 0x2: d}") == {"1": "a", "true": "b", "~": "c", "0x2": "d"}


def test_a_document_that_is_mostly_aliases_is_refused() -> None:
    levels = ["a0: &a0 [" + ", ".join(["x"] * 20) + "]"]
    levels += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 20) + "]" for n in range(1, 6)]
    document = read("\n".join(levels))
    assert document.root is None
    assert document.problem is not None
    assert document.problem.message == "this document contains excessive aliasing"


def test_a_smaller_document_that_is_all_aliases_is_refused_too() -> None:
    document = read("a: &a [" + "x, " * 400 + "]\nb: [" + "*a, " * 300 + "]")
    assert document.problem is not None
    assert document.problem.message == "this document contains excessive aliasing"


def test_half_a_surrogate_pair_is_no_escape_in_yaml() -> None:
    assert read(r'a: "\ud83d\ude42"').problem is not None


def test_a_few_hundred_aliases_are_no_bomb() -> None:
    text = "a: &a {x: 1}\nb:\n" + "".join(f"  k{n}: {{l: *a, m: {n}}}\n" for n in range(400))
    assert read(text).problem is None


def test_a_block_value_ends_before_the_blanks_that_follow_it() -> None:
    document = read("a:\n  b: 1\n  c: [2]   \n\n\nd: 3\n")
    node = document.find("/a")
    assert node is not None
    assert document.text[node.span.start : node.span.end] == "b: 1\n  c: [2]"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=12)
JSON_TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PRINTABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    max_leaves=12,
)


@given(JSON_TREES)
def test_json_in_a_yaml_file_is_the_same_tree(tree: object) -> None:
    text = json.dumps(tree, ensure_ascii=False)
    found = read(text).root
    assert found is not None
    assert found.value == json.loads(text)


@example(["0\xa0"], True, True)
@given(TREES, st.sampled_from([True, False, None]), st.booleans())
def test_what_pyyaml_writes_is_read_back(tree: object, flow: bool | None, unicode: bool) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=unicode)
    document = read(text)
    assert document.root is not None, document.problem
    for node in scalars(document.root):
        again = yaml.compose(document.text[node.span.start : node.span.end], Loader=yaml.SafeLoader)
        written = document.text[node.span.start : node.span.end]
        if node.kind == "string" and "\n" not in written and not written.startswith(("'", '"')):
            assert again is not None
            assert again.value == node.value
        elif node.kind in ("number", "bool"):
            assert written == node.raw


def scalars(node: Node) -> list[Node]:
    if node.kind in ("object", "array"):
        children = (*node.items, *(member.node for member in node.members))
        return [leaf for child in children for leaf in scalars(child)]
    return [node]
