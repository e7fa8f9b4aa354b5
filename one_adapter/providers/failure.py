"""One error for everything that goes wrong at a vendor, and its LiteLLM classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import litellm


class Kind(Enum):
    """What went wrong, in the terms that clients and LiteLLM's fallbacks act on."""

    BAD_REQUEST = "BadRequestError"
    UNSUPPORTED = "UnsupportedParamsError"
    CONTEXT = "ContextWindowExceededError"
    POLICY = "ContentPolicyViolationError"
    AUTHENTICATION = "AuthenticationError"
    PERMISSION = "PermissionDeniedError"
    NOT_FOUND = "NotFoundError"
    RATE = "RateLimitError"
    TIMEOUT = "Timeout"
    CONNECTION = "APIConnectionError"
    GARBAGE = "BadGatewayError"
    UNAVAILABLE = "ServiceUnavailableError"
    INTERNAL = "InternalServerError"


#: The kind for an HTTP status that no vendor code explains better.
BY_STATUS = {
    400: Kind.BAD_REQUEST,
    401: Kind.AUTHENTICATION,
    402: Kind.PERMISSION,
    403: Kind.PERMISSION,
    404: Kind.NOT_FOUND,
    408: Kind.TIMEOUT,
    413: Kind.BAD_REQUEST,
    415: Kind.BAD_REQUEST,
    422: Kind.BAD_REQUEST,
    429: Kind.RATE,
    502: Kind.GARBAGE,
    503: Kind.UNAVAILABLE,
    504: Kind.TIMEOUT,
}

_CONTEXT_WORDS = re.compile(
    r"context.{0,12}(length|window)|maximum.{0,20}(context|tokens)|tokens? (exceed|limit)|too many tokens",
    re.I,
)
_RATE_WORDS = re.compile(r"rate.?limit|too many requests|quota", re.I)
#: Shapes that are secret wherever they come from.
_SHAPES = (
    (re.compile(r"([?&]?\bauthorization=)[^&\s\"']+", re.I), r"\1***"),
    (re.compile(r"(Bearer\s+)[^\s\"',;]+", re.I), r"\1***"),
)
#: Characters that a secret has at least, to be looked for.
_SHORTEST_SECRET = 3
#: Characters that are kept of what a service says of an error.
_LONGEST = 8192


class VendorError(Exception):
    """A call that failed: the kind, the vendor's text (its beginning), and its code where there is one."""

    def __init__(self, kind: Kind, text: str, code: str | int | None = None) -> None:
        text = text[:_LONGEST]
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.code = code[:_LONGEST] if isinstance(code, str) else code


def of_status(status: int) -> Kind:
    """The kind that an HTTP error status means by itself."""
    return BY_STATUS.get(status, Kind.BAD_REQUEST if 400 <= status < 500 else Kind.INTERNAL)


def of_words(text: str, otherwise: Kind) -> Kind:
    """The kind that an inner model's error text gives away, else `otherwise`."""
    if _CONTEXT_WORDS.search(text):
        return Kind.CONTEXT
    return Kind.RATE if _RATE_WORDS.search(text) else otherwise


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in whatever encoding they were echoed.

    >>> scrub("no such key: k-123 (https://h/?authorization=abc&date=x)", ["k-123"])
    'no such key: *** (https://h/?authorization=***&date=x)'
    """
    known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
    forms = {form for secret in known for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    for shape, stand_in in _SHAPES:
        text = shape.sub(stand_in, text)
    return text


def as_litellm(error: VendorError, provider: str, model: str, secrets: Iterable[str] = ()) -> Exception:
    """The LiteLLM exception for an error; its text names the provider and the vendor's code."""
    code = "" if error.code is None else f" (code {error.code})"
    message = scrub(f"{provider}: {error.text}{code}", secrets)
    given: dict[str, Any] = {"message": message, "model": model, "llm_provider": provider}
    if error.kind is Kind.PERMISSION:  # the only class that insists on a response
        request = httpx.Request("POST", f"https://{provider}.invalid/")
        given["response"] = httpx.Response(403, request=request)
    found: type[Exception] = getattr(litellm, error.kind.value)
    return found(**given)
