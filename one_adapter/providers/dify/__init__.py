"""Dify's chat, agent and chatflow apps, as the LiteLLM provider `dify/<any label>`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx

from one_adapter.providers.base import Call, Provider
from one_adapter.providers.dify.events import Reader, blocking, http_failure, parse, sse
from one_adapter.providers.dify.request import TRANSCRIPT, Upload, base_url, body, end_user, pictures
from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.network import explain, http_client, time_limit
from one_adapter.providers.piece import Piece
from one_adapter.providers.settings import ignore_or_refuse

__all__ = ["Dify", "handler"]

_STOPPING = 5.0  # seconds for telling Dify that nobody listens any more
_CANNOT = {
    "n": "Dify gives one answer",
    "response_format": "the app decides the form of its answer",
    "tools": "the app has its own tools",
    "functions": "the app has its own tools",
    "logprobs": "Dify gives no log probabilities",
}


class Dify(Provider):
    """The provider. The key decides the app and the app its model, so the model name is only a label."""

    name = "dify"
    prefix = "DIFY"
    secrets = ("API_KEY",)
    options = frozenset({"history", "response_mode", "default_user"})

    def __init__(self) -> None:
        super().__init__()
        self._stops: set[asyncio.Task[None]] = set()

    async def pieces(self, call: Call) -> AsyncGenerator[Piece, None]:
        """The answer, event by event. The app is told to stop when the client goes away."""
        ignore_or_refuse(call.params, _CANNOT, call.settings)
        values = call.settings.values
        api = _Api(call)
        history = str(values.get("history", TRANSCRIPT))
        user = end_user(call.params, call.metadata, values.get("default_user"))
        request = body(call.messages, call.params, call.metadata, history, user)
        request["response_mode"] = str(values.get("response_mode", "streaming"))
        files = await api.files(pictures(call.messages, history), user)
        if files:
            request["files"] = [*request.get("files", ()), *files]
        reader = Reader(call.stream)
        try:
            async with api.post("/chat-messages", json=request) as response:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    reader.ended = True
                    yield blocking(parse(await api.content(response)))
                    return
                async with aclosing(sse(api.read(response))) as events:
                    async for event in events:
                        yield reader.read(event)
                        if reader.ended:
                            return
            yield reader.close()
        finally:
            if reader.task_id and not reader.ended:
                self._leave(api, reader.task_id, user)

    def _leave(self, api: _Api, task_id: str, user: str) -> None:
        task = asyncio.get_running_loop().create_task(api.stop(task_id, user))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)


class _Api:
    """The calls to one app."""

    def __init__(self, call: Call) -> None:
        self._base = base_url(call.settings.api_base)
        self._headers = {"Authorization": f"Bearer {call.credential['API_KEY']}"}
        self._connect = call.settings.connect_timeout
        self._client = http_client(call.settings.proxy).client

    @asynccontextmanager
    async def post(self, route: str, **content: Any) -> AsyncIterator[httpx.Response]:
        """The answer to a POST, not yet read. Raises VendorError for any failure."""
        response = await self._send(route, content)
        try:
            if not response.is_success:
                raise http_failure(response.status_code, await self.content(response))
            yield response
        finally:
            await response.aclose()

    async def _send(self, route: str, content: Any) -> httpx.Response:
        timeout = httpx.Timeout(None, connect=self._connect)
        try:
            request = self._client.build_request(
                "POST", self._base + route, headers=self._headers, timeout=timeout, **content
            )
            response: httpx.Response = await self._client.send(request, stream=True)
            return response
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            problem = explain(error, self._connect)
        raise problem

    async def read(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The answer's bytes as they come. Raises VendorError when the connection breaks."""
        problem = None
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except (httpx.HTTPError, OSError) as error:
            problem = explain(error, self._connect)
        if problem is not None:
            raise problem

    async def content(self, response: httpx.Response) -> bytes:
        """All of the answer's bytes. Raises VendorError when the connection breaks."""
        return b"".join([chunk async for chunk in self.read(response)])

    async def files(self, found: list[str | Upload], user: str) -> list[dict[str, str]]:
        """Dify's references to pictures; inline ones are uploaded first."""
        out = []
        for picture in found:
            entry = {"type": "image", "transfer_method": "remote_url"}
            if isinstance(picture, Upload):
                entry |= {
                    "transfer_method": "local_file",
                    "upload_file_id": await self._upload(picture, user),
                }
            else:
                entry["url"] = picture
            out.append(entry)
        return out

    async def _upload(self, picture: Upload, user: str) -> str:
        name = f"picture.{picture.media_type.rpartition('/')[2]}"
        content = {"files": {"file": (name, picture.data, picture.media_type)}, "data": {"user": user}}
        async with self.post("/files/upload", **content) as response:
            answer = parse(await self.content(response))
        if not answer.get("id"):
            raise VendorError(Kind.GARBAGE, "the upload of a picture gave no id")
        return str(answer["id"])

    async def stop(self, task_id: str, user: str) -> None:
        """Tell Dify to end a generation; whether it hears is not the client's concern any more."""
        with contextlib.suppress(VendorError, asyncio.TimeoutError):
            async with (
                time_limit(_STOPPING),
                self.post(f"/chat-messages/{task_id}/stop", json={"user": user}),
            ):
                pass


handler = Dify()
