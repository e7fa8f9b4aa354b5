"""The questions, as data: small, cheap, and without anything a vendor could not be asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Wire = Literal["chat", "embeddings", "responses", "messages", "models"]
#: Long enough that its loss shows in the count of the prompt's tokens.
SYSTEM = (
    "You take part in a comparison of two servers. Answer in one short sentence, in plain words, with no "
    "formatting and without asking anything back. The comparison looks at the form of the answer alone, and "
    "never at what it says: any friendly sentence will do. Where a tool is offered that fits, call it."
)
HELLO, CLOCK = "Say hello.", "What time is it in Paris? Call the tool get_time."
#: Tokens an answer may have, and one with a tool call; what both take in, roughly.
TOKENS, TOOL_TOKENS, PROMPT_TOKENS = 16, 64, 150
#: A name that no server has, and a key that none takes.
NO_MODEL, NO_KEY = "one-adapter-verify-no-such-model", "sk-one-adapter-verify-no-such-key"

_PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "The city."}},
    "required": ["city"],
}
_TOOL = {"name": "get_time", "description": "The time in a city.", "parameters": _PARAMETERS}
_EMBEDS = re.compile(r"embed|text2vec|\b(bge|gte|m3e|e5)-", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Probe:
    """One question about a name: where it goes, and its body."""

    name: str
    wire: Wire
    path: str
    body: Callable[[str], Mapping[str, Any]]
    is_stream: bool = False
    tokens: int = TOKENS


def _chat(model: str, text: str = HELLO, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    return {"model": model, "messages": messages, "max_tokens": TOKENS, **more}


def _tools(model: str, **more: Any) -> dict[str, Any]:
    return _chat(model, CLOCK, tools=[{"type": "function", "function": _TOOL}], **more) | {
        "max_tokens": TOOL_TOKENS
    }


_STREAM: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
CHATS = "/v1/chat/completions"
WHOLE = Probe("whole", "chat", CHATS, _chat)
EMBEDDINGS = Probe(
    "embeddings",
    "embeddings",
    "/v1/embeddings",
    lambda model: {"model": model, "input": ["hello", "good day"]},
)
RESPONSES = Probe(
    "responses",
    "responses",
    "/v1/responses",
    lambda model: {
        "model": model,
        "instructions": SYSTEM,
        "input": HELLO,
        "max_output_tokens": TOKENS,
        "stream": True,
    },
    is_stream=True,
)
MESSAGES = Probe(
    "messages",
    "messages",
    "/v1/messages",
    lambda model: {
        "model": model,
        "system": SYSTEM,
        "messages": [{"role": "user", "content": HELLO}],
        "max_tokens": TOKENS,
        "stream": True,
    },
    is_stream=True,
)
#: What every name of a chat model is asked.
CHAT_PROBES = (
    WHOLE,
    Probe("stream", "chat", CHATS, lambda model: _chat(model, **_STREAM), is_stream=True),
    Probe("tools", "chat", CHATS, _tools, tokens=TOOL_TOKENS),
    Probe("tool stream", "chat", CHATS, lambda model: _tools(model, **_STREAM), True, TOOL_TOKENS),
)
#: What it is asked besides where both servers have the route.
ROUTE_PROBES = (RESPONSES, MESSAGES)


def embeds(model: str) -> bool:
    """Whether a name is that of an embedding model.

    >>> embeds("text-embedding-3-small"), embeds("BAAI/bge-m3"), embeds("gpt-4o")
    (True, True, False)
    """
    return bool(_EMBEDS.search(model))


def probes_of(model: str, routes: tuple[Probe, ...]) -> tuple[Probe, ...]:
    """What a name is asked; `routes` are the further probes whose routes both servers have."""
    return (EMBEDDINGS,) if embeds(model) else (*CHAT_PROBES, *routes)


@dataclass(frozen=True, slots=True)
class SideProbe:
    """One question about a server: with which key (None: its own), and about which name."""

    name: str
    path: str
    key: str | None = None
    model: str | None = None
    """None: the first name that both servers have; "": no body, a GET."""


SIDE_PROBES = (
    SideProbe("wrong key", CHATS, key=NO_KEY),
    SideProbe("no key", CHATS, key=""),
    SideProbe("list without key", "/v1/models", key="", model=""),
    SideProbe("unknown model", CHATS, model=NO_MODEL),
)
