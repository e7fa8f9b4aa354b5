"""What every HTTP call of this process keeps to, whether LiteLLM makes it, an SDK or an adapter of ours.

All of them call through `httpx.AsyncClient.send`, so it is one place. No redirect is followed; an
address's user and password become a header; of the answer's headers only a few come in, no cookies;
an error's text is cut, and the secrets we know are taken out of whatever the upstream says.
"""

from __future__ import annotations

import base64
import contextlib
import json
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import unquote

import httpx

from one_adapter.runtime.entry.request import current
from one_adapter.runtime.host import reached
from one_adapter.runtime.host.received import Lines, Packed, answer_of, error_of
from one_adapter.runtime.redaction import known

#: Bytes that an answer may have: vectors take more than words.
ANSWER_LIMIT, VECTORS_LIMIT = 16 << 20, 128 << 20
#: Characters that are kept of an HTTP library's error and of a header; and how many headers are kept.
PROBLEM_LIMIT, HEADER_LIMIT, HEADERS_KEPT = 500, 256, 32
#: Headers of an upstream's answer that LiteLLM and clients get to see, and how others of them begin.
HEADERS = frozenset(
    (
        "content-type",
        "retry-after",
        "retry-after-ms",
        "request-id",
        "x-request-id",
        "apim-request-id",
        "openai-processing-ms",
        "openai-version",
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
        self.cookies.jar.set_policy(NO_COOKIES)
        named["follow_redirects"] = False
        asker = reached.note(request.method, request.url.raw_host.decode("ascii"))
        try:
            response: httpx.Response = await stock(self, request, stream=True, **named)
        except httpx.HTTPError as problem:  # it may repeat what came instead of an answer
            problem.args = (known.clean(str(problem)[:PROBLEM_LIMIT]), *problem.args[1:])
            raise
        if asker is not None and asker.trace is not None:
            asker.trace.hears(response.status_code)
        if "content-encoding" in response.headers:
            response.stream = Packed(response.stream)
        for name in KEY_HEADERS:  # those of hooks, too
            if name in request.headers:
                known.lend(request.headers[name].rpartition(" ")[2])
        try:
            if stream and response.is_success:
                return _copy(response, stream=reached.heeded(asker, Lines(response)))
            found = await _whole(response)
        except BaseException:
            await response.aclose()
            raise
        if found is not response:
            await response.aclose()
            with contextlib.suppress(RuntimeError):  # a transport that answers from memory takes no time
                found.elapsed = response.elapsed
        if found.is_success and asker is not None:
            reached.note_answer(asker, found.content)
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
        return _copy(response, content=await error_of(response))
    request = current.get()
    limit = VECTORS_LIMIT if request is not None and request.kind == "embeddings" else ANSWER_LIMIT
    raw = await answer_of(response, limit)
    if raw is None:
        return _copy(
            response, 502, content=_error(f"The upstream's answer is longer than {limit >> 20} MiB.")
        )
    if raw is getattr(response, "_content", None):  # read as it came, and nothing to take out
        response.headers = httpx.Headers(_headers(response.headers))
        return response
    return _copy(response, content=raw)


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
