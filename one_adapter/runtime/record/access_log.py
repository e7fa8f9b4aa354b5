"""One line of the access log: a request as a JSON object, without a word that was said and without a key."""

from __future__ import annotations

import json
import time
from functools import lru_cache

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tokens import Tokens
from one_adapter.runtime.redaction import known

#: Bytes of a line at most, its end included: so many are written in one piece even to a pipe (Linux, POSIX).
LINE_BYTES = 4096
#: Characters of a name and tries that are told, and how many where that makes too long a line.
LENGTHS = ((200, 8), (40, 2))
#: Characters of a client's name for a model that are looked through for secrets.
NAME_CHARACTERS = 2000
NULL = "null"


def line(one: Finished, tokens: Tokens, ended: float, worker: int | None = None) -> bytes:
    """The line of a request that ended at a moment, in Unix seconds.

    >>> line(Finished("chat", 0.25, 401), Tokens(), 1e9).decode()[:80]
    '{"time":"2001-09-09T01:46:39.750Z","id":null,"key":null,"key_name":null,"model":'
    """
    model = one.model if one.model == one.group else known.clean(one.model[:NAME_CHARACTERS])
    raw = b""
    for length, tries in LENGTHS:
        who = _who(one.key, one.key_name, _cut(model, length))
        where = _where(one.kind, one.stream, one.service[:length], one.credential, length, one.way)
        failed = _tries(one, length, tries) if one.tries else "[]"
        raw = (
            f'{{"time":"{_moment(ended - one.total)}","id":{_id(one.request_id)},{who},{where}'
            f'"status":{one.status or NULL},"upstream_status":{one.upstream_status or NULL},"tries":{failed},'
            f'"waited_ms":{1000 * one.waited:.1f},'
            f'"first_ms":{NULL if one.first is None else f"{1000 * one.first:.1f}"},'
            f'"upstream_ms":{1000 * one.upstream:.1f},"total_ms":{1000 * one.total:.1f},'
            f'"prompt_tokens":{NULL if tokens.prompt is None else tokens.prompt},'
            f'"completion_tokens":{NULL if tokens.completion is None else tokens.completion},'
            f'"total_tokens":{NULL if tokens.total is None else tokens.total},"end":"{one.end}"'
            f"{_worker(worker)}}}\n"
        ).encode()
        if len(raw) <= LINE_BYTES:
            break
    return raw


@lru_cache(1024)
def _who(key: str, name: str, model: str) -> str:
    """The members that tell who asked for what; the same ones come again and again."""
    return f'"key":{_text(key)},"key_name":{_text(name)},"model":{_text(model)}'


@lru_cache(1024)
def _where(kind: str, stream: bool, service: str, credential: str | int | None, length: int, way: str) -> str:
    """The members that tell where it went."""
    told = _text(credential[:length]) if isinstance(credential, str) else json.dumps(credential)
    streams = json.dumps(stream)
    return f'"kind":"{kind}","stream":{streams},"service":{_text(service)},"credential":{told},"way":"{way}",'


def _tries(one: Finished, length: int, most: int) -> str:
    told = (f'{{"credential":{_text(key[:length])},"status":{said}}}' for key, said in one.tries[-most:])
    return f"[{','.join(told)}]"


def _text(text: str) -> str:
    """A text as JSON; what no terminal should be sent is written out in it."""
    return json.dumps(text, ensure_ascii=not text.isprintable()) if text else NULL


def _id(name: str) -> str:
    """The name of a request, which is one of our own and of plain letters."""
    return f'"{name}"' if name else NULL


def _worker(number: int | None) -> str:
    return "" if number is None else f',"worker":{number}'


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else f"{name[:length]}…"


def _moment(at: float) -> str:
    """Unix seconds as RFC 3339 has them, with milliseconds."""
    seconds, thousandths = divmod(int(at * 1000), 1000)
    return f"{_second(seconds)}.{thousandths:03d}Z"


@lru_cache(64)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
