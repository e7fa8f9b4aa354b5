"""What an upstream said, whole: an answer, given the client's name for the model, or a failure.

An answer's bytes stay as they came, but for the model's name and the second name of its reasoning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.json_object import JsonObject

#: How much of an upstream's words goes into an error, in bytes: errors are read by people.
ERROR_BYTES = 8 << 10
#: How much of an error is read to find those words.
ERROR_READ_BYTES = 64 << 10
#: Answers above this are not parsed: everybody else would wait for that.
PARSED_BYTES, EDGE_BYTES = 2 << 20, 64 << 10
#: What a whole answer to each kind of request has to hold.
CONTENT = {"chat": "choices", "embeddings": "data", "messages": "content", "responses": "output"}
#: Fields beside it in which a failure may be told all the same.
FAULTS = frozenset(("error", "base_resp"))
TOO_DEEP = "it is nested too deeply"
#: How vendors tell a failure that stands in no `error`: by a code that is none of success, and words.
CODES, WORDS = ("code", "error_code"), ("message", "msg", "error_msg")
#: Fields of a piece of an answer without which it tells no failure.
SIGNS = FAULTS | {*CODES}
SUCCESS = (None, "", 0, 200, "0", "200")
#: A field called `model`. Quotes inside a JSON text are escaped, so this is never part of one.
_MODEL = re.compile(rb'"model"[ \t\r\n]*:[ \t\r\n]*(?:"(?:[^"\\]|\\.)*"|null)')
REASONING = b'"reasoning'
_REASONING = re.compile(rb'"reasoning(_content)?"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)+")')


def loads(raw: bytes) -> Any:
    r"""What JSON says; half a surrogate pair in it does no harm. Raises `ValueError`.

    >>> loads(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}
    True
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            return json.loads(raw)
        except RecursionError:
            raise ValueError(TOO_DEEP) from None


def said(raw: bytes) -> Any:
    """What an upstream's JSON says, of an error in a list the error. Raises `ValueError`."""
    document = loads(raw)
    return error_of(document) if isinstance(document, list) else document


def error_of(document: list[Any]) -> Any:
    """The error that stands in a list, as Google tells it, or else the list.

    >>> error_of([{"error": 1}]), error_of([1])
    ({'error': 1}, [1])
    """
    first = document[0] if document else None
    return first if isinstance(first, dict) and first.get("error") else document


def dumps(document: Any) -> bytes:
    r"""A value as JSON, with half a surrogate pair as it was. Raises `ValueError`.

    >>> dumps({"a": "\ud83d", "b": "通"})
    b'{"a":"\\ud83d","b":"\\u901a"}'
    """
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        try:
            return json.dumps(document, separators=(",", ":")).encode()
        except RecursionError:
            raise ValueError(TOO_DEEP) from None


def fault_in(document: Mapping[str, Any]) -> Refusal | None:
    """The failure that an upstream tells with status 200, or None.

    >>> fault_in({"error": {"code": "1301", "message": "no"}}).message
    'no'
    >>> fault_in({"base_resp": {"status_code": 1004, "status_msg": "who?"}}).message
    'who?'
    >>> fault_in({"code": 20012, "message": "no such model", "data": None}).message
    'no such model'
    >>> fault_in({"error": None, "base_resp": {"status_code": 0}})
    >>> fault_in({"code": 7, "message": "fine", "choices": []})
    """
    error = document.get("error")
    if error:
        return _fault(502, error)
    base = document.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        told = {"message": str(base.get("status_msg") or ""), "code": str(base["status_code"])}
        return _fault(502, told)
    return _told_at_the_top(document)


def _told_at_the_top(document: Mapping[str, Any]) -> Refusal | None:
    if any(isinstance(document.get(content), list) for content in CONTENT.values()):
        return None
    code = next((document[name] for name in CODES if name in document), None)
    words = next((document[name] for name in WORDS if name in document), None)
    if code in SUCCESS or not isinstance(code, (int, str)) or not isinstance(words, str):
        return None
    return _fault(502, {"message": words, "code": str(code)})


def _fault(status: int, error: object, retry_after: str = "") -> Refusal:
    if not isinstance(error, dict):
        return Refusal(status, _cut(str(error)), "", None, _seconds(retry_after))
    code = str(error.get("code", error.get("status")) or "")
    if status == 502 and code.isdecimal() and 400 <= int(code[:9]) <= 599:
        status = int(code)
    words = error.get("message", error.get("msg"))
    message = _cut(words if isinstance(words, str) and words else json.dumps(error, ensure_ascii=False))
    large = len(json.dumps(error, default=str)) > ERROR_BYTES
    return Refusal(
        status,
        message,
        "" if code is None else str(code),
        None,
        _seconds(retry_after),
        error=None if large else error,
    )


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else None


def _cut(words: str) -> str:
    raw = words.encode("utf-8", "replace")
    return words if len(raw) <= ERROR_BYTES else raw[:ERROR_BYTES].decode("utf-8", "ignore") + " …"


def failed(status: int, raw: bytes, retry_after: str = "") -> Refusal:
    """The failure that an upstream tells with a status; `raw` may be cut.

    >>> failed(429, b'{"error": {"message": "slow down"}}').message
    'slow down'
    >>> failed(307, b"").status, failed(503, b"<html>").message
    (502, '<html>')
    """
    if status < 400:
        return Refusal(502, f"The upstream answered {status} and no answer: redirects are not followed.")
    try:
        document = said(raw)
    except ValueError:
        document = None
    if isinstance(document, dict):
        for error in (document.get("error"), document.get("detail"), document.get("message") and document):
            if error:
                return _fault(status, error, retry_after)
    words = raw.decode("utf-8", "replace").strip()
    return Refusal(status, _cut(words) or f"The upstream answered {status}.", "", None, _seconds(retry_after))


def answer(raw: bytes, kind: str, model: str | None) -> bytes:
    """A whole answer with the client's name for the model (None: as it came).

    Raises `Refusal` for anything that is no answer.

    >>> answer(b'{"model": "up", "choices": [], "n": 1.0}', "chat", "mine")
    b'{"model":"mine", "choices": [], "n": 1.0}'
    """
    if len(raw) > PARSED_BYTES:
        return _large(raw, kind, model)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        document = _told(raw)
    has_content = isinstance(document.get(CONTENT[kind]), list)
    if not has_content or not FAULTS.isdisjoint(document):
        fault = fault_in(document)
        if fault is not None:
            raise fault
    if not has_content:
        raise _no_answer(raw)
    if model is not None:
        try:
            raw = named(raw, document, model)
        except ValueError:
            raise _no_answer(raw) from None
    return reasoned(raw) if kind == "chat" and REASONING in raw else raw


def _told(raw: bytes) -> dict[str, Any]:
    """The object that an answer is after all, or the error that stands in its list."""
    try:
        document = said(raw)
    except ValueError:
        raise _no_answer(raw) from None
    if not isinstance(document, dict):
        raise _no_answer(raw)
    return document


def _large(raw: bytes, kind: str, model: str | None) -> bytes:
    """An answer that is too large to be parsed; its `model` stands near the beginning or the end."""
    edges = (0, len(raw) - EDGE_BYTES)
    if not raw.startswith(b"{") or not any(
        f'"{CONTENT[kind]}"'.encode() in raw[at : at + EDGE_BYTES] for at in edges
    ):
        raise _no_answer(raw)
    if model is None:
        return raw
    name = _field(model)
    for at in edges:
        place = raw.find(b'"model"', at, at + EDGE_BYTES)
        found = _MODEL.match(raw, place) if place >= 0 else None
        if found is not None:
            return b"".join((memoryview(raw)[:place], name, memoryview(raw)[found.end() :]))
    return b"".join((b"{", name, b",", memoryview(raw)[1:]))


def _no_answer(raw: bytes) -> Refusal:
    words = raw[:ERROR_BYTES].decode("utf-8", "replace").strip()
    said = f": {words}" if words else "."
    return Refusal(502, f"The upstream answered with something that is no answer{said}")


def named(raw: bytes, document: Mapping[str, Any], model: str) -> bytes:
    """The JSON object `raw`, which says `document`, with another value of its field `model`.

    Raises `ValueError` where it is nested too deeply to be written anew.
    """
    name = _field(model)
    if "model" not in document:
        at = raw.index(b"{") + 1
        comma = b"," if document else b""
        return raw[:at] + name + comma + raw[at:]
    at = raw.find(b'"model"')
    found = _MODEL.match(raw, at) if at >= 0 and raw.find(b'"model"', at + 1) < 0 else None
    if found is not None:
        return raw[:at] + name + raw[found.end() :]
    try:
        return JsonObject.read(raw).render({"model": model})
    except ValueError:  # another reader has taken it
        return dumps({**document, "model": model})


@lru_cache(256)
def _field(model: str) -> bytes:
    return b'"model":' + json.encoder.encode_basestring(model).encode()


def reasoned(raw: bytes) -> bytes:
    """JSON in which reasoning has both the names by which clients look for it.

    >>> reasoned(b'{"reasoning_content": "so"}')
    b'{"reasoning":"so","reasoning_content": "so"}'
    """
    if REASONING not in raw:
        return raw
    names = {one.group(1) for one in _REASONING.finditer(raw)}
    if len(names) != 1:  # none has a text, or both are there
        return raw
    other = b'"reasoning":' if names == {b"_content"} else b'"reasoning_content":'
    return _REASONING.sub(lambda one: other + one.group(2) + b"," + one.group(), raw)
