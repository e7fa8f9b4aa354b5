"""The neutral form of an answer, and its two LiteLLM forms: whole and chunked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from litellm.types.utils import (
    ChatCompletionMessageToolCall,
    Delta,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    Usage,
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One complete function call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts as the vendor reports them."""

    prompt: int
    completion: int
    total: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a vendor adds to the answer; empty fields add nothing.

    `finish` ends the answer. `replaces` says that `text` stands in for everything sent so far
    (only possible for a client that has not seen it). `extra` becomes fields of the response.
    """

    text: str = ""
    reasoning: str = ""
    tool: ToolCall | None = None
    finish: str = ""
    tokens: Tokens | None = None
    id: str = ""
    replaces: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


def as_usage(tokens: Tokens) -> Usage:
    """LiteLLM's usage object."""
    return Usage(prompt_tokens=tokens.prompt, completion_tokens=tokens.completion, total_tokens=tokens.total)


async def assemble(pieces: AsyncIterator[Piece], response: ModelResponse) -> ModelResponse:
    """Fill LiteLLM's empty response from all pieces. Errors of the pieces pass through."""
    text = reasoning = finish = ""
    tools: list[ToolCall] = []
    async for piece in pieces:
        text = piece.text if piece.replaces else text + piece.text
        reasoning += piece.reasoning
        finish = piece.finish or finish
        response.id = piece.id or response.id
        if piece.tool:
            tools.append(piece.tool)
        if piece.tokens:
            response.usage = as_usage(piece.tokens)
        for name, value in piece.extra.items():
            setattr(response, name, value)
    choice = response.choices[0]
    choice.finish_reason = finish
    choice.message.content = None if tools and not text else text
    if reasoning:
        choice.message.reasoning_content = reasoning
    if tools:
        choice.message.tool_calls = [ChatCompletionMessageToolCall(**_call(tool)) for tool in tools]
    return response


class Chunker:
    """Turns pieces into LiteLLM stream chunks that share one id.

    LiteLLM ignores usage on its own chunk type and takes it from a "generic" chunk only, while reasoning
    and function calls need its own type; so the last chunk is generic and all others are not.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._id = ""
        self._role: str | None = "assistant"
        self._tools = 0
        self._extra: dict[str, Any] = {}

    def chunks(self, piece: Piece) -> Iterator[Any]:
        """The chunks for one piece: none, a delta, the end, or a delta and the end."""
        self._id = self._id or piece.id
        self._extra.update(piece.extra)
        if piece.text or piece.reasoning or piece.tool:
            yield self._delta(piece)
        if piece.finish:
            yield end_chunk(piece.finish, piece.tokens, self._extra)

    def _delta(self, piece: Piece) -> ModelResponseStream:
        parts: dict[str, Any] = {"content": piece.text or None, "role": self._role}
        self._role = None
        if piece.reasoning:
            parts["reasoning_content"] = piece.reasoning
        if piece.tool:
            parts["tool_calls"] = [_call(piece.tool) | {"index": self._tools}]
            self._tools += 1
        choice = StreamingChoices(index=0, delta=Delta(**parts), finish_reason=None)
        named = {"id": self._id} if self._id else {}
        return ModelResponseStream(model=self._model, choices=[choice], **named)


def end_chunk(finish: str, tokens: Tokens | None, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """LiteLLM's generic chunk, the only one it takes usage and further response fields from."""
    usage = None
    if tokens:
        usage = {
            "prompt_tokens": tokens.prompt,
            "completion_tokens": tokens.completion,
            "total_tokens": tokens.total,
        }
    return {
        "text": "",
        "is_finished": True,
        "finish_reason": finish,
        "usage": usage,
        "index": 0,
        "tool_use": None,
        "provider_specific_fields": dict(extra) if extra else None,
    }


def _call(tool: ToolCall) -> dict[str, Any]:
    function = {"name": tool.name, "arguments": tool.arguments}
    return {"id": tool.id, "type": "function", "function": function}


class Stopper:
    """Cuts an answer at the first stop sequence, for vendors that have no such parameter.

    >>> stopper = Stopper(["END"])
    >>> stopper.feed("one E"), stopper.feed("ND two")
    (('one ', False), ('', True))
    """

    def __init__(self, stops: list[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Text that is safe to give out, and whether a stop sequence has come."""
        text = self._held + text
        found = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            self._held = ""
            return text[: min(found)], True
        keep = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def rest(self) -> str:
        """What was held back because it could have begun a stop sequence."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
