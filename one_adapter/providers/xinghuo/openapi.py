"""Spark's OpenAI-shaped HTTP API, for deployments whose api_base is an http(s) address."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from one_adapter.providers.base import Call
from one_adapter.providers.failure import Kind, VendorError, of_status
from one_adapter.providers.http import Api, is_stream, parse, sse
from one_adapter.providers.piece import Piece, Tokens, ToolCall
from one_adapter.providers.xinghuo.frames import CODES

_ROUTE = "/chat/completions"
_DONE = b"[DONE]"
_SAME = "stream_options"  # the service sends usage anyway and refuses what it does not know


async def answer(call: Call, domain: str) -> AsyncGenerator[Piece, None]:
    """The answer of the HTTP API. The key is the old pair in one, or the newer APIPassword."""
    secret = call.credential
    key = secret["API_PASSWORD"] or f"{secret['API_KEY']}:{secret['API_SECRET']}"
    base = str(call.settings.api_base).rstrip("/").removesuffix(_ROUTE)
    asked = {name: value for name, value in call.params.items() if name != _SAME}
    body = {"model": domain, "messages": call.messages, "stream": call.stream, **asked}
    api = Api(base, key, call.settings, refusal)
    reader = Reader()
    async with api.post(_ROUTE, json=body) as response:
        if not is_stream(response):
            for piece in [*reader.read(parse(await api.content(response))), *reader.end()]:
                yield piece
            return
        async with aclosing(sse(api.read(response))) as events:
            async for data in events:
                ended = data == _DONE
                for piece in reader.end() if ended else reader.read(parse(data)) if data else ():
                    yield piece
                if ended:
                    return


class Reader:
    """Turns the objects of an answer, whole or streamed, into pieces."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, str]] = {}
        self._tokens: Tokens | None = None
        self._finish = ""

    def read(self, data: Mapping[str, Any]) -> list[Piece]:
        """The pieces of one object. Raises VendorError for an error in it or an odd form."""
        if problem := _problem(data):
            raise problem
        try:
            return self._pieces(data)
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        raise VendorError(Kind.GARBAGE, "the service sent an answer of an odd form")

    def end(self) -> list[Piece]:
        """The function calls, which are complete only now, and the last piece."""
        finish = "tool_calls" if self._calls else self._finish or "stop"
        calls = [Piece(tool=ToolCall(**call)) for call in self._calls.values()]
        return [*calls, Piece(finish=finish, tokens=self._tokens)]

    def _pieces(self, data: Mapping[str, Any]) -> list[Piece]:
        identity = str(data.get("id") or data.get("sid") or "")
        pieces = []
        for choice in data.get("choices") or ():
            said = choice.get("delta") or choice.get("message") or {}
            self._finish = choice.get("finish_reason") or self._finish
            text, reasoning = said.get("content") or "", said.get("reasoning_content") or ""
            pieces.append(Piece(text, reasoning, id=identity))
            self._learn(said.get("tool_calls") or ())
        if usage := data.get("usage"):
            prompt, completion = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
            self._tokens = Tokens(prompt, completion, int(usage.get("total_tokens") or prompt + completion))
        return pieces

    def _learn(self, calls: Any) -> None:
        for place, call in enumerate([calls] if isinstance(calls, Mapping) else calls):
            new = {"id": f"call_{uuid4().hex[:24]}", "name": "", "arguments": ""}
            known = self._calls.setdefault(int(call.get("index", place)), new)
            function = call.get("function") or {}
            known["id"] = str(call.get("id") or known["id"])
            known["name"] += function.get("name") or ""
            known["arguments"] += function.get("arguments") or ""


def _problem(data: Mapping[str, Any]) -> VendorError | None:
    error = data.get("error")
    if isinstance(error, Mapping):
        return _coded(error.get("code"), str(error.get("message")), Kind.INTERNAL)
    if data.get("code"):
        return _coded(data["code"], str(data.get("message")), Kind.INTERNAL)
    return None


def _coded(code: Any, text: str, otherwise: Kind) -> VendorError:
    number = int(code) if str(code).isdigit() else 0
    return VendorError(CODES.get(number, otherwise), text, code)


def refusal(status: int, content: bytes) -> VendorError:
    """The error for an HTTP error answer."""
    try:
        data = parse(content)
    except VendorError:
        data = {}
    error = data.get("error")
    told = error if isinstance(error, Mapping) else data
    code = told.get("code")
    return _coded(
        status if code is None else code, str(told.get("message") or f"HTTP {status}"), of_status(status)
    )
