"""Calls from web pages (CORS): any page may ask, as in the gateway; it needs the key like everybody."""

from __future__ import annotations

from collections.abc import Awaitable

from one_adapter.runtime.entry.asgi import Headers, Message, Scope, Send

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
    """Tell whether a browser asks whether it may ask; that needs no key.

    As in the gateway, a page's origin is enough.
    """
    return scope["method"] == "OPTIONS" and any(name in ASKING for name, _ in scope["headers"])


async def preflight(send: Send) -> None:
    """Let the browser ask."""
    await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def allowing(send: Send, name: str = "") -> Send:
    """Return `send` with the header by which a browser lets its page read the answer.

    With a `name` for the request, the answer tells it, and a page may read it, too; the name that an upstream
    has given it is the provider's then, as LiteLLM calls such headers.
    """
    own = [ALLOWED, EXPOSED, (NAME, name.encode())] if name else [ALLOWED]

    def allowed(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            kept: Headers = [
                one for one in message.get("headers") or () if not one[0].startswith(b"access-control-")
            ]
            if name and NAME in dict(kept):
                kept = _upstreams(kept)
            message = {**message, "headers": [*kept, *own]}
        return send(message)

    return allowed


def _upstreams(headers: Headers) -> Headers:
    """Return headers in which the upstream's name for the request is called so."""
    told = any(name == UPSTREAMS_NAME for name, _ in headers)
    named = [(UPSTREAMS_NAME, value) for name, value in headers if name == NAME and not told]
    return [*(one for one in headers if one[0] != NAME), *named]
