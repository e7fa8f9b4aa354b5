"""A client's JSON goes on as it was written, but for what is changed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.runtime.json_object import DROP, JsonObject

#: Text as it may stand in JSON: no half of a surrogate pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
#: Numbers that a reader would write in another form.
NUMBERS = st.sampled_from(
    ("1.0", "1e2", "-0.0", "0.10", "1E+2", "12345678901234567890123", "0.1000000000000000055")
)
SPACE = st.text(" \t\r\n", max_size=2)


@st.composite
def values(draw: st.DrawFn) -> str:
    """One value as some program might write it."""
    value, ascii_only = draw(VALUES), draw(st.booleans())
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))
    return draw(NUMBERS | st.just(json.dumps(value, ensure_ascii=ascii_only, separators=separators)))


@st.composite
def objects(draw: st.DrawFn) -> tuple[bytes, dict[str, str]]:
    """An object as bytes, and the text of each field; of two of one name the last, in its place."""
    names = st.sampled_from(("model", "messages", "n", "通", 'a"b\\')) | TEXT
    fields = draw(st.lists(st.tuples(names, values()), max_size=6))
    space = [draw(SPACE) for _ in range(5)]
    pairs = [
        f"{space[0]}{json.dumps(name, ensure_ascii=draw(st.booleans()))}{space[1]}:{space[2]}{text}{space[3]}"
        for name, text in fields
    ]
    kept: dict[str, str] = {}
    for name, text in fields:
        kept.pop(name, None)
        kept[name] = text
    return f"{space[4]}{{{','.join(pairs) or space[0]}}}".encode(), kept


def written(fields: dict[str, str]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fields.items()) + "}").encode()


@given(objects())
def test_every_value_goes_on_byte_for_byte(case: tuple[bytes, dict[str, str]]) -> None:
    raw, fields = case
    assert JsonObject.read(raw).render({}) == written(fields)


@given(objects())
def test_what_is_read_is_what_any_reader_reads(case: tuple[bytes, dict[str, str]]) -> None:
    raw, _ = case
    assert JsonObject.read(raw).fields == json.loads(raw)


@given(objects(), st.dictionaries(st.sampled_from(("model", "n", "new", "通")), VALUES | st.just(DROP)))
def test_only_what_is_changed_changes(case: tuple[bytes, dict[str, str]], changes: dict[str, Any]) -> None:
    raw, fields = case
    rendered = JsonObject.read(raw).render(changes)
    expected = json.loads(raw)
    for name, value in changes.items():
        if value is DROP:
            expected.pop(name, None)
        else:
            expected[name] = value
    assert json.loads(rendered) == expected
    untouched = {name: text for name, text in fields.items() if name not in changes}
    assert {
        name: text for name, text in JsonObject.read(rendered)._texts.items() if name in untouched
    } == untouched


@given(
    st.lists(
        st.sampled_from((r"\ud83d", r"\uDE00", r"\u0041", "\\\\", r"\"", "x", "\\\\ud83d", "😀")), max_size=8
    )
)
def test_halves_of_a_pair_are_replaced_and_whole_pairs_are_not(parts: list[str]) -> None:
    """By the way the gateway reads: each half that stands alone is one U+FFFD."""
    inside = "".join(parts)
    raw = f'{{"a": ["{inside}"], "{inside}": 1}}'.encode()
    expected = json.loads(raw.decode())["a"][0].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    read = JsonObject.read(raw)
    assert read.fields["a"] == [expected]
    assert read.render({}).decode()  # valid UTF-8
    assert json.loads(read.render({}))["a"] == [expected]
    assert expected in read.fields


@pytest.mark.parametrize("raw", [b'{"a": "\xff"}', b'{"a": "\xed\xa0\xbd"}', b'{"a": "\xe9\x80"}'])
def test_bytes_that_are_no_text_are_replaced(raw: bytes) -> None:
    assert set(JsonObject.read(raw).fields["a"]) == {"\ufffd"}


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "[1e400]", '{"a": NaN}']
)
def test_what_is_no_finite_number_is_refused_wherever_it_stands(number: str) -> None:
    with pytest.raises(ValueError, match=r"number"):
        JsonObject.read(f'{{"model": "m", "x": {number}}}'.encode())


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_beyond_reason_is_an_error_and_no_crash(opening: str) -> None:
    with pytest.raises(ValueError, match="deeply"):
        JsonObject.read(b'{"a": ' + opening.encode() * 200_000)


def test_nesting_that_a_person_might_write_is_read() -> None:
    deep = "[" * 100 + "]" * 100
    assert JsonObject.read(f'{{"a": {deep}}}'.encode()).render({}).decode() == f'{{"a":{deep}}}'


@pytest.mark.parametrize("tail", [b"", b" ", b" tail", b"}", b'{"b": 2}', b"\x00"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_what_follows_are_passed_over(mark: bytes, tail: bytes) -> None:
    assert JsonObject.read(mark + b'{"a": 1.0}' + tail).render({}) == b'{"a":1.0}'


def test_a_name_written_with_escapes_is_the_same_name() -> None:
    read = JsonObject.read(rb'{"mod\u0065l": "a", "m": 1}')
    assert read.render({"model": "b"}) == b'{"model":"b","m":1}'


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b" ", b"[]", b"null", b'"a"', b"{", b'{"a"', b'{"a":', b'{"a": 1', b'{"a": 1,', b'{"a": 1,}'),
        *(b"{a: 1}", b"{'a': 1}", b'{"a" 1}', b'{"a": 1 "b": 2}', b'{"a": }', b'{"a": tru}', b'{"a": "b}'),
        *(b'{"a": "\n"}', b'{"a": 01}', b'{"a": .5}', b'{"a": +1}', b'{"a": [1,]}', b"{\"a\": 'b'}", b"{,}"),
        *(b'{"a": "\\x"}', b'{"a": "\\u12"}', b'{"a": ' + b"9" * 5000 + b"}", b"\x00{}", "{'通'}".encode()),
    ],
)
def test_what_is_no_object_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which words, is for JSON's own scanner
        JsonObject.read(raw)


@given(st.binary(max_size=40) | st.text('{}[]":,\\u0d8 ntruefalse', max_size=30).map(str.encode))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert JsonObject.read(b'{"a":' + raw).render({}).startswith(b"{")


def test_the_sign_for_leaving_out_says_what_it_is() -> None:
    assert repr(DROP) == "DROP"
