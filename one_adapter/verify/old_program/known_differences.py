"""What differs between the gateway and the proxy on purpose, as an echo and a client see it: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from one_adapter.verify.playing.answers import ERROR, STREAM_IS_WHOLE, WITHOUT_ID

#: Types whose requests the gateway builds by hand.
BY_HAND = ("claude", "gemini", "ollama", "minimax", "dashscope", "dify", "xinghuo")
ORDINARY = ("stop", "tool_calls", "length", "end_turn", "tool_use", "completed")


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which the two are not alike, on a probe's protocol, with a service of a type."""

    protocol: str
    type: str
    aspect: str
    old: Any
    new: Any


#: (aspects, when, the paragraph of docs/differences.md)
Row = tuple[tuple[str, ...], Callable[[Difference], bool], str]
TABLE: tuple[Row, ...] = (
    (("tool call",), lambda it: not it.old and bool(it.new), "answers-whole"),
    (("tool call",), lambda it: it.old.replace(WITHOUT_ID, "") == it.new, "answers-whole"),
    (("usage", "text"), lambda it: not it.old and bool(it.new), "answers-whole"),
    (("finish_reason",), lambda it: it.new in ORDINARY and it.old not in ORDINARY, "finish-reason-told"),
    (
        ("finish_reason",),
        lambda it: it.protocol == "chat" and (it.old, it.new) == ("stop", "tool_calls"),
        "responses-upstream-gets-more",
    ),
    (("stream",), lambda it: it.new == STREAM_IS_WHOLE and "finish" not in str(it.old), "finish-reason-told"),
    (("stream",), lambda it: it.new == STREAM_IS_WHOLE, "streams-end-properly"),
    (("status", "calls"), lambda it: it.type == "dify" and it.protocol == "chat", "dify-answers"),
    (("error",), lambda it: it.old == "text", "status-kept"),
    (
        ("status",),
        lambda it: it.old >= ERROR and it.new >= ERROR and it.old == 500,
        "status-kept",
    ),
    (("address",), lambda it: "?" in str(it.old) + str(it.new), "url-query-kept"),
    (("address",), lambda it: str(it.old).count("/chat/completions") > 1, "url-suffix-once"),
    (("address", "fields"), lambda it: it.type == "minimax", "minimax-new-endpoint"),
    (("address",), lambda it: it.type == "claude", "claude-messages-path"),
    (("address",), lambda it: it.type == "gemini", "gemini-models-path"),
    (("upstream model",), lambda it: it.type == "xinghuo", "spark-max32k-domain"),
    (("model",), lambda it: it.protocol == "responses", "raw-responses-keep-the-name"),
    (
        ("system message", "tools"),
        lambda it: it.type == "huoshan" and bool(it.new),
        "huoshan-parameters-kept",
    ),
    (("system message", "tools"), lambda it: it.type in BY_HAND and bool(it.new), "native-request-shape"),
    (("fields",), lambda it: it.type == "huoshan", "huoshan-parameters-kept"),
    (("fields",), lambda it: it.type in BY_HAND, "native-request-shape"),
    (("fields",), lambda it: it.type == "groq", "groq-parameters"),
    (("fields",), lambda it: it.protocol == "messages", "messages-route-keeps-fields"),
    (("fields",), lambda it: it.protocol == "responses", "responses-route-takes-more"),
    (("fields",), lambda it: {*it.new} < {*it.old}, "request-numbers-exact"),
    (("no key", "a wrong key"), lambda it: (it.old, it.new) == (200, 401), "keys-guard-every-route"),
)


def known_difference(it: Difference) -> str:
    """The paragraph that tells of a difference; "" for none.

    >>> known_difference(Difference("chat", "openai", "tool call", "", "look_up(city)"))
    'answers-whole'
    """
    return next((name for aspects, applies, name in TABLE if it.aspect in aspects and applies(it)), "")
