"""The questions that are asked of every name, as data: the route, the body, and what an answer must say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from one_adapter.runtime.dryrun.wires import VECTOR, Tool
from one_adapter.verify.playing.answer_facts import STREAM_IS_WHOLE, Facts

Body = dict[str, Any]
#: What stands in the system's words, and in no other part of a request.
SYSTEM = "You-are-a-verification."
#: The longest answer that is asked for.
MOST_TOKENS = 16
TOOL = Tool("look_up", {"city": "Rome"})
ARGUMENTS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {
        "type": "function",
        "function": {"name": TOOL.name, "description": "Looks a city up.", "parameters": ARGUMENTS},
    }
]

#: Fields that a client may set, none of which an echo heeds.
PARAMETERS = {
    "temperature": 0.25,
    "top_p": 0.75,
    "n": 2,
    "stop": ["###"],
    "seed": 7,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.125,
    "logit_bias": {"5": -1},
    "response_format": {"type": "json_object"},
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "user": "a-client",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of question. `body` gets the name and the words to be said; `answer` what is said to them.

    `kind` is the kind of call that its route makes: chats (in whichever protocol) or embeddings.
    """

    name: str
    path: str
    protocol: str
    body: Callable[[str, str], Body]
    answer: Callable[[str, str], Facts]
    kind: str = "chat"
    is_stream: bool = False
    has_system: bool = True
    has_tools: bool = False
    is_passed_on: bool = False
    """Whether it is about what a vendor gets as it is: no question for one that is asked in its own way."""


def _chat(model: str, words: str) -> Body:
    said = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": words}]
    return {"model": model, "messages": said, "max_tokens": MOST_TOKENS}


def _parameters(model: str, words: str) -> Body:
    """A conversation of several turns, with a field of everything; the last turn has the words."""
    system, last = _chat(model, words)["messages"]
    turns = [{"role": "user", "content": "Good day."}, {"role": "assistant", "content": "Good day to you."}]
    return {**PARAMETERS, **_chat(model, words), "messages": [system, *turns, last]}


def _said(kind: str, finish: str) -> Callable[[str, str], Facts]:
    def facts(model: str, words: str) -> Facts:
        return {
            "status": 200,
            "content type": kind,
            "model": model,
            "text": words,
            "finish_reason": finish,
            "usage": True,
        }

    return facts


_WHOLE = _said("application/json", "stop")


def _called(model: str, words: str) -> Facts:
    del words
    facts = _WHOLE(model, "") | {
        "finish_reason": "tool_calls",
        "tool call": f"{TOOL.name}({json.dumps(TOOL.arguments)})",
    }
    del facts["text"]
    return facts


def _vectors(model: str, words: str) -> Facts:
    """The model is whichever name the vendor has for it, as in the gateway."""
    del model, words
    return {"status": 200, "content type": "application/json", "vectors": [VECTOR], "usage": True}


CHATS = "/v1/chat/completions"
PROBES = (
    Probe("whole", CHATS, "chat", _chat, lambda model, words: _WHOLE(model, words) | {"tool call": ""}),
    Probe(
        "stream",
        CHATS,
        "chat",
        lambda model, words: {
            **_chat(model, words),
            "stream": True,
            "stream_options": {"include_usage": True},
        },
        lambda model, words: _said("text/event-stream", "stop")(model, words) | {"stream": STREAM_IS_WHOLE},
        is_stream=True,
    ),
    Probe(
        "tools",
        CHATS,
        "chat",
        lambda model, words: {**_chat(model, words), "tools": TOOLS},
        _called,
        has_tools=True,
    ),
    Probe(
        "parameters",
        CHATS,
        "chat",
        _parameters,
        lambda model, words: _WHOLE(model, words) | {"tool call": ""},
        is_passed_on=True,
    ),
    Probe(
        "messages",
        "/v1/messages",
        "messages",
        lambda model, words: {
            "model": model,
            "system": SYSTEM,
            "messages": [{"role": "user", "content": words}],
            "max_tokens": MOST_TOKENS,
        },
        _said("application/json", "end_turn"),
    ),
    Probe(
        "responses",
        "/v1/responses",
        "responses",
        lambda model, words: {
            "model": model,
            "instructions": SYSTEM,
            "input": words,
            "max_output_tokens": MOST_TOKENS,
        },
        _said("application/json", "completed"),
    ),
    Probe(
        "embeddings",
        "/v1/embeddings",
        "embeddings",
        lambda model, words: {"model": model, "input": words},
        _vectors,
        kind="embeddings",
        has_system=False,
    ),
)
BY_NAME = {probe.name: probe for probe in PROBES}
