"""Dify's chat, agent and chatflow apps, as the LiteLLM provider `dify/<any label>`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from one_adapter.providers.base import Call, Provider
from one_adapter.providers.dify.events import Reader, blocking, http_failure
from one_adapter.providers.dify.request import TRANSCRIPT, Upload, base_url, body, end_user, pictures
from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.http import Api, is_stream, parse, sse
from one_adapter.providers.network import time_limit
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
    fields = frozenset(
        {"inputs", "files", "conversation_id", "auto_generate_name", "workflow_id", "trace_id"}
    )

    def __init__(self) -> None:
        super().__init__()
        self._stops: set[asyncio.Task[None]] = set()

    async def pieces(self, call: Call) -> AsyncGenerator[Piece, None]:
        """The answer, event by event. The app is told to stop when the client goes away."""
        ignore_or_refuse(call.params, _CANNOT, call.settings)
        values = call.settings.values
        app = _App(call)
        history = str(values.get("history", TRANSCRIPT))
        user = end_user(call.params, call.metadata, values.get("default_user"))
        request = body(call.messages, call.params, call.metadata, history, user)
        request["response_mode"] = str(values.get("response_mode", "streaming"))
        files = await app.files(pictures(call.messages, history), user)
        if files:
            request["files"] = [*request.get("files", ()), *files]
        reader = Reader(call.stream)
        try:
            async with app.api.post("/chat-messages", json=request) as response:
                if not is_stream(response):
                    reader.ended = True
                    yield blocking(parse(await app.api.content(response)))
                    return
                async with aclosing(sse(app.api.read(response))) as events:
                    async for data in events:
                        yield reader.read(parse(data) if data else {})
                        if reader.ended:
                            return
            yield reader.close()
        finally:
            if reader.task_id and not reader.ended:
                self._leave(app, reader.task_id, user)

    def _leave(self, app: _App, task_id: str, user: str) -> None:
        task = asyncio.get_running_loop().create_task(app.stop(task_id, user))
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)


class _App:
    """The calls to one app."""

    def __init__(self, call: Call) -> None:
        base = base_url(call.settings.api_base)
        self.api = Api(base, call.credential["API_KEY"], call.settings, http_failure)

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
        async with self.api.post("/files/upload", **content) as response:
            answer = parse(await self.api.content(response))
        if not answer.get("id"):
            raise VendorError(Kind.GARBAGE, "the upload of a picture gave no id")
        return str(answer["id"])

    async def stop(self, task_id: str, user: str) -> None:
        """Tell Dify to end a generation; whether it hears is not the client's concern any more."""
        route = f"/chat-messages/{task_id}/stop"
        with contextlib.suppress(VendorError, asyncio.TimeoutError):
            async with time_limit(_STOPPING), self.api.post(route, json={"user": user}):
                pass


handler = Dify()
