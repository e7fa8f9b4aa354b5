"""What shows that a text was left in the wrong language finds one, and leaves names alone."""

from __future__ import annotations

import pytest
from language_check import chinese_in, english_in


@pytest.mark.parametrize(
    "text",
    [
        "Remove the query.",
        "config.json:1:2: 错误：this is no list",
        "  = help: Write it in quotes.",
        "**模型** has no address of its own",
        "没有模型 “gpt-4o”; the gateway knows it not",
        "第 3 行\nNo problems in 3 files.",
        "It doesn't know the name",
        "the words\nof two lines",
        "Options for the whole file",
    ],
)
def test_a_sentence_that_nobody_translated_is_found(text: str) -> None:
    assert english_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "服务类型 openai 的模型没有地址",
        "应为 first、random、rand、round_robin、rr 或 hash",
        "first, random, rr",
        '`the code of it` 与 “the words quoted” 和 "more of the words"',
        '12 | {"a": 1} // a comment of the file\n   |  ^^^\n',
        "```sh\nlook at all of this\n```\n之后",
        "https://example.com/a-b/the/path?with=all of",
        "one-adapter lint --explain all config.json",
        "Azure OpenAI Service 与 Tencent Cloud Hunyuan Lite",
        "指针 /services/openai/0/model_redirect 处",
        "模型 claude-3-5-sonnet gpt-4o o1-mini",
        "\x1b[1;31m错误：\x1b[0m 密钥为空",
    ],
)
def test_names_code_and_what_is_quoted_stay_as_they_are(text: str) -> None:
    assert english_in(text) == []


def test_a_name_with_blanks_is_left_alone_where_it_is_given() -> None:
    assert english_in("模型 my own model 没有地址") == ["my own model"]
    assert english_in("模型 my own model 没有地址", names=["my own model"]) == []


def test_chinese_of_the_file_itself_is_no_translation() -> None:
    assert chinese_in("no address for 智谱", source="name: 智谱清言") == []
    assert chinese_in("no address，none") == ["，"]
    assert chinese_in("plain “quotes” and an ellipsis… → ·") == []
