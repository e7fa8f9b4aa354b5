"""The JSON reader: the strict grammar, and the place of every word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import Document, parse
from one_adapter.config.node import Node


def read(text: str) -> Document:
    return parse(text.encode("utf-8", "surrogatepass"), "config.json")


def value(text: str) -> Any:
    document = read(text)
    assert document.root is not None, document.problem
    return document.root.value


def everything(node: Node) -> list[Node]:
    found = [node]
    for child in (*node.items, *(member.node for member in node.members)):
        found += everything(child)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {}),
        (" [ ] ", []),
        ("null", None),
        ("true", True),
        ("false", False),
        ('""', ""),
        ("-0", 0),
        ("0.5e+2", 50.0),
        ("1E2", 100.0),
        ('{"a":{"b":[1,{"c":[]}]}}', {"a": {"b": [1, {"c": []}]}}),
        ('\t{\t"a"\r\n:\r1 }\n', {"a": 1}),
        (r'"\"\\\/\b\f\n\r\t\u00e9\u4e2D"', '"\\/\b\f\n\r\té中'),
        (r'"plain \u0041 and more"', "plain A and more"),
        ('"模型：\u2028 é 🙂"', "模型：\u2028 é 🙂"),
        (r'"\ud83d\ude42"', "🙂"),
        (r'"\ud83d."', "\ufffd."),
        (r'"\ude42\ud83d"', "\ufffd\ufffd"),
    ],
)
def test_json_is_read_as_it_says(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "the file ends where a value should be", 1, 1),
        ("  \n ", "the file ends where a value should be", 2, 1),
        ("{", "the file ends where a key in double quotes should be", 1, 1),
        ('{"a"', "the file ends where a colon after the key should be", 1, 4),
        ('{"a":', "the file ends where a value should be", 1, 5),
        ('{"a":1', "the file ends where a comma or '}' after a member should be", 1, 6),
        ("[1", "the file ends where a comma or ']' after an array element should be", 1, 2),
        ('{"a":1,}', "JSON allows no comma after the last member", 1, 8),
        ("[1,]", "JSON allows no comma after the last element", 1, 4),
        ("[,]", "',' where a value should be", 1, 2),
        ("{,}", "',' where a key in double quotes should be", 1, 2),
        ("{a:1}", "'a' where a key in double quotes should be", 1, 2),
        ("{'a':1}", "JSON strings take double quotes; a key in double quotes should be here", 1, 2),
        ("['a']", "JSON strings take double quotes; a value should be here", 1, 2),
        ('{"a" 1}', "'1' where a colon after the key should be", 1, 6),
        ('{"a":1 "b":2}', "'\"' where a comma or '}' after a member should be", 1, 8),
        ("[1}", "'}' where a comma or ']' after an array element should be", 1, 3),
        ('{\n  // no\n  "a":1}', "JSON has no comments; a key in double quotes should be here", 2, 3),
        ("# no\n{}", "JSON has no comments; a value should be here", 1, 1),
        ("\ufeff{}", "the file begins with a byte order mark, which the gateway refuses", 1, 1),
        ("{} {}", "there is something after the end of the JSON value", 1, 4),
        ("01", "there is something after the end of the JSON value", 1, 2),
        ("[01]", "'1' where a comma or ']' after an array element should be", 1, 3),
        ("+1", "'+' where a value should be", 1, 1),
        ("-", "'-' where a value should be", 1, 1),
        ("[1.]", "'.' where a comma or ']' after an array element should be", 1, 3),
        (".5", "'.' where a value should be", 1, 1),
        ("NaN", "'N' where a value should be", 1, 1),
        ("True", "'T' where a value should be", 1, 1),
        ("tru", "'t' where a value should be", 1, 1),
        ("\x00", "the character U+0000 where a value should be", 1, 1),
        ("[\u00a01]", "the character U+00A0 where a value should be", 1, 2),
        ('{"a": "b', "this string has no end", 1, 7),
        ('"\\', "'\\' is no escape JSON knows", 1, 2),
        ('["a\nb"]', "a line break or control character in a string", 1, 4),
        ('["a\tb"]', "a line break or control character in a string", 1, 4),
        (r'["a\x"]', "'\\x' is no escape JSON knows", 1, 4),
        (r'["\u12g4"]', "'\\u' is no escape JSON knows", 1, 3),
        (r'["\u１２３４"]', "'\\u' is no escape JSON knows", 1, 3),
        ("[" * 10_001, "this is nested more than 10,000 levels deep", 1, 10_001),
    ],
)
def test_what_is_no_json_is_refused_with_reason_and_place(
    text: str, message: str, line: int, column: int
) -> None:
    document = read(text)
    assert document.root is None
    assert document.problem is not None
    assert document.problem.kind == "syntax"
    assert document.problem.message == message
    assert document.position(document.problem.span.start) == (line, column)


def test_ten_thousand_levels_are_read() -> None:
    document = read("[" * 10_000 + "]" * 10_000)
    assert document.problem is None


def test_positions_count_lines_and_characters() -> None:
    document = read('{\r\n\t"模型": [\t"文心",\n  "b"]\r}')
    places = {
        pointer: document.position(node.span.start)
        for pointer, node in [(p, document.find(p)) for p in ("", "/模型", "/模型/0", "/模型/1")]
        if node is not None
    }
    assert places == {"": (1, 1), "/模型": (2, 8), "/模型/0": (2, 10), "/模型/1": (3, 3)}
    assert document.root is not None
    key = document.root.members[0].key_span
    assert document.text[key.start : key.end] == '"模型"'


def test_a_repeated_key_is_told_with_both_places_and_the_last_wins() -> None:
    document = read('{"a": {"k~/": 1, "b": 2, "k~/": 3, "k~/": 4}}')
    assert document.root is not None
    assert document.root.value == {"a": {"k~/": 4, "b": 2}}
    assert [each.pointer for each in document.duplicates] == ["/a/k~0~1", "/a/k~0~1"]
    assert [document.position(each.first.start) for each in document.duplicates] == [(1, 8), (1, 8)]
    assert [document.position(each.again.start) for each in document.duplicates] == [(1, 26), (1, 36)]
    inner = document.find("/a")
    assert inner is not None
    assert [member.key for member in inner.members] == ["k~/", "b", "k~/", "k~/"]


def test_a_repeated_key_in_a_list_has_the_elements_place() -> None:
    assert [each.pointer for each in read('[0, {"a": 1, "a": 2}]').duplicates] == ["/1/a"]


def test_keys_that_differ_in_an_escape_alone_are_the_same_key() -> None:
    assert [each.pointer for each in read(r'{"A": 1, "\u0041": 2}').duplicates] == ["/A"]


@pytest.mark.parametrize(
    ("text", "expected"), [("9" * 40, int("9" * 40)), ("9" * 41, 1e41), ("1e999", float("inf"))]
)
def test_a_number_of_any_length_is_read_at_once(text: str, expected: float) -> None:
    assert value(text) == expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_valid_json_means_what_the_standard_library_reads(
    tree: object, ascii_only: bool, indent: int | str | None
) -> None:
    text = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    document = read(text)
    assert document.problem is None
    assert document.root is not None
    assert document.root.value == json.loads(text)
    assert not document.duplicates


@given(JSON)
def test_the_text_of_every_span_is_the_value_again(tree: object) -> None:
    document = read(json.dumps(tree, ensure_ascii=False, indent=1))
    assert document.root is not None
    for node in everything(document.root):
        assert json.loads(document.text[node.span.start : node.span.end]) == node.value
        for member in node.members:
            key = member.key_span
            assert json.loads(document.text[key.start : key.end]) == member.key


PIECES = st.sampled_from(
    [
        *'{}[],:"\\ \t\n',
        "1",
        "-",
        ".5",
        "e9",
        "true",
        "null",
        "tru",
        '"a"',
        r"\u12",
        r'"\ud800"',
        "/",
        "'",
        "\ufeff",
        "中",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_reader_accepts_exactly_what_the_standard_library_accepts(text: str) -> None:
    document = read(text)
    try:
        expected = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    except ValueError:
        assert document.root is None
        assert document.problem is not None
        assert 0 <= document.problem.span.start <= len(text)
    else:
        assert document.problem is None
        assert document.root is not None
        # A lone half of a surrogate pair is replaced, as Go does.
        whole = (
            json.dumps(expected, ensure_ascii=False)
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
        assert json.dumps(document.root.value, ensure_ascii=False) == whole
