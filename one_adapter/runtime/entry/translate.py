"""`/translate`, `/v1/translate` and `/v2/translate`: DeepL's shapes over a chat model.

Every text is one chat completion that comes in through the door like any client's, so keys,
limits, order and breakers hold for it too. `/v2` takes a list of texts and asks for a few at a
time.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from one_adapter.runtime.entry.asgi import App, Message, Receive, Scope, Send, answer, read_body
from one_adapter.runtime.entry.reader import read
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.keys import KEY_HEADERS
from one_adapter.runtime.gateway.refusal import Refusal

PATHS = ("/translate", "/v1/translate", "/v2/translate")
#: Texts of one request that are translated at the same time.
TEXTS_AT_ONCE = 4
#: Texts of one request, as many as DeepL takes.
MOST_TEXTS = 50
TEMPLATE = (
    "Translate the text after the line of dashes into the language with the code %s. "
    "Answer with the translation and nothing else.\n---\n%s"
)
#: What a request says, in any case, as the gateway's JSON reader takes it.
FIELDS = frozenset(("text", "source_lang", "target_lang", "stream", "tag_handling"))
PASSED_ON = (*KEY_HEADERS, b"host", b"user-agent")


def prompt(template: str, language: str, text: str) -> str:
    """Fill the first two `%s` of a template with the language and the text.

    >>> prompt("To %s: %s", "DE", "100 %s")
    'To DE: 100 %s'
    """
    parts = (template or TEMPLATE).split("%s", 2)
    fills = [language, text]
    out = parts[0]
    for part, fill in zip(parts[1:], fills, strict=False):
        out += fill + part
    return out if len(parts) == 3 else f"{out}\n{text}"


async def serve(door: App, config: Config, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one translation request."""
    config.keys.admit(scope["headers"])
    body = read(await read_body(scope, receive), FIELDS).fields
    many = scope["path"].startswith("/v2")
    texts: Any = body.get("text")
    language = body.get("target_lang")
    if many and not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
        raise Refusal(400, "The field 'text' must be a list of texts.", "invalid_type", "text")
    if many and len(texts) > MOST_TEXTS:
        told = (
            f"The field 'text' may hold {MOST_TEXTS} texts, not {len(texts)}: send the others by themselves."
        )
        raise Refusal(400, told, "too_many_texts", "text")
    if not many and not (isinstance(texts, str) and texts):
        raise Refusal(400, "The field 'text' must be a text.", "invalid_type", "text")
    if not isinstance(language, str) or not language:
        raise Refusal(400, "The field 'target_lang' must name a language.", "invalid_type", "target_lang")
    wanted = [str(text) for text in (texts if isinstance(texts, list) else [texts])]
    prompts = [prompt(config.settings.translation.prompt_template, language, text) for text in wanted]
    job = _Job(door, config, scope, asyncio.Event())
    watcher = asyncio.create_task(job.watch(receive))
    try:
        if body.get("stream"):
            await _stream(job, prompts, many, send)
            return
        found = await job.all(prompts)
    finally:
        watcher.cancel()
    source = str(body.get("source_lang") or "")
    if many:
        entries = [{"detected_source_language": source, "text": text} for text in found]
        await answer(send, 200, {"translations": entries})
        return
    number = random.randrange(8_000_000_000, 9_000_000_000)  # noqa: S311 - a label, as DeepL's clients expect
    whole = {"code": 200, "data": found[0], "id": number, "method": "Pro"}
    await answer(send, 200, {**whole, "source_lang": source, "target_lang": language})


async def _stream(job: _Job, prompts: list[str], many: bool, send: Send) -> None:
    began = False
    for text in prompts:
        async for delta in job.pieces(text):
            if not began:
                headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                began = True
            entry: dict[str, Any] = {"code": 0, "data": delta, "target_lang": ""}
            if many:
                entry = {"translations": [{"detected_source_language": "", "text": delta}]}
            event = f"data: {json.dumps(entry, ensure_ascii=False)}\n\n".encode()
            await send({"type": "http.response.body", "body": event, "more_body": True})
    if not began:
        raise Refusal(400, "There is nothing to translate.", "invalid_type", "text")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Job:
    """The chat completions of one translation request."""

    def __init__(self, door: App, config: Config, scope: Scope, left: asyncio.Event) -> None:
        self.door, self.rule, self.scope, self.left = door, config.settings.translation, scope, left

    async def watch(self, receive: Receive) -> None:
        """Notice when the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.set()

    async def all(self, prompts: list[str]) -> list[str]:
        """The translations in order; the first failure is the answer to the whole."""
        found = [""] * len(prompts)
        left = iter(enumerate(prompts))

        async def work() -> None:
            for place, text in left:
                found[place] = await self.whole(text)

        workers = min(len(prompts), self.rule.concurrency if self.rule.concurrency > 0 else TEXTS_AT_ONCE)
        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return found

    async def whole(self, text: str) -> str:
        """One translation, asked for again as often as the rule's `retry` says."""
        status, raw = 0, b""
        for _ in range(1 + max(0, self.rule.retry)):
            chunks: list[bytes] = []
            status = await self._call(text, False, _collect(chunks))
            raw = b"".join(chunks)
            if status not in (429, 500, 502, 503, 504):
                break
        if status != 200:
            raise Refusal(status or 502, _message(raw), "translation_failed")
        choices = json.loads(raw).get("choices") or [{}]
        return str((choices[0].get("message") or {}).get("content") or "")

    async def pieces(self, text: str) -> AsyncIterator[str]:
        """The parts of one translation as they come."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def run() -> int:
            try:
                return await self._call(text, True, queue.put)
            finally:
                queue.put_nowait(None)

        task = asyncio.create_task(run())
        rest = b""
        try:
            while (part := await queue.get()) is not None:
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    if line.startswith(b"data: {"):
                        yield _delta(line[6:])
            status = await task
            if status != 200:
                raise Refusal(status or 502, _message(rest), "translation_failed")
        finally:
            task.cancel()

    async def _call(self, text: str, stream: bool, take: Callable[[bytes], Awaitable[None]]) -> int:
        body = {"model": self.rule.model, "messages": [{"role": "user", "content": text}]}
        raw = json.dumps({**body, **({"stream": True} if stream else {})}).encode()
        headers = [(name, value) for name, value in self.scope["headers"] if name in PASSED_ON]
        path = "/v1/chat/completions"
        scope = {**self.scope, "path": path, "raw_path": path.encode(), "headers": headers, "state": {}}
        status = 0
        parts = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Message:
            if parts:
                return parts.pop()
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                await take(message.get("body", b""))

        await self.door(scope, receive, send)
        return status


def _collect(chunks: list[bytes]) -> Callable[[bytes], Awaitable[None]]:
    async def take(chunk: bytes) -> None:
        chunks.append(chunk)

    return take


def _delta(raw: bytes) -> str:
    try:
        choices = json.loads(raw).get("choices") or [{}]
    except ValueError:
        return ""
    return str((choices[0].get("delta") or {}).get("content") or "")


def _message(raw: bytes) -> str:
    try:
        return str(json.loads(raw)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "The translation failed."
