from __future__ import annotations

import json
import math
from typing import Any

import pytest

from one_adapter.runtime.gateway.go_json import go_json
from one_adapter.runtime.gateway.tokens import estimate

CALLED = {"name": "f", "arguments": "{}"}
HI = {"role": "user", "content": "hi"}


def quarter(text: str) -> int:
    return math.ceil(len(text.encode()) / 4)


def chat(*messages: Any, **fields: Any) -> int:
    return estimate({"messages": list(messages), **fields}, "chat")


def as_chat(messages: str, tools: str = "") -> int:
    """The tokens of a chat whose JSON is known."""
    return quarter(f'{{"messages":{messages}' + (f',"tools":{tools}' if tools else "") + "}")


class TestChats:
    def test_a_word_alone_is_45_bytes_and_12_tokens(self) -> None:
        assert len('{"messages":[{"role":"user","content":"hi"}]}') == 45
        assert chat(HI) == 12

    @pytest.mark.parametrize(
        ("fields", "tokens"),
        [
            ({"max_tokens": 80}, 92),
            ({"max_completion_tokens": 70, "max_tokens": 80}, 82),
            ({"max_completion_tokens": 0, "max_tokens": 80}, 92),
            ({"max_completion_tokens": -5}, 12),
            ({"max_tokens": -5}, 7),
            ({"max_tokens": -500}, 1),
            ({"max_tokens": "80"}, 12),
            ({"max_tokens": True}, 12),
            ({"temperature": 1, "user": "u", "stop": ["x"], "stream": True}, 12),
        ],
    )
    def test_the_longest_answer_asked_for_is_added(self, fields: dict[str, Any], tokens: int) -> None:
        assert chat(HI, **fields) == tokens

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("<", 6),
            ("a>b", 8),
            ("&&", 12),
            ("\u2028\u2029", 12),
            ('"\\', 4),
            ("\n\r\t\b\f", 10),
            ("\x00\x1f", 12),
            ("\x7f", 1),
            ("é", 2),
            ("中", 3),
            ("😀", 4),
            ("\ud800", 3),
        ],
    )
    def test_a_character_counts_as_many_bytes_as_go_writes(self, text: str, size: int) -> None:
        empty = len('{"messages":[{"role":"user","content":""}]}')
        assert [chat({"role": "user", "content": text + "x" * more}) for more in range(4)] == [
            math.ceil((empty + size + more) / 4) for more in range(4)
        ]

    @pytest.mark.parametrize(
        ("message", "written"),
        [
            ({"role": "user", "content": ""}, '{"role":"user"}'),
            ({"role": "user", "content": None}, '{"role":"user"}'),
            ({"content": "hi"}, '{"role":"","content":"hi"}'),
            ({"role": "user", "content": "hi", "unknown": "x" * 99}, '{"role":"user","content":"hi"}'),
            ({"role": "user", "content": "hi", "name": "b"}, '{"role":"user","content":"hi","name":"b"}'),
            (
                {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {}}]},
                '{"role":"user","content":[{"type":"text","text":"hi"}]}',
            ),
            ({"role": "user", "content": []}, '{"role":"user"}'),
            (
                {"role": "u", "content": [{"type": "image_url", "image_url": {"url": "u", "detail": "low"}}]},
                '{"role":"u","content":[{"type":"image_url","image_url":{"url":"u","detail":"low"}}]}',
            ),
            (
                {"role": "u", "content": [{"type": "image_url", "image_url": "u"}]},
                '{"role":"u","content":[{"type":"image_url","image_url":{"url":"u"}}]}',
            ),
            (
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": CALLED}],
                },
                '{"role":"assistant","tool_calls":'
                '[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}',
            ),
            (
                {"role": "assistant", "function_call": {"name": "f"}, "refusal": "r"},
                '{"role":"assistant","refusal":"r","function_call":{"name":"f"}}',
            ),
            (
                {"role": "tool", "content": "x", "tool_call_id": "c"},
                '{"role":"tool","content":"x","tool_call_id":"c"}',
            ),
        ],
    )
    def test_a_message_counts_with_the_fields_the_gateway_knows_and_none_that_is_empty(
        self, message: dict[str, Any], written: str
    ) -> None:
        assert chat(message) == as_chat(f"[{written}]")

    @pytest.mark.parametrize(
        ("tools", "written"),
        [
            ([], ""),
            ([{"type": "function"}], '[{"type":"function"}]'),
            (
                [{"type": "function", "function": {"name": "f", "strict": False, "other": 1}}],
                '[{"type":"function","function":{"name":"f","parameters":null}}]',
            ),
            (
                [
                    {
                        "type": "function",
                        "function": {"name": "f", "strict": True, "parameters": {"b": 1.0, "a": "<"}},
                    }
                ],
                '[{"type":"function","function":{"name":"f","strict":true,'
                '"parameters":{"a":"\\u003c","b":1}}}]',
            ),
        ],
    )
    def test_tools_count_where_there_are_any(self, tools: list[Any], written: str) -> None:
        assert chat(HI, tools=tools) == as_chat('[{"role":"user","content":"hi"}]', written)

    @pytest.mark.parametrize("fields", [{}, {"messages": None}, {"messages": None, "tools": "x"}])
    def test_a_chat_of_nothing_costs_its_empty_json(self, fields: dict[str, Any]) -> None:
        assert estimate(fields, "chat") == quarter('{"messages":null}')

    def test_what_is_of_another_type_counts_as_empty(self) -> None:
        assert chat("x", 3, None) == as_chat("[]")
        assert chat({"role": 3, "content": 4, "tool_calls": [5]}) == as_chat('[{"role":""}]')


class TestOtherProtocols:
    @pytest.mark.parametrize(
        ("fields", "messages"),
        [
            ({"input": "hi"}, '[{"role":"user","content":"hi"}]'),
            ({}, "null"),
            ({"instructions": "i"}, '[{"role":"system","content":"i"}]'),
            (
                {"input": "hi", "instructions": "i"},
                '[{"role":"system","content":"i"},{"role":"user","content":"hi"}]',
            ),
            (
                {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]},
                '[{"role":"user","content":"hi"}]',
            ),
            ({"input": [{"type": "message", "role": "user", "content": []}]}, '[{"role":"user"}]'),
            (
                {
                    "input": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "input_text", "text": "hi"},
                                {"type": "input_image", "image_url": "u"},
                            ],
                        }
                    ]
                },
                '[{"role":"user","content":[{"type":"text","text":"hi"},'
                '{"type":"image_url","image_url":{"url":"u"}}]}]',
            ),
            (
                {
                    "input": [
                        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                        {"type": "function_call_output", "call_id": "c", "output": {"a": 1}},
                    ]
                },
                '[{"role":"assistant","tool_calls":[{"id":"c","type":"function",'
                '"function":{"name":"f","arguments":"{}"}}]},'
                '{"role":"tool","content":"{\\"a\\":1}","tool_call_id":"c"}]',
            ),
            ({"input": [{"type": "other"}]}, '[{"role":"user","content":"{\\"type\\":\\"other\\"}"}]'),
        ],
    )
    def test_a_response_counts_as_the_chat_it_becomes(self, fields: dict[str, Any], messages: str) -> None:
        assert estimate({**fields, "max_output_tokens": 5}, "responses") == as_chat(messages) + 5

    def test_a_response_counts_its_functions_and_no_other_tools(self) -> None:
        tools = [{"type": "web_search"}, {"type": "function", "name": "f", "parameters": {}}]
        expected = '[{"type":"function","function":{"name":"f","parameters":{}}}]'
        assert estimate({"input": "hi", "tools": tools}, "responses") == as_chat(
            '[{"role":"user","content":"hi"}]', expected
        )

    @pytest.mark.parametrize(("longest", "tokens"), [(7, 33), (-7, 26), (None, 26)])
    def test_a_response_passed_on_as_it_came_costs_a_quarter_of_its_bytes(
        self, longest: int | None, tokens: int
    ) -> None:
        assert estimate({"input": "hi", "max_output_tokens": longest}, "responses", 101) == tokens

    @pytest.mark.parametrize(
        ("fields", "messages"),
        [
            ({"messages": [HI]}, '[{"role":"user","content":"hi"}]'),
            ({"system": "s", "messages": []}, '[{"role":"system","content":"s"}]'),
            ({"system": [{"type": "text", "text": "s"}]}, '[{"role":"system","content":"s"}]'),
            ({"system": [{"type": "text", "text": "s"}, {"type": "text", "text": "t"}]}, "[]"),
            (
                {
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": "a"},
                                {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text"}]},
                                {"type": "text", "text": "b"},
                            ],
                        }
                    ]
                },
                '[{"role":"tool","content":"[{\\"type\\":\\"text\\"}]","tool_call_id":"c"},'
                '{"role":"user","content":"ab"}]',
            ),
            (
                {
                    "messages": [
                        {
                            "role": "assistant",
                            "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"x": 1}}],
                        }
                    ]
                },
                '[{"role":"assistant","tool_calls":[{"id":"c","type":"function",'
                '"function":{"name":"f","arguments":"{\\"x\\":1}"}}]}]',
            ),
            (
                {
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {
                                    "type": "image",
                                    "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
                                },
                                {"type": "image", "source": {"type": "url", "url": "u"}},
                            ],
                        }
                    ]
                },
                '[{"role":"user","content":[{"type":"image_url","image_url":'
                '{"url":"data:image/png;base64,AA"}}]},'
                '{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]',
            ),
            (
                {"messages": [{"role": "user", "content": [{"type": "x"}]}]},
                '[{"role":"user","content":"{\\"type\\":\\"x\\"}"}]',
            ),
            ({"messages": [{"role": "user", "content": []}]}, "[]"),
        ],
    )
    def test_a_message_of_anthropics_counts_as_the_chat_it_becomes(
        self, fields: dict[str, Any], messages: str
    ) -> None:
        assert estimate({**fields, "max_tokens": 9}, "messages") == as_chat(messages) + 9

    def test_anthropics_tools_are_functions(self) -> None:
        tools = [{"name": "f", "description": "d", "input_schema": {"type": "object"}}]
        expected = (
            '[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]'
        )
        assert estimate({"messages": [HI], "tools": tools}, "messages") == as_chat(
            '[{"role":"user","content":"hi"}]', expected
        )

    def test_a_block_a_response_may_not_have_counts_as_its_json(self) -> None:
        content = [{"type": "input_file"}, {"type": "text", "text": "x"}]
        parts = '[{"type":"text","text":"{\\"type\\":\\"input_file\\"}"},{"type":"text","text":"x"}]'
        found = estimate({"input": [{"role": "user", "content": content}]}, "responses")
        assert found == as_chat(f'[{{"role":"user","content":{parts}}}]')

    @pytest.mark.parametrize(
        ("given", "tokens"), [("hi", 1), (["hi", "you"], 3), ([1, 2.0, 3e2], 3), (None, 1), ("<" * 10, 16)]
    )
    def test_embeddings_cost_a_quarter_of_their_input(self, given: Any, tokens: int) -> None:
        assert estimate({"input": given, "max_tokens": 99}, "embeddings") == tokens


class TestGoJson:
    @pytest.mark.parametrize(
        ("number", "written"),
        [
            (0, "0"),
            (-0.0, "-0"),
            (1.50, "1.5"),
            (1e2, "100"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (12345678901234567890, "12345678901234567000"),
            (0.00001, "0.00001"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-10, "1.5e-10"),
        ],
    )
    def test_numbers_are_written_the_shortest_way(self, number: float, written: str) -> None:
        assert go_json(number) == written

    def test_an_integer_beyond_all_floats_is_written_as_it_is(self) -> None:
        assert go_json(10**400) == str(10**400)

    def test_what_it_writes_is_read_as_the_same(self) -> None:
        value = {"b": [1, [], {}, {"": None}, "x<&\u2028"], "a": {"c": False, "B": [True, [[0.5]]]}}
        assert json.loads(go_json(value)) == value
        assert go_json(value).index('"a"') < go_json(value).index('"b"')

    def test_nesting_costs_no_calls(self) -> None:
        deep: Any = "x"
        for _ in range(50_000):
            deep = [deep]
        assert len(go_json({"d": deep})) == 100_000 + len('{"d":"x"}')
