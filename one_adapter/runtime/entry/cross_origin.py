"""Calls from web pages (CORS): any page may ask, as in the gateway; it needs the key like everybody."""

from __future__ import annotations

from one_adapter.runtime.entry.asgi import Headers, Scope, Send

ALLOWED = (b"access-control-allow-origin", b"*")
EXPOSED = (b"access-control-expose-headers", b"X-Request-ID")
NAME, UPSTREAMS_NAME = b"x-request-id", b"llm_provider-x-request-id"
ASKING = (b"origin", b"access-control-request-method")
#: What a page may send, and what of an answer's headers it may read.
PREFLIGHT = (
    ALLOWED,
    (b"access-control-allow-methods", b"GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Origin,Content-Type,Accept,Authorization,X-Api-Key,Anthropic-Version,Anthropic-Beta",
    ),
    (b"access-control-max-age", b"43200"),
)


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks whether it may ask; that needs no key.

    As in the gateway, a page's origin is enough.
    """
    return scope["method"] == "OPTIONS" and any(name in ASKING for name, _ in scope["headers"])


async def preflight(send: Send) -> None:
    """Let the browser ask."""
    await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def readable(headers: Headers, name: bytes, foreign: bool) -> Headers:
    """An answer's headers with the one by which a browser lets its page read it.

    With a `name` for the request, the answer tells it, and a page may read it, too; the name that an upstream
    has given it is the provider's then, as LiteLLM calls such headers. `foreign`: the answer is not ours, and
    may say by itself who may read it.

    >>> readable([(b"x-request-id", b"up")], b"ours", False)[:2]
    [(b'llm_provider-x-request-id', b'up'), (b'access-control-expose-headers', b'X-Request-ID')]
    """
    if foreign:
        headers = [one for one in headers if not one[0].startswith(b"access-control-")]
    if not name:
        return [*headers, ALLOWED]
    if NAME in dict(headers):
        headers = _upstreams(headers)
    return [*headers, EXPOSED, (NAME, name), ALLOWED]


def _upstreams(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers in which the upstream's name for the request is called so."""
    told = any(name == UPSTREAMS_NAME for name, _ in headers)
    named = [(UPSTREAMS_NAME, value) for name, value in headers if name == NAME and not told]
    return [*(one for one in headers if one[0] != NAME), *named]
