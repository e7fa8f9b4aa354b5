"""A text is English to whoever compares it, and Chinese to whoever reads Chinese."""

from __future__ import annotations

import json
import pickle

import pytest

from one_adapter.language import (
    changed,
    joined,
    language_of,
    listed,
    padded,
    sentences,
    tr,
    translated,
    trn,
    width,
)
from one_adapter.language.chosen import speaking


def test_a_marked_text_is_the_english_one() -> None:
    marked = tr("{what} costs {price:,}", what="it", price=1200)
    assert marked == "it costs 1,200"
    assert json.dumps(marked) == '"it costs 1,200"'
    assert translated(marked) == "it costs 1,200"


def test_braces_are_written_twice_with_values_and_without() -> None:
    assert tr("write {{}}") == "write {}"
    assert tr("write {{}} at {place}", place="x") == "write {} at x"


@pytest.mark.parametrize(("count", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_a_number_decides_between_one_and_many(count: int, said: str) -> None:
    assert trn("{count} file", "{count} files", count=count) == said


def test_a_value_may_be_a_marked_text_and_hostile_ones_stay_values() -> None:
    inner = tr("{name}", name="{0.__class__}")
    assert tr("<{inner}>", inner=inner) == "<{0.__class__}>"
    with speaking("zh"):
        assert translated(tr("<{inner}>", inner=inner)) == "<{0.__class__}>"


def test_words_and_sentences_stand_together_as_each_language_has_it() -> None:
    texts = listed(["a", "b", "c"]), sentences("One.", "", "Two.")
    assert texts == ("a, b or c", "One. Two.")
    with speaking("zh"):
        assert tuple(map(translated, texts)) == ("a、b 或 c", "One.Two.")
    assert listed(["a", "b"], "and") == "a and b"
    assert listed(["a"]) == "a"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("true", "必须是 true，却不是"),
        ("`x`", "必须是 `x`，却不是"),
        ("映射", "必须是映射，却不是"),
        (listed(["true", "映射"]), "必须是 true 或 映射，却不是"),
        (3, "必须是 3，却不是"),
        ("（空）", "必须是（空），却不是"),
        ("", "必须是，却不是"),
    ],
)
def test_a_latin_value_in_a_chinese_sentence_has_a_blank_beside_chinese_letters(
    value: object, said: str
) -> None:
    with speaking("zh"):
        assert translated(tr("必须是{value}，却不是", value=value)) == said
        assert translated(tr("{value}必须是{{}}", value="k")) == "k 必须是{}"
        assert translated(tr("{a}{b:.0%}", a="约", b=0.5)) == "约 50%"


def test_parts_that_nothing_stands_between_keep_a_blank_as_well() -> None:
    with speaking("zh"):
        assert translated(joined(["名称", "gpt", "的", "别名"], " ", "")) == "名称 gpt 的别名"
        assert translated(sentences("好。", "It.")) == "好。It."


def test_what_is_done_to_a_marked_text_is_done_in_each_language() -> None:
    hidden = changed(
        sentences(tr("a secret"), "more of the secret"), lambda said: said.replace("secret", "•")
    )
    assert hidden == "a • more of the •"
    with speaking("zh"):
        assert translated(hidden) == "a •more of the •"
        assert changed("plain", str.upper) == translated("PLAIN")


def test_a_marked_text_goes_to_another_process_whole() -> None:
    texts = trn("{count} a", "{count} b", count=2), listed(["x", "y"]), changed(listed(["x", "y"]), str.upper)
    for text in texts:
        copy = pickle.loads(pickle.dumps(text))
        with speaking("zh"):
            assert copy == text
            assert translated(copy) == translated(text)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zh-Hans"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zhx"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LC_MESSAGES": "zh_CN", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
    ],
)
def test_the_locale_decides_as_posix_has_it(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


def test_columns_line_up_with_chinese_in_them() -> None:
    assert [width(text) for text in ("ab", "模型", "é", "e\u0301", "！")] == [2, 4, 1, 1, 2]
    assert [padded("模", 4), padded("模", 4, right=True), padded("模型", 1)] == ["模  ", "  模", "模型"]
