"""The headers that pass the door: what LiteLLM gets to see of a client's, and a client of an answer's.

Both are lists of what passes; everything else stays out. docs/headers.md says the same to people.
"""

from __future__ import annotations

from collections.abc import Iterable

from one_adapter.runtime.redaction import known

#: A client's headers that mean something to LiteLLM or to the vendor; its key is of no more use here.
INCOMING = frozenset(
    (
        b"host",
        b"accept",
        b"user-agent",
        b"x-request-id",
        b"traceparent",
        b"tracestate",
        b"baggage",
        b"anthropic-version",
        b"anthropic-beta",
    )
)
#: Headers that a request for LiteLLM itself needs.
OF_BODY_AND_KEY = frozenset(
    (
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"authorization",
        b"x-api-key",
        b"x-litellm-api-key",
    )
)
#: Headers of an answer.
OUTGOING = frozenset(
    (
        b"content-type",
        b"content-length",
        b"cache-control",
        b"x-accel-buffering",
        b"vary",
        b"retry-after",
        b"retry-after-ms",
        b"request-id",
        b"x-request-id",
        b"x-litellm-call-id",
        b"x-litellm-model-id",
        b"x-litellm-model-group",
        b"x-litellm-version",
        b"x-litellm-attempted-retries",
        b"x-litellm-attempted-fallbacks",
        b"x-litellm-response-cost",
        b"x-litellm-response-duration-ms",
        b"x-litellm-overhead-duration-ms",
        b"llm_provider-request-id",
        b"llm_provider-x-request-id",
        b"llm_provider-apim-request-id",
        b"llm_provider-retry-after",
        b"llm_provider-openai-processing-ms",
    )
)
OUTGOING_BEGIN = (
    b"access-control-",
    b"x-ratelimit-",
    b"llm_provider-x-ratelimit-",
    b"llm_provider-anthropic-ratelimit-",
)
Headers = list[tuple[bytes, bytes]]


def incoming(headers: Iterable[tuple[bytes, bytes]], size: int) -> Headers:
    """The headers LiteLLM is to see, for a JSON body of `size` bytes.

    >>> incoming([(b"x-litellm-timeout", b"1"), (b"accept", b"*/*"), (b"cookie", b"a=b")], 2)
    [(b'accept', b'*/*'), (b'content-type', b'application/json'), (b'content-length', b'2')]
    """
    kept = [one for one in headers if one[0] in INCOMING]
    return [*kept, (b"content-type", b"application/json"), (b"content-length", str(size).encode())]


def opened(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers LiteLLM is to see on a route that the owner has opened: its own body and key beside.

    >>> opened([(b"content-type", b"a/b"), (b"x-litellm-timeout", b"1")])
    [(b'content-type', b'a/b')]
    """
    return [one for one in headers if one[0] in INCOMING or one[0] in OF_BODY_AND_KEY]


def outgoing(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers a client is to see of an answer.

    >>> outgoing([(b"Content-Type", b"text/plain"), (b"set-cookie", b"a=b")])
    [(b'Content-Type', b'text/plain')]
    """
    return [
        (name, value)
        for name, value in headers
        if (name.lower() in OUTGOING or name.lower().startswith(OUTGOING_BEGIN)) and not known.is_in(value)
    ]
