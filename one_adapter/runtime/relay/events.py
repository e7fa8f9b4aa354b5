"""Streams of server-sent events, mended on their way: bytes in as they come, whole events out.

Lines may end in CR and LF, be cut anywhere, lack the space after `data:`; comments (vendors' signs of life)
go on. What an upstream tells as an error, and an end without an end, is a fault and never a success.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.json_object import JsonObject
from one_adapter.runtime.relay.answer import (
    ERROR_READ_BYTES,
    REASONING,
    SIGNS,
    dumps,
    error_of,
    fault_in,
    loads,
    named,
    reasoned,
    said,
)

#: The longest line or event there may be, in bytes; an upstream that never ends one would fill the memory.
EVENT_BYTES = 8 << 20
DONE = b"data: [DONE]\n\n"
NO_JSON = "The upstream's stream holds something that is no JSON."
#: The events of the responses API after which none follows.
ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")
#: How the codes begin by which a response fails because of what was asked.
CLIENT_CODES = ("invalid_", "image_", "unsupported_image")
TOO_EARLY = "The upstream's stream ended before the answer was complete."


class Events(ABC):
    """What all such streams share.

    `feed` and `end` take bytes and return whole events. After a fault nothing more comes, and `fault` tells
    which it was; `done` is true once the stream has said that it is complete, `failed` once it has said
    itself, in an event that went on, that it could not go on.
    """

    def __init__(self, model: str) -> None:
        """Take the client's name for the model."""
        self._model = model
        self._rest = b""
        self._half = bytearray()
        self._stray = bytearray()
        self._event = b""
        self._begun = False
        self.done = False
        self.failed = False
        self.fault: Refusal | None = None

    def feed(self, data: bytes) -> bytes:
        """The events that are whole now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        out = self._lines(lines)
        if len(self._rest) > EVENT_BYTES and self.fault is None:
            self.fault = Refusal(502, "The upstream sent a line without an end.")
        return out

    def end(self) -> bytes:
        """What is left to say when the upstream has no more bytes."""
        out = self._lines([self._rest, b""])
        if self.fault is None and not self.done:
            if self._is_complete():
                out += DONE
            else:
                self.fault = _no_stream(bytes(self._stray)) if self._stray else Refusal(502, TOO_EARLY)
        return out

    def _lines(self, lines: list[bytes]) -> bytes:
        out: list[bytes] = []
        for line in lines:
            if self.done or self.fault is not None:
                break
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                out.append(self._data(line[5:].strip()))
            elif not line:
                out.append(self._blank())
            elif line.startswith(b":"):
                if not out or not out[-1].startswith(b":"):  # one sign of life is as good as many
                    out.append(line + b"\n\n")
            elif line.startswith(b"event:"):
                self._event = line[6:].strip()
            elif not line.startswith((b"id:", b"retry:")):
                self._stray += line + b"\n"
                if len(self._stray) > ERROR_READ_BYTES:
                    self.fault = _no_stream(bytes(self._stray))
        return b"".join(out)

    def _data(self, text: bytes) -> bytes:
        if self._half:  # an event of several lines, which a blank one ends
            self._half += b" " + text
            if len(self._half) > EVENT_BYTES:
                self.fault = Refusal(502, NO_JSON)
            return b""
        if text == b"[DONE]" and self._begun:
            self.done = True
            return self._close()
        if text == b"[DONE]":
            self.fault = Refusal(502, TOO_EARLY)
            return b""
        try:
            document = loads(text)
        except ValueError:
            self._half += text
            return b""
        return self._told(text, document)

    def _blank(self) -> bytes:
        """End an event."""
        if not self._half:
            self._event = b""
            return b""
        text, self._half = bytes(self._half), bytearray()
        try:
            document = loads(text)
        except ValueError:
            self.fault = Refusal(502, NO_JSON)
            return b""
        return self._told(text, document)

    def _told(self, text: bytes, document: Any) -> bytes:
        event, self._event = self._event, b""
        if isinstance(document, list):
            document = error_of(document)
        if not isinstance(document, dict):
            self.fault = Refusal(502, "The upstream's stream holds something that is no event.")
            return b""
        if event == b"error" and "error" not in document:
            self.fault = fault_in({"error": document})
        elif not SIGNS.isdisjoint(document):
            self.fault = fault_in(document)
        self._begun = self.fault is None
        return self._mended(text, document) if self._begun else b""

    @abstractmethod
    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        """The event to pass on for one whose data is `text`, which says `document`."""

    @abstractmethod
    def _close(self) -> bytes:
        """What follows the upstream's own `[DONE]`."""

    @abstractmethod
    def _is_complete(self) -> bool:
        """Whether the answer is whole, though its end was not said."""


def _no_stream(raw: bytes) -> Refusal:
    try:
        document = said(raw)
    except ValueError:
        document = None
    fault = fault_in(document) if isinstance(document, dict) else None
    words = raw[:500].decode("utf-8", "replace").strip()
    return fault or Refusal(502, f"A stream was asked for, and the upstream answered with none: {words}")


class ChatEvents(Events):
    """A stream of chat completion chunks."""

    def __init__(self, model: str) -> None:
        """Take the client's name for the model."""
        super().__init__(model)
        self._choices: set[int] = set()
        self._finished: set[int] = set()

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        lacking = 0
        for choice in document.get("choices") or ():
            if not isinstance(choice, dict):
                continue
            index = choice.get("index")
            if not isinstance(index, int):
                choice["index"] = index = lacking
                lacking += 1
            self._choices.add(index)
            if choice.get("finish_reason"):
                self._finished.add(index)
        text = named(dumps(document) if lacking else text, document, self._model)
        return b"data: " + (reasoned(text) if REASONING in text else text) + b"\n\n"

    def _close(self) -> bytes:
        return DONE

    def _is_complete(self) -> bool:
        return bool(self._finished) and self._choices == self._finished


class MessageEvents(Events):
    """A stream of Anthropic's events."""

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        kind = str(document.get("type") or "")
        message = document.get("message")
        if kind == "message_start" and isinstance(message, dict):
            text = _named_inside("message", text, document, self._model)
        self.done = kind == "message_stop"
        return b"event: " + kind.encode() + b"\ndata: " + text + b"\n\n"

    def _close(self) -> bytes:
        return b""

    def _is_complete(self) -> bool:
        return False


class ResponseEvents(Events):
    """A stream of events of OpenAI's responses API."""

    def __init__(self, model: str) -> None:
        """Take the client's name for the model."""
        super().__init__(model)
        self._passed_on = False

    def _mended(self, text: bytes, document: dict[str, Any]) -> bytes:
        kind = str(document.get("type") or "")
        response = document.get("response")
        if kind == "error":
            self.fault = fault_in({"error": document})
            return b""
        if kind == "response.failed" and not self._passed_on:
            told = response if isinstance(response, dict) else {}
            self.fault = fault_in(told) or Refusal(502, "The upstream could not complete its response.")
            return b""
        if isinstance(response, dict) and "model" in response:
            text = _named_inside("response", text, document, self._model)
        if kind == "response.failed":
            error = (response.get("error") if isinstance(response, dict) else None) or {}
            self.failed = not str(error.get("code")).startswith(CLIENT_CODES)
        self.done = kind in ENDS
        self._passed_on = True
        return b"event: " + kind.encode() + b"\ndata: " + text + b"\n\n"

    def _close(self) -> bytes:
        return b""

    def _is_complete(self) -> bool:
        return False


def _named_inside(field: str, text: bytes, document: dict[str, Any], model: str) -> bytes:
    """An event with another value of `model` in the object that one of its fields is."""
    inner = document[field]
    if "model" in inner and text.count(b'"model"') == 1:
        return named(text, inner, model)
    try:
        return JsonObject.read(text).render_inside(field, {"model": model})
    except ValueError:  # another reader has taken it
        return dumps({**document, field: {**inner, "model": model}})


EVENTS: dict[str, type[Events]] = {
    "chat": ChatEvents,
    "messages": MessageEvents,
    "responses": ResponseEvents,
}
