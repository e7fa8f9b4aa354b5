"""Streams in the vendors' own protocols: whose end says that the answer is whole, and whose does not."""

from __future__ import annotations

from typing import Any, Protocol

import orjson

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.host.mending import text_of
from one_adapter.runtime.relay.answer import fault_in, loads
from one_adapter.runtime.relay.events import (
    DONE,
    TOO_EARLY,
    ChatEvents,
    Events,
    MessageEvents,
    ResponseEvents,
)


class Notes(Protocol):
    """Where what LiteLLM may lose of a stream is noted."""

    usage: Any
    finishes: dict[int, str]


class HeardChat(ChatEvents):
    """OpenAI's chunks, with a note of usage and of each choice's end."""

    def __init__(self, model: str, notes: Notes) -> None:
        """Take the client's name for the model, and where to note."""
        super().__init__(model)
        self._notes = notes

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        if document.get("usage"):
            self._notes.usage = document["usage"]
        flattened = False
        for place, choice in enumerate(document.get("choices") or ()):
            if not isinstance(choice, dict):
                continue
            if choice.get("finish_reason"):
                index = choice.get("index")
                self._notes.finishes[index if isinstance(index, int) else place] = choice["finish_reason"]
            delta = choice.get("delta")
            if isinstance(delta, dict) and isinstance(delta.get("content"), list):
                delta["content"] = text_of(delta["content"])
                flattened = True
        return super()._mended(orjson.dumps(document) if flattened else text, document)


class GeminiEvents(Events):
    """Gemini's events: the answer is whole once it has a reason for its end."""

    _ended = False

    def end(self) -> bytes:
        """What is left to say when the upstream has no more bytes."""
        return super().end().removesuffix(DONE)

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        candidates = [one for one in document.get("candidates") or () if isinstance(one, dict)]
        feedback = document.get("promptFeedback")
        self._ended |= any(one.get("finishReason") for one in candidates) or bool(feedback)
        return b"data: " + text + b"\n\n"

    def _close(self) -> bytes:
        return b""

    def _is_complete(self) -> bool:
        return self._ended


class HeardResponse(ResponseEvents):
    """Events of OpenAI's responses API, of which a failed one is a fault."""

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        if document.get("type") == "response.failed":
            self._passed_on = False
        return super()._mended(text, document)


class OllamaEvents(Events):
    """Ollama's lines of JSON; the last one says that it is."""

    def end(self) -> bytes:
        """What is left to say when the upstream has no more bytes."""
        out = self._lines([self._rest])
        if self.fault is None and not self.done:
            self.fault = Refusal(502, TOO_EARLY)
        return out

    def _lines(self, lines: list[bytes]) -> bytes:
        out = []
        for line in lines:
            if self.done or self.fault is not None or not line.strip():
                continue
            try:
                document = loads(line)
            except ValueError:
                document = None
            if not isinstance(document, dict):
                words = line[:500].decode("utf-8", "replace").strip()
                self.fault = Refusal(502, f"The upstream answered with something that is no answer: {words}")
                continue
            self.fault = fault_in(document)
            if self.fault is None:
                self.done = document.get("done") is True
                out.append(line + b"\n")
        return b"".join(out)

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:  # noqa: ARG002
        return text

    def _close(self) -> bytes:
        return b""

    def _is_complete(self) -> bool:
        return False


def events_for(provider: str, path: str, model: str, notes: Notes) -> Events | None:
    """What reads a provider's stream, or None for a protocol that is not known here."""
    if path.endswith("/chat/completions"):
        return HeardChat(model, notes)
    if path.endswith("/responses"):
        return HeardResponse(model)
    if "streamGenerateContent" in path:
        return GeminiEvents(model)
    if provider == "anthropic":
        return MessageEvents(model)
    return OllamaEvents(model) if provider.startswith("ollama") else None
