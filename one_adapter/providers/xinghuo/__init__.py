"""iFlytek Spark over its websocket protocol, as the LiteLLM provider `xinghuo/<model>`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timezone
from typing import Any, TypeAlias

import aiohttp

from one_adapter.providers.base import Call, Provider
from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.network import explain, session, time_limit
from one_adapter.providers.piece import Piece
from one_adapter.providers.settings import ignore_or_refuse
from one_adapter.providers.xinghuo import openapi
from one_adapter.providers.xinghuo.frames import (
    ANSWER_BLOCKED,
    CHAT_PARAMETERS,
    Frame,
    failure,
    read_frame,
    refusal,
    request_frame,
    token_limit,
)
from one_adapter.providers.xinghuo.models import Engine, engine
from one_adapter.providers.xinghuo.signing import signed_url

__all__ = ["Xinghuo", "handler"]

Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[Any]"

_CLOSING = 0.5  # seconds that a closing handshake may take
_LARGEST_FRAME_BYTES = 16 << 20
_BODY_SHOWN = 300  # bytes of a refusal
_SWITCHING = 101  # the HTTP status that opens a websocket
_CANNOT = {
    "n": "Spark gives one answer",
    "response_format": "Spark has no response format",
    "logprobs": "Spark gives no log probabilities",
}


def _utc() -> datetime:
    return datetime.now(timezone.utc)


class Xinghuo(Provider):
    """The provider. One connection per request; closing it cancels the generation.

    `clock` gives the time that is signed, so that a test can hold it still.
    """

    name = "xinghuo"
    prefix = "XINGHUO"
    secrets = ("APPID", "API_KEY", "API_SECRET")
    optional_secrets = ("API_PASSWORD",)
    options = frozenset({"domain", "uid", "patch_id"})
    fields = frozenset(CHAT_PARAMETERS) - {
        "auditing"
    }  # how strictly is looked at what is said: the operator's

    def __init__(self, clock: Callable[[], datetime] = _utc) -> None:
        super().__init__()
        self._clock = clock

    async def pieces(self, call: Call) -> AsyncGenerator[Piece, None]:
        """The answer: over the websocket, or over HTTP where api_base is an http(s) address."""
        values = call.settings.values
        target = engine(call.model, call.settings.api_base, values.get("domain"))
        over_http = target.url.startswith("http")
        answer = openapi.answer(call, target.domain) if over_http else self._frames(call, target)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece

    async def _frames(self, call: Call, target: Engine) -> AsyncGenerator[Piece, None]:
        """The answer, frame by frame."""
        values = call.settings.values
        cannot = _CANNOT if target.functions else {**_CANNOT, "tools": f"{call.model} has no functions"}
        ignore_or_refuse(call.params, cannot, call.settings)
        params = dict(call.params) if target.functions else _without_tools(call.params)
        frame = request_frame(call.credential["APPID"], target, call.messages, params, values)
        given = called = False
        async with self._dialled(call, target, frame) as socket:
            while True:
                answer = await _frame(socket)
                if answer.code == ANSWER_BLOCKED and given and call.stream:
                    yield Piece(finish="content_filter", tokens=answer.tokens, id=answer.id)
                    return
                if answer.code:
                    raise failure(answer)
                for piece in answer.pieces:
                    given = given or bool(piece.text or piece.reasoning)
                    called = called or piece.tool is not None
                    yield piece
                if answer.last:
                    yield Piece(finish=_finish(answer, called, params), tokens=answer.tokens, id=answer.id)
                    return

    @asynccontextmanager
    async def _dialled(self, call: Call, target: Engine, frame: Any) -> AsyncIterator[Socket]:
        """The open websocket, the request on its way. Raises VendorError, never with the signed URL."""
        secret = call.credential
        url = signed_url(target.url, secret["API_KEY"], secret["API_SECRET"], self._clock())
        async with session(call.settings.proxy, middlewares=(_refused,)) as client:
            socket = await _dial(client, url, frame, call.settings.connect_timeout)
            try:
                yield socket
            finally:
                await socket.close()


async def _dial(client: aiohttp.ClientSession, url: str, frame: Any, limit: float) -> Socket:
    timeout = aiohttp.ClientWSTimeout(ws_receive=None, ws_close=_CLOSING)
    try:
        async with time_limit(limit):
            socket = await client.ws_connect(url, timeout=timeout, max_msg_size=_LARGEST_FRAME_BYTES)
            await socket.send_json(frame)
            return socket
    except (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError) as error:
        problem = explain(error, limit)
    raise problem


async def _refused(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Raise for a handshake that is answered with an ordinary response; aiohttp drops its text."""
    response = await send(request)
    if response.status == _SWITCHING:
        return response
    body = (await response.content.read(_BODY_SHOWN)).decode("utf-8", "replace")
    response.close()
    raise refusal(response.status, body)


async def _frame(socket: Socket) -> Frame:
    message = await socket.receive()
    if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        return read_frame(message.data)
    raise VendorError(Kind.CONNECTION, f"the service closed the connection early ({socket.close_code})")


def _without_tools(params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in ("tools", "functions")}


def _finish(answer: Frame, called: bool, params: Any) -> str:
    if called:
        return "tool_calls"
    limit = token_limit(params)
    # The protocol has no mark for a cut answer; one that fills its limit exactly was cut.
    return "length" if limit and answer.tokens and answer.tokens.completion >= limit else "stop"


handler = Xinghuo()
