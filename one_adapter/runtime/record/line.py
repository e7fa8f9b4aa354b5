"""One line of the access log: a request as a JSON object, without a word that was said and without a key."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens
from one_adapter.runtime.redaction import known

#: Bytes of a line at most, its end included: so many are written in one piece even to a pipe (Linux, POSIX).
LINE_BYTES = 4096
#: Characters of a name and tries that are told, and how many where that makes too long a line.
LENGTHS = ((200, 8), (40, 2))
#: Characters of a client's name for a model that are looked through for secrets.
LOOKED_THROUGH = 2000


def line(one: Finished, tokens: Tokens, ended: float, worker: int | None = None) -> bytes:
    """Return the line of a request that ended at a moment, in Unix seconds.

    >>> line(Finished("chat", 0.25, 401), Tokens(), 1e9).decode()[:80]
    '{"time":"2001-09-09T01:46:39.750Z","id":null,"key":null,"key_name":null,"model":'
    """
    raw = b""
    for length, tries in LENGTHS:
        found = _told(one, tokens, length, tries)
        found["time"] = _moment(ended - one.total)
        if worker is not None:
            found["worker"] = worker
        raw = _json(found)
        if len(raw) <= LINE_BYTES:
            break
    return raw


def _told(one: Finished, tokens: Tokens, length: int, tries: int) -> dict[str, Any]:
    credential = one.credential
    return {
        "time": "",
        "id": one.request_id or None,
        "key": one.key or None,
        "key_name": one.key_name or None,
        "model": _model(one, length),
        "kind": one.kind,
        "stream": one.stream,
        "service": one.service[:length] or None,
        "credential": credential[:length] if isinstance(credential, str) else credential,
        "way": one.way,
        "status": one.status or None,
        "upstream_status": one.upstream_status or None,
        "tries": [{"credential": key[:length], "status": said} for key, said in one.tries[-tries:]],
        "waited_ms": int(10_000 * one.waited + 0.5) / 10,
        "first_ms": None if one.first is None else int(10_000 * one.first + 0.5) / 10,
        "upstream_ms": int(10_000 * one.upstream + 0.5) / 10,
        "total_ms": int(10_000 * one.total + 0.5) / 10,
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.total,
        "end": one.end,
    }


def _model(one: Finished, length: int) -> str | None:
    """Return the client's name for the model, cut; one that it made up may hold anything, a secret too."""
    name = one.model
    if name != one.group:
        name = known.clean(name[:LOOKED_THROUGH])
    return (name if len(name) <= length else f"{name[:length]}…") or None


def _json(document: Mapping[str, Any]) -> bytes:
    """Return JSON on one line; what no terminal should be sent is written out in it."""
    names = f"{document['model']}{document['service']}{document['credential']}"
    if names.isprintable():
        return orjson.dumps(document, None, orjson.OPT_APPEND_NEWLINE)
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _moment(at: float) -> str:
    """Return Unix seconds as RFC 3339 has them, with milliseconds."""
    seconds, thousandths = divmod(int(at * 1000), 1000)
    return f"{_second(seconds)}.{thousandths:03d}Z"


@lru_cache(64)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
