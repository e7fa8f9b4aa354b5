"""HTTP calls to a vendor's API: errors as VendorError, answers read as they come."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.network import explain, http_client
from one_adapter.providers.settings import Settings

Refusal = Callable[[int, bytes], VendorError]
EVENTS = "text/event-stream"


class Api:
    """POSTs below one base URL. `refusal` makes the error of an answer with an error status."""

    def __init__(self, base: str, key: str, settings: Settings, refusal: Refusal) -> None:
        self._base = base
        self._headers = {"Authorization": f"Bearer {key}"}
        self._connect = settings.connect_timeout
        self._shared = http_client(settings.proxy)
        self._refusal = refusal

    @asynccontextmanager
    async def post(self, route: str, **content: Any) -> AsyncIterator[httpx.Response]:
        """The answer to a POST, not yet read. Raises VendorError for any failure."""
        response = await self._send(route, content)
        try:
            if not response.is_success:
                raise self._refusal(response.status_code, await self.content(response))
            yield response
        finally:
            await response.aclose()

    async def _send(self, route: str, content: Any) -> httpx.Response:
        timeout = httpx.Timeout(None, connect=self._connect)
        client = self._shared.client
        try:
            request = client.build_request(
                "POST", self._base + route, headers=self._headers, timeout=timeout, **content
            )
            response: httpx.Response = await client.send(request, stream=True)
            return response
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            problem = explain(error, self._connect)
        raise problem

    async def read(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The answer's bytes as they come. Raises VendorError when the connection breaks."""
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
            return
        except (httpx.HTTPError, OSError) as error:
            problem = explain(error, self._connect)
        raise problem

    async def content(self, response: httpx.Response) -> bytes:
        """All of the answer's bytes. Raises VendorError when the connection breaks."""
        return b"".join([chunk async for chunk in self.read(response)])


def is_stream(response: httpx.Response) -> bool:
    """Whether the answer is an event stream."""
    return str(response.headers.get("content-type", "")).startswith(EVENTS)


async def sse(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The data of each server-sent event; empty for one without data, such as a ping."""
    pending, data = b"", b""
    async for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        for raw in lines:
            line = raw.rstrip(b"\r")
            if line.startswith(b"data:"):
                data += line[len(b"data:") :].strip()
            elif not line:
                yield data
                data = b""
    if data := data + pending.removeprefix(b"data:").strip():
        yield data


def parse(data: bytes) -> Mapping[str, Any]:
    """One JSON object. Raises VendorError for anything else."""
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if isinstance(value, Mapping):
        return value
    raise VendorError(Kind.GARBAGE, "the service sent an answer that is not JSON")
