"""What the providers share: reading a call, pacing the vendor, giving out whole and streamed answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

import httpx
from litellm.llms.custom_llm import CustomLLM
from litellm.types.utils import ModelResponse

from one_adapter.providers.failure import Kind, VendorError, as_litellm
from one_adapter.providers.network import time_limit
from one_adapter.providers.piece import Chunker, Piece, Stopper, assemble
from one_adapter.providers.settings import Settings, credential, split

T = TypeVar("T")
_DEFAULT_TIMEOUT = 600.0  # seconds, LiteLLM's own default for a whole request


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready for the vendor. `deadline` is on the event loop's clock."""

    model: str
    messages: list[dict[str, Any]]
    params: Mapping[str, Any]
    settings: Settings
    credential: Mapping[str, str]
    metadata: Mapping[str, Any]
    stream: bool
    deadline: float


class Provider(CustomLLM):  # type: ignore[misc]
    """A LiteLLM custom provider that is one asynchronous function: `pieces`.

    LiteLLM does not enforce timeouts for custom providers, so they are enforced here: `connect_timeout` for
    the connection, `idle_timeout` for any silence, the deployment's `timeout` for the whole request.
    """

    name: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()
    #: Fields of a client's body that are not OpenAI's and that a proxy may hand on to this provider.
    fields: ClassVar[frozenset[str]] = frozenset()
    prefix: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]]
    optional_secrets: ClassVar[tuple[str, ...]] = ()

    def pieces(self, call: Call) -> AsyncGenerator[Piece, None]:
        """The vendor's answer, piece by piece, ending with one that has `finish`. Raises VendorError."""
        raise VendorError(Kind.INTERNAL, f"{self.name} has no way to answer {call.model}")

    async def whole(self, call: Call, response: ModelResponse) -> ModelResponse:
        """The answer in one, into LiteLLM's empty `response`."""
        async with aclosing(self._cut(call)) as pieces:
            return await assemble(pieces, response)

    async def chunks(self, call: Call) -> AsyncGenerator[Any, None]:
        """The answer as LiteLLM stream chunks."""
        chunker = Chunker(call.model)
        async with aclosing(self._cut(call)) as pieces:
            async for piece in pieces:
                for chunk in chunker.chunks(piece):
                    yield chunk

    async def acompletion(self, *args: Any, **given: Any) -> ModelResponse:  # noqa: ARG002
        """LiteLLM's entry for a whole answer. Raises LiteLLM's exception classes."""
        call, failure = self._read(given, stream=False)
        if call is not None:
            try:
                async with time_limit(call.deadline - _now()):
                    return await self.whole(call, given["model_response"])
            except VendorError as error:
                failure = error
            except asyncio.TimeoutError:
                failure = _too_long()
        raise self._exception(failure, given, call)

    async def astreaming(self, *args: Any, **given: Any) -> AsyncGenerator[Any, None]:  # noqa: ARG002
        """LiteLLM's entry for a stream. Everything that can fail early fails before the first chunk."""
        call, failure = self._read(given, stream=True)
        if call is not None:
            try:
                async with aclosing(self.chunks(call)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except VendorError as error:
                failure = error
        raise self._exception(failure, given, call)

    def completion(self, *args: Any, **given: Any) -> ModelResponse:
        """The whole answer for a program without an event loop."""
        return _wait(self.acompletion(*args, **given))

    def streaming(self, *args: Any, **given: Any) -> Iterator[Any]:
        """The streamed answer for a program without an event loop."""
        chunks = self.astreaming(*args, **given)

        async def step() -> Any:
            return await anext(chunks, None)

        try:
            while (chunk := _wait(step())) is not None:
                yield chunk
        finally:
            _wait(chunks.aclose())

    def _read(self, given: Mapping[str, Any], stream: bool) -> tuple[Call, None] | tuple[None, VendorError]:
        litellm_params = given.get("litellm_params") or {}
        try:
            settings, params = split(
                self.options,
                given.get("optional_params") or {},
                litellm_params,
                given.get("api_base"),
                _seconds(given.get("timeout")),
            )
            return Call(
                model=given["model"],
                messages=given["messages"],
                params=params,
                settings=settings,
                credential=credential(settings, self.prefix, self.secrets, self.optional_secrets),
                metadata=litellm_params.get("metadata") or {},
                stream=stream,
                deadline=_now() + settings.timeout,
            ), None
        except VendorError as error:
            return None, error

    async def _cut(self, call: Call) -> AsyncGenerator[Piece, None]:
        """The vendor's pieces within the limits, cut at the client's stop sequences."""
        stop = call.params.get("stop") or []
        stopper = Stopper([stop] if isinstance(stop, str) else list(stop))
        finished = False
        async with aclosing(paced(self.pieces(call), call)) as pieces:
            async for piece in pieces:
                text, stopped = (piece.text, False) if piece.replaces else stopper.feed(piece.text)
                if stopped:
                    yield replace(piece, text=text, finish="stop")
                    return
                yield replace(piece, text=text + (stopper.rest() if piece.finish else ""))
                finished = finished or bool(piece.finish)
        if not finished:
            raise VendorError(Kind.CONNECTION, "the answer broke off before its end")

    def _exception(
        self, failure: VendorError | None, given: Mapping[str, Any], call: Call | None
    ) -> Exception:
        # Raised outside any `except`, so that no traceback carries the network error with its signed URL.
        secrets = [] if call is None else [*call.credential.values(), call.settings.proxy or ""]
        return as_litellm(failure or _too_long(), self.name, str(given.get("model")), secrets)


async def paced(items: AsyncGenerator[T, None], call: Call) -> AsyncGenerator[T, None]:
    """The items, as long as none is late. Raises VendorError, and closes `items` in any case."""
    async with aclosing(items):
        while True:
            try:
                item = await within(anext(items), call)
            except StopAsyncIteration:
                return
            yield item


async def within(work: Awaitable[T], call: Call) -> T:
    """The result of `work`, unless it is silent for too long. Raises VendorError then."""
    idle, left = call.settings.idle_timeout, call.deadline - _now()
    try:
        async with time_limit(min(idle, left)):
            return await work
    except asyncio.TimeoutError:
        pass
    raise VendorError(Kind.TIMEOUT, f"no answer for {idle:g} s") if idle < left else _too_long()


def _too_long() -> VendorError:
    return VendorError(Kind.TIMEOUT, "the request took longer than its timeout")


def _seconds(timeout: Any) -> float:
    if isinstance(timeout, httpx.Timeout):
        timeout = timeout.read
    return float(timeout) if timeout else _DEFAULT_TIMEOUT


def _now() -> float:
    return asyncio.get_running_loop().time()


@lru_cache(maxsize=1)
def _background() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own, for callers that have none."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="one-adapter-providers", daemon=True).start()
    return loop


def _wait(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _background()).result()
