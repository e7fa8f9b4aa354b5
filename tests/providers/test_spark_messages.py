"""OpenAI messages become what Spark takes, and nothing that was said is lost."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.xinghuo.messages import content_text, spark_messages

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}


def say(role: str, content: Any = "", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


CASES = {
    "one user message": ([say("user", "a")], True, [("user", "a")]),
    "a system message first": (
        [say("system", "s"), say("user", "a")],
        True,
        [("system", "s"), ("user", "a")],
    ),
    "a system message where there is no such role": (
        [say("system", "s"), say("user", "a")],
        False,
        [("user", "s\n\na")],
    ),
    "late and several system messages": (
        [
            say("user", "a"),
            say("system", "s"),
            say("assistant", "b"),
            say("developer", "t"),
            say("user", "c"),
        ],
        True,
        [("system", "s\n\nt"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    ),
    "an answer first, and rules without a role": (
        [say("assistant", "b"), say("user", "a"), say("system", "s")],
        False,
        [("assistant", "b"), ("user", "s\n\na")],
    ),
    "only a system message": ([say("system", "s")], True, [("user", "s")]),
    "two of one role": ([say("user", "a"), say("user", "b")], True, [("user", "a\n\nb")]),
    "an empty one beside another": ([say("user", ""), say("user", "b")], True, [("user", "b")]),
    "an empty message": ([say("user", "")], True, [("user", " ")]),
    "an empty answer": (
        [say("user", "a"), say("assistant", None), say("user", "c")],
        True,
        [("user", "a"), ("assistant", " "), ("user", "c")],
    ),
    "a call and its result": (
        [say("user", "a"), say("assistant", None, tool_calls=[CALL]), say("tool", "r", tool_call_id="c1")],
        True,
        [("user", "a"), ("assistant", 'Call of f: {"a":1}'), ("user", "Result of f: r")],
    ),
    "text beside a call": (
        [say("user", "a"), say("assistant", "b", tool_calls=[CALL]), say("tool", "r", tool_call_id="?")],
        True,
        [("user", "a"), ("assistant", 'b\n\nCall of f: {"a":1}'), ("user", "Result of function: r")],
    ),
    "the older form of a call": (
        [
            say("user", "a"),
            say("assistant", None, function_call={"name": "g", "arguments": "{}"}),
            say("function", "r", name="g"),
        ],
        True,
        [("user", "a"), ("assistant", "Call of g: {}"), ("user", "Result of g: r")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_messages(name: str) -> None:
    messages, system, expected = CASES[name]
    assert [(m["role"], m["content"]) for m in spark_messages(messages, system)] == expected


@pytest.mark.parametrize("messages", [[], [say("user", "a"), say("assistant", "b")], [say("system", "")]])
def test_there_must_be_something_to_answer(messages: list[dict[str, Any]]) -> None:
    with pytest.raises(VendorError, match=r"^the last message must be the user's$") as raised:
        spark_messages(messages, True)
    assert raised.value.kind is Kind.BAD_REQUEST


def test_parts_become_text() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"text": "b"},
        {"type": "refusal", "refusal": "c"},
        "d",
        {"type": "text"},
    ]
    assert content_text(parts) == "a\nb\nc\nd\n"
    assert content_text([{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}]) == "a\nb"
    assert content_text(None) == content_text("") == content_text([]) == ""


def test_a_picture_is_refused() -> None:
    with pytest.raises(VendorError, match=r"^Spark takes text only, not image_url$") as raised:
        content_text([{"type": "image_url", "image_url": {"url": "x"}}])
    assert raised.value.kind is Kind.BAD_REQUEST


ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool"])
WORDS = st.text(alphabet="abc", min_size=1, max_size=4)


@given(st.lists(st.tuples(ROLES, WORDS), max_size=8), st.booleans())
def test_the_rules_hold_for_any_conversation(said: list[tuple[str, str]], system: bool) -> None:
    messages = [say(role, f"<{word}{place}>") for place, (role, word) in enumerate(said)]
    messages.append(say("user", "<last>"))
    out = spark_messages(messages, system)
    roles = [message["role"] for message in out]
    turns = roles[1:] if roles[0] == "system" else roles
    assert "system" not in turns
    assert system or roles[0] != "system"
    assert turns[-1] == "user"
    assert all(one != two for one, two in pairwise(turns))
    whole = "".join(message["content"] for message in out)
    assert all(whole.count(message["content"]) == 1 for message in messages)
