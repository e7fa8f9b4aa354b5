"""Writing YAML: what is written is read back as it was, by old parsers and new ones."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.config.document import parse
from one_adapter.export.yaml_writer import Alias, Anchored, Comment, Flow, document, scalar

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT, inner, max_size=3)
        | st.lists(SCALARS, max_size=3).map(Flow)
        | st.dictionaries(TEXT, SCALARS, max_size=3).map(Flow)
    ),
    max_leaves=15,
)


def plain(tree: Any) -> Any:
    """The data without the wishes for its layout."""
    if isinstance(tree, Flow):
        return plain(tree.value)
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items() if not isinstance(key, Comment)}
    if isinstance(tree, list):
        return [plain(value) for value in tree if not isinstance(value, Comment)]
    return tree


@given(TEXT)
def test_any_text_is_read_back_as_the_same_text(text: str) -> None:
    assert yaml.safe_load(f"a: {scalar(text)}\n") == {"a": text}
    assert yaml.safe_load(f"{scalar(text)}: 1\n") == {text: 1}


@given(st.sampled_from("0123456789.eE+-_:xoabfnyNYTtrueFalsnO~=<!#&*?|>%@` \"'"), st.data())
def test_no_short_word_changes_its_type(first: str, data: st.DataObject) -> None:
    rest = data.draw(st.text("0123456789.eE+-_:xobfny", max_size=6))
    word = first + rest
    assert yaml.safe_load(f"a: {scalar(word)}") == {"a": word}
    newer = parse(f"a: {scalar(word)}".encode(), "c.yaml")
    assert newer.root is not None
    assert newer.root.value == {"a": word}


WORDS = (
    "y n yes no on off true false null ~ nan inf .inf .nan 0 1 0x1f 0o17 017 1_000 1e3 1.5 12:30 2024-06-01 ="
)


@pytest.mark.parametrize("word", WORDS.split())
@pytest.mark.parametrize("form", [str, str.upper, str.title])
def test_words_that_mean_something_are_quoted(word: str, form: Any) -> None:
    assert scalar(form(word)).startswith('"')


@pytest.mark.parametrize(
    "word",
    ["gpt-4o", "openai/gpt-4o", "https://h.example/v1", "os.environ/SOA_X_1", "a.b", "x@y", "claude-3+b"],
)
def test_ordinary_names_and_addresses_need_no_quotes(word: str) -> None:
    assert scalar(word) == word


@pytest.mark.parametrize(
    "word", ["a: b", "a #b", "a:", "[a]", "{a}", "- a", "*a", "&a", "!a", "%a", "文心", "", " a", "a "]
)
def test_what_a_reader_could_take_for_something_else_is_quoted(word: str) -> None:
    assert scalar(word) == f'"{word}"'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (3.0, "3"),
        (0.5, "0.5"),
        (-1, "-1"),
        (1e14, "100000000000000"),
        (1e20, "1.0e+20"),
        (1e-05, "1.0e-05"),
        (2.5e-07, "2.5e-07"),
        (float("inf"), ".inf"),
        (float("-inf"), "-.inf"),
    ],
)
def test_other_scalars(value: object, written: str) -> None:
    assert scalar(value) == written


@given(st.dictionaries(TEXT, TREES, max_size=4))
def test_any_tree_is_read_back_as_it_was(tree: dict[str, Any]) -> None:
    text = document(tree)
    assert yaml.safe_load(text) == (plain(tree) or None)
    assert text == document(tree)


def test_a_sections_comment_a_list_and_mappings_in_it() -> None:
    sections = {
        Comment("for the\n\nreader"): None,
        "a": [Comment("first"), {"b": 1, Comment("why"): None, "c": {"d": [1, [2]]}}, "x", {}, []],
        "e": {"f": Flow({"g": [1, {"h": "i"}]}), Comment("last"): 0},
    }
    assert document(sections) == (
        "# for the\n#\n# reader\n\n"
        "a:\n  # first\n  - b: 1\n    # why\n    c:\n      d:\n        - 1\n        - [2]\n"
        "  - x\n  - {}\n  - []\n\n"
        "e:\n  f: {g: [1, {h: i}]}\n  # last\n"
    )


def test_an_anchored_mapping_stands_elsewhere_by_its_name() -> None:
    text = document({"a": {"p": Anchored("one-1", {"x": 1})}, "b": {"p": Alias("one-1")}})
    assert text == "a:\n  p: &one-1\n    x: 1\n\nb:\n  p: *one-1\n"
    assert yaml.safe_load(text) == {"a": {"p": {"x": 1}}, "b": {"p": {"x": 1}}}
