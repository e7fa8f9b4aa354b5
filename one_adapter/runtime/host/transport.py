"""What every HTTP call of this process keeps to, whether LiteLLM makes it, an SDK or an adapter of ours.

All of them call through `httpx.AsyncClient.send`, so it is one place. No redirect is followed; an
address's user and password become a header; of the answer's headers only a few come in, no cookies;
an error's text is cut, and the secrets we know are taken out of whatever the upstream says.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import unquote

import httpx

from one_adapter.runtime.host import reached
from one_adapter.runtime.redaction import known

#: Bytes that are kept of an upstream's error, and those that are read for it.
ERROR_LIMIT, ERROR_READ = 8 << 10, 64 << 10
#: Bytes of a whole answer, and of one line of a stream.
ANSWER_LIMIT, LINE_LIMIT = 64 << 20, 8 << 20
#: Characters of a text in an error that is too long, and of a header; and how many headers are kept.
TEXT_LIMIT, HEADER_LIMIT, HEADERS_KEPT = 2000, 256, 32
#: Lines of a stream that are handed on before other requests get their turn.
LINES_AT_ONCE = 16
#: Headers of an upstream's answer that LiteLLM and clients get to see, and how others of them begin.
HEADERS = frozenset(
    (
        *("content-type", "retry-after", "retry-after-ms", "request-id", "x-request-id", "apim-request-id"),
        *("openai-processing-ms", "openai-version"),
    )
)
HEADERS_BEGIN = ("x-ratelimit-", "anthropic-ratelimit-")
#: What a client keeps of an upstream's cookies, which would go to others with other clients' calls.
NO_COOKIES = DefaultCookiePolicy(allowed_domains=())
#: Headers with the key that a call is made with.
KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
#: Where a request keeps the Basic authorization of its address, for a client that sends no key.
BASIC = "one_adapter_basic"


def install() -> None:
    """Put the rules into httpx, once."""
    if not hasattr(httpx.AsyncClient.send, "own"):
        httpx.AsyncClient.send = _guarded(httpx.AsyncClient.send)  # type: ignore[method-assign]
        httpx.Client.send = _unredirected(httpx.Client.send)  # type: ignore[method-assign]


def _guarded(stock: Any) -> Any:
    async def send(
        self: httpx.AsyncClient, request: httpx.Request, *, stream: bool = False, **named: Any
    ) -> httpx.Response:
        _without_userinfo(request)
        named["follow_redirects"] = False
        reached.note(request.method, request.url.raw_host.decode("ascii"))
        response: httpx.Response = await stock(self, request, stream=True, **named)
        for name in KEY_HEADERS:  # those of hooks, too
            if name in request.headers:
                known.lend(request.headers[name].rpartition(" ")[2])
        try:
            if stream and response.is_success:
                return _copy(response, stream=_Lines(response))
            found = await _whole(response)
        except BaseException:
            await response.aclose()
            raise
        await response.aclose()
        found.elapsed = response.elapsed
        return found

    send.own = stock  # type: ignore[attr-defined]
    return send


def _unredirected(stock: Any) -> Any:
    def send(self: httpx.Client, request: httpx.Request, **named: Any) -> httpx.Response:
        _without_userinfo(request)
        self.cookies.jar.set_policy(NO_COOKIES)
        response: httpx.Response = stock(self, request, **{**named, "follow_redirects": False})
        return response

    return send


def _without_userinfo(request: httpx.Request) -> None:
    """Say an address's user and password in a header, as Go's client does: where no other says who calls."""
    if not request.url.userinfo:
        return
    user, _, password = request.url.userinfo.decode("ascii").partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    basic = f"Basic {base64.b64encode(pair).decode()}"
    request.extensions[BASIC] = basic
    request.headers.setdefault("authorization", basic)
    request.url = request.url.copy_with(username=None, password=None)


async def _whole(response: httpx.Response) -> httpx.Response:
    if 300 <= response.status_code < 400:
        told = f"The upstream answered with a redirect ({response.status_code}); redirects are not followed."
        return _copy(response, 502, content=_error(told))
    if not response.is_success:
        try:
            raw, _ = await _read(response, ERROR_READ)
        except httpx.DecodingError:
            raw = b""
        return _copy(response, content=shortened(known.clean_bytes(raw)))
    raw, is_all = await _read(response, ANSWER_LIMIT)
    if not is_all:
        told = f"The upstream's answer is longer than {ANSWER_LIMIT >> 20} MiB."
        return _copy(response, 502, content=_error(told))
    raw = known.clean_bytes(raw)
    return _copy(response, content=bounded(raw))


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """Return the body's beginning, and whether it is all of it."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > limit:
            return b"".join(parts)[:limit], False
    return b"".join(parts), True


def _copy(response: httpx.Response, status: int | None = None, **content: Any) -> httpx.Response:
    headers = {} if status else _headers(response.headers)
    if status:
        headers["content-type"] = "application/json"
    return httpx.Response(
        status or response.status_code,
        headers=headers,
        request=response.request,
        extensions=response.extensions,
        **content,
    )


def _headers(given: httpx.Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in given.raw:
        name = raw_name.decode("latin-1").lower()
        if name not in HEADERS and not name.startswith(HEADERS_BEGIN):
            continue
        if len(raw_value) <= HEADER_LIMIT and raw_value.isascii() and not known.is_in(raw_value):
            found[name] = raw_value.decode("ascii")
            if len(found) == HEADERS_KEPT:
                break
    return found


def _error(message: str) -> bytes:
    told = {"message": message, "type": "upstream_error", "code": "bad_gateway"}
    return json.dumps({"error": told}).encode()


def shortened(raw: bytes) -> bytes:
    """Return an error's body in at most `ERROR_LIMIT` bytes: JSON with shorter texts, anything else cut.

    >>> long = b'{"error": {"message": "' + b"x" * 9000 + b'", "code": "c"}}'
    >>> len(shortened(long)) < 2200, json.loads(shortened(long))["error"]["code"], len(shortened(b"x" * 9000))
    (True, 'c', 8192)
    """
    if len(raw) <= ERROR_LIMIT:
        return raw
    try:
        found = json.dumps(_short(json.loads(raw))).encode()
    except (ValueError, RecursionError):
        return raw[:ERROR_LIMIT]
    return found if len(found) <= ERROR_LIMIT else raw[:ERROR_LIMIT]


def bounded(raw: bytes) -> bytes:
    """Return an answer as it is, unless it is going to be an error: no JSON, or one that says so itself.

    >>> big = b"x" * 9000
    >>> [len(bounded(one)) for one in (big, b'{"error": "%b"}' % big, b'{"text": "%b"}' % big)]
    [8192, 2016, 9012]
    """
    if len(raw) <= ERROR_LIMIT:
        return raw
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return raw[:ERROR_LIMIT]
    return shortened(raw) if isinstance(answer, dict) and _is_error(answer) else raw


def _is_error(answer: dict[str, Any]) -> bool:
    return bool(answer.get("error")) or "error" in (answer.get("type"), answer.get("event"))


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "..."
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list) else value


def _line(raw: bytes) -> bytes:
    """Return a line of a stream, an error's shortened."""
    if len(raw) <= ERROR_LIMIT or b'"error"' not in raw:
        return raw
    start = raw.find(b"{")
    ended = raw.rstrip(b"\r\n")
    body = bounded(ended[start:])
    return raw if body is ended or len(body) == len(ended) - start else raw[:start] + body + raw[len(ended) :]


class _Lines(httpx.AsyncByteStream):
    """A stream handed on in whole lines, so that no secret lies across two parts, and a few at a time.

    An upstream that is faster than we are would else keep the loop to itself, and one that sends a line
    without end would fill the memory.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
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
            if size > LINE_LIMIT:
                raise httpx.ReadError(f"The upstream sent a line longer than {LINE_LIMIT >> 20} MiB.")
        if size:
            yield _line(known.clean_bytes(b"".join(pending)))

    async def aclose(self) -> None:
        """End the upstream's answer."""
        await self._response.aclose()


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Yield whole lines, a few at once, without secrets and with errors of bounded length."""
    raw = known.clean_bytes(raw)
    if len(raw) <= ERROR_LIMIT and raw.count(b"\n") <= LINES_AT_ONCE:
        yield raw
        return
    lines = raw.splitlines(keepends=True)
    for at in range(0, len(lines), LINES_AT_ONCE):
        yield b"".join(map(_line, lines[at : at + LINES_AT_ONCE]))
