"""An `AsyncOpenAI` whose chats cost a third of the processor time, for LiteLLM to call with.

The SDK walks through every field of a call to reshape it, though LiteLLM has shaped it already, and
puts each request's address, headers and timeouts together anew. Here the first call of a kind goes
the SDK's way, and what it sent is the pattern of those that follow: the same request with another
body, through the same HTTP client, to an answer that the SDK reads. A call with anything unusual
about it goes the SDK's way each time.
"""

from __future__ import annotations

import copy
import json
from functools import cached_property
from typing import Any

import httpx
from openai import APIConnectionError, APITimeoutError, AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions

from one_adapter.runtime.transport import BASIC

#: Arguments that change more of a request than its body.
UNUSUAL = frozenset(("extra_headers", "extra_query"))
#: The SDK's attributes that are used beside its interface; a version without one is left alone.
NEEDED = ("http_response", "_parsed_by_type")
#: What is told to the HTTP client about a request beside the request.
KEPT = ("timeout", BASIC)


class LeanOpenAI(AsyncOpenAI):
    """The SDK's client, with the chats as described above; it never tries a call again."""

    def __init__(self, http_client: httpx.AsyncClient, **options: Any) -> None:
        """Take the HTTP client that makes the calls, and what else the SDK's client takes."""
        super().__init__(http_client=http_client, **options)
        self.http = http_client

    @property
    def user_agent(self) -> str:
        """What upstreams are told: the SDK's name, as ever."""
        return super().user_agent.replace(type(self).__name__, AsyncOpenAI.__name__)

    @cached_property
    def chat(self) -> AsyncChat:
        """The SDK's chat interface."""
        return _Chat(self)


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class _Completions(AsyncCompletions):
    @cached_property
    def with_raw_response(self) -> Any:
        return _Raw(self._client, super().with_raw_response)


class _Raw:
    """Chats answered with what came over the wire; `patterns` has one of each kind once it was made."""

    def __init__(self, client: Any, own: Any) -> None:
        self._client = client
        self._own = own
        self._patterns: dict[tuple[bool, float], _Pattern] = {}

    async def create(self, *, timeout: Any = None, extra_body: Any = None, **fields: Any) -> Any:
        """Make one call; raises the SDK's errors."""
        content = (
            _json({**fields, **(extra_body or {})}) if _is_usual(self._client, timeout, fields) else None
        )
        if content is None:
            return await self._own.create(timeout=timeout, extra_body=extra_body, **fields)
        kind = (bool(fields.get("stream")), float(timeout))
        pattern = self._patterns.get(kind)
        if pattern is not None:
            return await pattern.send(self._client, content)
        response = await self._own.create(timeout=timeout, extra_body=extra_body, **fields)
        if all(hasattr(response, name) for name in NEEDED):
            self._patterns[kind] = _Pattern(response, kind[0])
        return response


class _Pattern:
    """A request that was made once."""

    def __init__(self, response: Any, stream: bool) -> None:
        request = response.http_response.request
        self._url = request.url
        self._headers = [one for one in request.headers.raw if one[0].lower() != b"content-length"]
        self._extensions = {name: request.extensions[name] for name in KEPT if name in request.extensions}
        self._stream = stream
        self._response = copy.copy(response)
        self._response.http_response = None

    async def send(self, client: Any, content: bytes) -> Any:
        """Make it again with another body; return the SDK's answer or raise the SDK's error."""
        extensions = dict(self._extensions)
        request = httpx.Request(
            "POST", self._url, headers=self._headers, content=content, extensions=extensions
        )
        try:
            response = await client.http.send(request, stream=self._stream)
        except httpx.TimeoutException as error:
            raise APITimeoutError(request=request) from error
        except Exception as error:
            raise APIConnectionError(request=request) from error
        if not response.is_success:
            await response.aread()
            raise client._make_status_error_from_response(response)
        answer = copy.copy(self._response)
        answer.http_response = response
        answer._parsed_by_type = {}
        return answer


def _is_usual(client: Any, timeout: Any, fields: dict[str, Any]) -> bool:
    if client.max_retries or not hasattr(client, "_make_status_error_from_response"):
        return False
    return isinstance(timeout, (int, float)) and not UNUSUAL & fields.keys()


def _json(body: dict[str, Any]) -> bytes | None:
    """Return the body as the SDK writes it, or None where only the SDK knows how."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError):
        return None
