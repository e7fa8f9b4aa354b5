"""How many tokens an upstream says that it took, read out of an answer's bytes; nothing else is parsed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: Bytes at the end of a piece, and then at its beginning, in which the tokens are looked for, and those that
#: they may take themselves.
EDGE_BYTES, USAGE_BYTES = 64 << 10, 4 << 10
#: How many places of a piece that look like it are looked at.
MOST_PLACES = 4
#: Numbers above this are none that every reader of JSON shares.
LARGEST_NUMBER = 1 << 53
#: How the vendors' protocols call the three numbers.
PROMPT = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count")
COMPLETION = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
TOTAL = ("total_tokens", "totalTokenCount")
#: The field in which they stand. Quotes inside a JSON text are escaped, so this is never part of one.
_FIELD = re.compile(rb'"usage(?:Metadata)?"[ \t\r\n]*:[ \t\r\n]*(?=\{)')
#: Where Ollama tells them: in the last object itself.
_OLLAMA = re.compile(rb'"((?:prompt_)?eval_count)"[ \t]*:[ \t]*(\d{1,15})\b')
#: It as nearly everybody writes it, in OpenAI's protocol.
_USUAL = re.compile(
    rb'"usage": ?\{"prompt_tokens": ?(\d{1,15}), ?"completion_tokens": ?(\d{1,15}), ?'
    rb'"total_tokens": ?(\d{1,15})[,}]'
)
_decode = json.JSONDecoder().raw_decode


class Tokens(NamedTuple):
    """What was told; None of what was not."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None


NONE = Tokens()


def tokens_of(pieces: Sequence[bytes]) -> Tokens:
    """What an answer's pieces say last; what the last does not say, those before it may.

    >>> tokens_of([b'{"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}'])
    Tokens(prompt=5, completion=2, total=None)
    >>> tokens_of([b'{"usage":{"input_tokens":7,"output_tokens":1}}', b'{"usage":{"output_tokens":9}}'])
    Tokens(prompt=7, completion=9, total=None)
    """
    usual = None
    if len(pieces) == 1:
        usual = _USUAL.match(pieces[0], pieces[0].rfind(b'"usage"', -EDGE_BYTES))
    if usual is not None:
        return Tokens(int(usual[1]), int(usual[2]), int(usual[3]))
    found = NONE
    for piece in reversed(pieces):
        if b'"usage' in piece or b'"eval_count' in piece:
            found = _with(found, piece)
            if found.prompt is not None:
                break
    return found


def _with(found: Tokens, piece: bytes) -> Tokens:
    """What was found, and what a piece says of the rest."""
    whole = len(piece) <= EDGE_BYTES
    for part in (piece,) if whole else (piece[-EDGE_BYTES:], piece[:EDGE_BYTES]):
        at, looked = part.rfind(b'"usage'), 0
        while at >= 0 and looked < MOST_PLACES:
            field = _FIELD.match(part, at)
            if field is not None:
                looked += 1
                found = _or(found, _object(part[field.end() : field.end() + USAGE_BYTES]))
                if found.prompt is not None:
                    return found
            at = part.rfind(b'"usage', 0, at)
    told = {name.decode(): int(number) for name, number in _OLLAMA.findall(piece[-EDGE_BYTES:])}
    return _or(found, told)


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        found, _ = _decode(raw.decode("latin-1"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _or(found: Tokens, usage: Mapping[str, Any]) -> Tokens:
    prompt, completion, total = found
    return Tokens(
        _number(usage, PROMPT) if prompt is None else prompt,
        _number(usage, COMPLETION) if completion is None else completion,
        _number(usage, TOTAL) if total is None else total,
    )


def _number(usage: Mapping[str, Any], names: Sequence[str]) -> int | None:
    for name in names:
        number = usage.get(name)
        if number.__class__ is int and 0 <= number < LARGEST_NUMBER:
            return number
    return None
