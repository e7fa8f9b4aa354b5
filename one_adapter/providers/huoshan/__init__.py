"""Volcengine Ark with access_key and secret_key, as the LiteLLM provider `huoshan/<ep- or bot- id>`.

AK/SK open nothing by themselves: they sign a request for a temporary key, and LiteLLM's own
OpenAI-compatible route makes the call with it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timezone
from typing import Any

import httpx
import litellm
import openai
from litellm.types.utils import ModelResponse

from one_adapter.providers.base import Call, Provider, paced, within
from one_adapter.providers.failure import Kind, VendorError, scrub
from one_adapter.providers.huoshan.errors import chat_failure
from one_adapter.providers.huoshan.keys import KeyCache, TemporaryKey, read_key, request_body, resource
from one_adapter.providers.huoshan.signing import AccessKey, signed_headers
from one_adapter.providers.huoshan.stream import Watched, bot_tokens
from one_adapter.providers.network import causes, explain, http_client
from one_adapter.providers.piece import as_usage

__all__ = ["Huoshan", "handler"]

API_BASE = "https://ark.cn-beijing.volces.com/api/v3"
OPENAPI_BASE = "https://open.volcengineapi.com"
REGION = "cn-beijing"
_MINT = "/?Action=GetApiKey&Version=2024-01-01"
_ROUTES = ("/chat/completions", "/bots")
_MINT_LIMIT = 30.0  # seconds


class Huoshan(Provider):
    """The provider. `clock` gives unix seconds, for the signature and the keys' ends."""

    name = "huoshan"
    prefix = "HUOSHAN"
    secrets = ("ACCESS_KEY", "SECRET_KEY")
    optional_secrets = ("SESSION_TOKEN",)
    options = frozenset({"openapi_base", "region", "project_name"})
    fields = frozenset({"repetition_penalty", "top_k"})

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._keys = KeyCache(clock)

    async def whole(self, call: Call, response: ModelResponse) -> ModelResponse:  # noqa: ARG002
        """The answer of Ark, with all that it says."""
        answer: ModelResponse = await self._with_key(call)
        used = bot_tokens(getattr(answer, "bot_usage", None))
        if used and not answer.usage.total_tokens:
            answer.usage = as_usage(used)
        return answer

    async def chunks(self, call: Call) -> AsyncGenerator[Any, None]:
        """The stream of Ark, ended by a chunk with its usage."""
        stream = await within(self._with_key(call), call)
        watched = Watched(stream.completion_stream)
        stream.completion_stream = watched.chunks()
        try:
            async with aclosing(paced(_readable(stream, call), call)) as chunks:
                async for chunk in chunks:
                    if chunk.choices and chunk.choices[0].finish_reason is None:
                        yield chunk
            yield watched.end()
        finally:
            await watched.close()

    async def _with_key(self, call: Call) -> Any:
        """The answer with a good key: a refused one is dropped and one newer is tried."""
        name = self._resource(call)
        key = await self._keys.get(name, lambda: self._mint(call))
        try:
            return await self._ask(call, key)
        except VendorError as error:
            if error.kind is not Kind.AUTHENTICATION:
                raise
        self._keys.drop(name, key)
        return await self._ask(call, await self._keys.get(name, lambda: self._mint(call)))

    def _resource(self, call: Call) -> tuple[str, ...]:
        values = call.settings.values
        where = (str(values.get("openapi_base", "")), str(values.get("region", "")))
        return (call.credential["ACCESS_KEY"], *where, resource(call.model), call.model)

    async def _ask(self, call: Call, key: str) -> Any:
        base = (call.settings.api_base or API_BASE).rstrip("/")
        for route in _ROUTES:
            base = base.removesuffix(route)
        if resource(call.model) == "bot":
            base += "/bots"
        limit = call.settings.connect_timeout
        try:
            return await litellm.acompletion(
                model=f"openai/{call.model}",
                messages=call.messages,
                stream=call.stream,
                api_base=base,
                api_key="none",
                client=_client(base, key, call.settings.proxy),
                timeout=httpx.Timeout(call.settings.timeout, connect=limit),
                max_retries=0,
                extra_body=dict(call.params),
                **{"no-log": True},
            )
        except openai.OpenAIError as error:
            problem = _problem(error, limit, key)
        raise problem

    async def _mint(self, call: Call) -> TemporaryKey:
        values = call.settings.values
        url = str(values.get("openapi_base", OPENAPI_BASE)).rstrip("/") + _MINT
        body = request_body(call.model, values.get("project_name"))
        pair = AccessKey(*(call.credential[part] for part in (*self.secrets, *self.optional_secrets)))
        moment = datetime.fromtimestamp(self._clock(), timezone.utc)
        headers = signed_headers(url, body, pair, str(values.get("region", REGION)), moment)
        limit = call.settings.connect_timeout
        try:
            answer = await http_client(call.settings.proxy).client.post(
                url, content=body, headers=headers, timeout=httpx.Timeout(_MINT_LIMIT, connect=limit)
            )
            return read_key(answer.status_code, answer.content)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            problem = explain(error, limit)
        raise problem


async def _readable(stream: AsyncIterator[Any], call: Call) -> AsyncGenerator[Any, None]:
    """The chunks, with errors that this package knows."""
    try:
        async for chunk in stream:
            yield chunk
        return
    except openai.OpenAIError as error:
        problem = _problem(error, call.settings.connect_timeout, "")
    raise problem


def _client(base: str, key: str, proxy: str | None) -> openai.AsyncOpenAI:
    """LiteLLM's own kind of client over a shared connection pool.

    The key is put on at the last moment, so that neither LiteLLM nor the client has it to log.
    """

    shared = http_client(proxy)

    async def authorize(request: httpx.Request) -> None:
        request.headers["Authorization"] = f"Bearer {key}"
        request.extensions["pool"] = shared  # LiteLLM closes a pool that nothing refers to any more

    hooks: dict[str, list[Any]] = {"request": [authorize], "response": [_is_an_answer]}
    # OpenAI's newer clients take this one as well, but their types name httpx2.
    http: Any = httpx.AsyncClient(transport=shared.transport, event_hooks=hooks, trust_env=False)
    return openai.AsyncOpenAI(api_key="none", base_url=base, http_client=http, max_retries=0)


async def _is_an_answer(response: httpx.Response) -> None:
    kind = response.headers.get("content-type", "")
    if response.is_success and not kind.startswith(("application/json", "text/event-stream")):
        raise VendorError(Kind.GARBAGE, f"the service sent an answer of the type {kind or 'unknown'}")


def _problem(error: openai.OpenAIError, limit: float, key: str) -> VendorError:
    """What an error of LiteLLM's route means."""
    error = getattr(error, "original_exception", None) or error
    chain = list(causes(error))
    known = next((cause for cause in chain if isinstance(cause, VendorError)), None)
    if known is not None:
        return known
    broken = next((cause for cause in chain if isinstance(cause, httpx.TransportError)), None)
    if broken is not None:
        return explain(broken, limit)
    body = getattr(error, "body", None)
    said: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    text = scrub(str(said.get("message") or error), [key])
    status = getattr(error, "status_code", None) or httpx.codes.INTERNAL_SERVER_ERROR
    return chat_failure(int(status), str(said.get("code") or ""), text)


handler = Huoshan()
