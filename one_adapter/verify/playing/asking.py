"""Asking a server, and hearing what it asks of its vendors: both are found again by a request's words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any

from one_adapter.runtime.dryrun.echo import Answering, EchoServer, start
from one_adapter.runtime.dryrun.heard import Heard, Said
from one_adapter.verify.playing.answer_facts import Answer
from one_adapter.verify.playing.clock import now
from one_adapter.verify.playing.probes import TOOL, Probe

if TYPE_CHECKING:
    import aiohttp

#: The words of a request, and no others.
_WORDS = re.compile(r"verification-\d+")
_NUMBERS = count(1)
#: Seconds for an answer; a limit that makes a request wait is none of a probe's business.
LONGEST_ANSWER_SECONDS = 25.0
HOLD_SECONDS = 0.02


class Ear:
    """The echo that stands in for every vendor, and what it has heard: calls by the words in them."""

    def __init__(self, begin: Callable[[Answering], EchoServer] = start) -> None:
        """Start to listen, in a thread of its own unless `begin` makes the server otherwise."""
        self.calls: dict[str, list[Heard]] = {}
        #: The same with the moment at which each came, by the clock of its loop.
        self.moments: dict[str, list[tuple[float, Heard]]] = {}
        self.held: set[str] = set()
        self._server = begin(self._answer)

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """The same as an address, without a slash at its end."""
        return self._server.base_url

    def stop(self) -> None:
        """Listen no longer."""
        self.held.clear()
        self._server.stop()

    def take(self, words: str) -> list[Heard]:
        """The calls with these words, which are forgotten with it."""
        return self.calls.pop(words, [])

    async def _answer(self, call: Heard) -> Said:
        found = _WORDS.search(call.raw)
        words = found.group() if found else ""
        self.calls.setdefault(words, []).append(call)
        self.moments.setdefault(words, []).append((now(), call))
        while words in self.held:  # noqa: ASYNC110
            await asyncio.sleep(HOLD_SECONDS)  # it is let go by another thread
        wants_tool = f'"{TOOL.name}"' in call.raw
        return Said(words, TOOL if wants_tool else None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request's words and body, its answer, and what the vendors were asked for it."""

    words: str
    answer: Answer
    calls: tuple[Heard, ...]
    body: Mapping[str, Any] = field(default_factory=dict)


class Asker:
    """A client of one server."""

    def __init__(self, base_url: str, ear: Ear, at_once: int = 16) -> None:
        """Take the server's address, without a slash at its end, and who hears its calls."""
        self.base_url = base_url
        self.ear = ear
        self.requests = 0
        self._at_once = at_once
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Asker:
        """Open the connections."""
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=LONGEST_ANSWER_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        assert self._session is not None
        await self._session.close()

    def new_words(self) -> str:
        """Words that no other request has."""
        return f"verification-{next(_NUMBERS):06d}"

    async def probe(
        self, probe: Probe, model: str, key: str, words: str = "", more: Mapping[str, Any] | None = None
    ) -> Exchange:
        """Ask one question of a name; `more` are further fields of the body."""
        words = words or self.new_words()
        body = {**probe.body(model, words), **(more or {})}
        answer = await self.post(probe.path, body, key)
        return Exchange(words, answer, tuple(self.ear.take(words)), body)

    async def post(self, path: str, body: Mapping[str, Any], key: str) -> Answer:
        """Post a body, with the key in the header that every route takes; "" for none."""
        return await self._ask("POST", path, key, body)

    async def get(self, path: str, key: str) -> Answer:
        """What is at a path."""
        return await self._ask("GET", path, key, None)

    async def _ask(self, method: str, path: str, key: str, body: Mapping[str, Any] | None) -> Answer:
        import aiohttp

        assert self._session is not None
        self.requests += 1
        headers = {"authorization": f"Bearer {key}"} if key else {}
        try:
            async with self._session.request(
                method, f"{self.base_url}{path}", json=body, headers=headers, allow_redirects=False
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
                return Answer(answer.status, answer.headers.get("content-type", ""), text)
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return Answer(0)
