"""The body of an upstream's answer as it comes in: without the secrets we know, an error's of bounded length.

Nothing here keeps the loop for long: a long body is looked through piece by piece, and a stream is handed on
a few lines at a time, so that an upstream that is faster than we are leaves others their turn.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx

from one_adapter.runtime.redaction import known

#: Bytes that are kept of an error, those that are read for it, and those of one line of a stream.
ERROR_BYTES, ERROR_READ_BYTES, LINE_BYTES = 8 << 10, 64 << 10, 8 << 20
#: Characters of a text in an error that is too long.
TEXT_CHARACTERS = 2000
#: Bytes that are looked through, and lines of a stream that are handed on, before others get their turn.
BYTES_AT_ONCE, LINES_AT_ONCE = 256 << 10, 16
#: Bytes of a packed body that are unpacked in one go.
PACKED_BYTES_AT_ONCE = 1 << 10
#: Lines that mean nothing: comments, and empty ones after an empty one.
FILLING = re.compile(rb"^:[^\n]*\n|(?<=\n)(?:\r?\n)(?=\r?\n)", re.MULTILINE)


async def error_of(response: httpx.Response) -> bytes:
    """What is kept of an error's body; none where it cannot be unpacked."""
    try:
        raw, _ = await _read(response, ERROR_READ_BYTES)
    except httpx.DecodingError:
        return b""
    return shortened(known.clean_bytes(raw))


async def answer_of(response: httpx.Response, limit: int) -> bytes | None:
    """The body of a good answer, or None when it is longer than `limit` bytes."""
    size = response.headers.get("content-length", "")
    if size.isdigit() and int(size) <= BYTES_AT_ONCE and "content-encoding" not in response.headers:
        raw, is_all = await response.aread(), True
    else:
        raw, is_all = await _read(response, limit)
    if not is_all:
        return None
    if len(raw) > BYTES_AT_ONCE:
        raw = await _clean(raw)
    else:
        raw = known.clean_bytes(raw)
    return bounded(raw)


async def _clean(raw: bytes) -> bytes:
    """A long body without secrets; a piece ends between two texts, so that it cuts none in two."""
    pieces, start = [], 0
    while start < len(raw):
        end = raw.find(b'"', start + BYTES_AT_ONCE) + 1 or len(raw)
        pieces.append(known.clean_bytes(raw[start:end]))
        start = end
        await asyncio.sleep(0)
    return b"".join(pieces)


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """The body's beginning, and whether it is all of it."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > limit:
            return b"".join(parts)[:limit], False
    return b"".join(parts), True


def shortened(raw: bytes) -> bytes:
    """An error's body in at most `ERROR_BYTES` bytes: JSON with shorter texts, anything else cut.

    >>> long = b'{"error": {"message": "' + b"x" * 9000 + b'", "code": "c"}}'
    >>> len(shortened(long)) < 2200, json.loads(shortened(long))["error"]["code"], len(shortened(b"x" * 9000))
    (True, 'c', 8192)
    """
    if len(raw) <= ERROR_BYTES:
        return raw
    try:
        found = json.dumps(_short(json.loads(raw))).encode()
    except (ValueError, RecursionError):
        return raw.strip()[:ERROR_BYTES]
    return found if len(found) <= ERROR_BYTES else raw[:ERROR_BYTES]


def bounded(raw: bytes) -> bytes:
    """An answer as it is, unless it is going to be an error: no JSON, or one that says so itself.

    >>> big = b"x" * 9000
    >>> [len(bounded(one)) for one in (big, b'{"error": "%b"}' % big, b'{"text": "%b"}' % big)]
    [8192, 2016, 9012]
    """
    if len(raw) <= ERROR_BYTES:
        return raw
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return raw.strip()[:ERROR_BYTES]
    return shortened(raw) if isinstance(answer, dict) and _is_error(answer) else raw


def _is_error(answer: dict[str, Any]) -> bool:
    return bool(answer.get("error")) or "error" in (answer.get("type"), answer.get("event"))


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= TEXT_CHARACTERS else value[:TEXT_CHARACTERS] + "..."
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list) else value


def _line(raw: bytes) -> bytes:
    """A line of a stream, an error's shortened."""
    if len(raw) <= ERROR_BYTES or b'"error"' not in raw:
        return raw
    start = raw.find(b"{")
    ended = raw.rstrip(b"\r\n")
    body = bounded(ended[start:])
    return raw if body is ended or len(body) == len(ended) - start else raw[:start] + body + raw[len(ended) :]


class Packed(httpx.AsyncByteStream):
    """A packed body in small parts: unpacked, one of them is at most a thousand times as long."""

    def __init__(self, stream: Any) -> None:
        """Divide `stream`."""
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The parts."""
        async for part in self._stream:
            for at in range(0, len(part), PACKED_BYTES_AT_ONCE):
                yield part[at : at + PACKED_BYTES_AT_ONCE]
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        """End the upstream's answer."""
        await self._stream.aclose()


class Lines(httpx.AsyncByteStream):
    """A stream handed on in whole lines, so that no secret lies across two parts, and a few at a time."""

    def __init__(self, response: httpx.Response) -> None:
        """Read the lines of `response`."""
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The parts."""
        pending: list[bytes] = []
        size = 0
        async for part in self._response.aiter_bytes():
            end = max(part.rfind(b"\n"), part.rfind(b"\r")) + 1
            if end:
                for piece in _pieces(b"".join((*pending, part[:end]))):
                    yield piece
                    await asyncio.sleep(0)
                pending, size = [], 0
            pending.append(part[end:])
            size += len(pending[-1])
            if size > LINE_BYTES:
                raise httpx.ReadError(f"The upstream sent a line longer than {LINE_BYTES >> 20} MiB.")
        if size:
            yield _line(known.clean_bytes(b"".join(pending)))

    async def aclose(self) -> None:
        """End the upstream's answer."""
        await self._response.aclose()


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Whole lines, a few at once, without secrets and with errors of bounded length."""
    raw = known.clean_bytes(raw)
    if len(raw) <= ERROR_BYTES and raw.count(b"\n") <= LINES_AT_ONCE:
        yield raw
        return
    lines = FILLING.sub(b"", raw).splitlines(keepends=True)
    for at in range(0, len(lines), LINES_AT_ONCE):
        yield b"".join(map(_line, lines[at : at + LINES_AT_ONCE]))
