"""One request on its way: what the conversation and the ways tell each other.

LiteLLM's hooks find it through a context variable, which every task that LiteLLM starts for it inherits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from one_adapter.dialect import Dialect
from one_adapter.runtime.entry.asgi import Message
from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.outcome import Outcome, is_answer, of_status
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.gateway.tokens import estimate
from one_adapter.runtime.json_object import JsonObject
from one_adapter.runtime.record.trace import Trace

#: Who is asked before anybody is.
NOBODY = Choice(Policy())


@dataclass(eq=False, slots=True)
class Attempt:
    """One try of a request: the deployment that is asked, and how that went.

    `status`: what the client is to get of it; `reached`: the upstream has been asked; `heard` and `answer`:
    what it said; `refused`: a limit stood before it; `way`: which way it went.
    """

    choice: Choice = NOBODY
    status: int = 0
    reached: bool = False
    heard: Any = None
    answer: bytes = b""
    refused: bool = False
    failed_midway: bool = False
    way: str = ""
    release: Callable[[], None] | None = None

    def close(self) -> None:
        """Give the place in the limits back; may be called again."""
        if self.release is not None:
            self.release()
            self.release = None

    def outcome(self, dialect: Dialect) -> Outcome:
        """How it ended, if it was not ended from outside."""
        if self.failed_midway:
            return Outcome.UPSTREAM_FAULT
        if self.refused or not self.reached or not self.status:
            return Outcome.REFUSED
        if self.status < 400:
            return Outcome.ANSWERED
        found = of_status(self.status, dialect)
        return Outcome.REFUSED if found is Outcome.UPSTREAM_FAULT and is_answer(self.answer) else found


@dataclass(eq=False, slots=True)
class Request:
    """What is known of one LLM request; times are the event loop's, in seconds.

    It keeps the configuration it came in under to its end. `attempt`: the present try; `spare`: another key
    is left for the next; `failed`: the keys that were tried before, with their statuses. `began`: the client
    has been sent something; `ended`: it has been sent all. Who needs a moment to end its call when the client
    leaves sets `grace`, in seconds. `raw_length`: the bytes of a body that may be passed on as it came, where
    LiteLLM would make another of it; 0 for others. `trace`: where the way is noted, if anybody wants to know.
    """

    kind: str
    client: Client
    body: JsonObject
    config: Config
    started: float
    client_model: str = ""
    group: str = ""
    raw_length: int = 0
    attempt: Attempt = field(default_factory=Attempt)
    spare: bool = False
    failed: tuple[tuple[str, int], ...] = ()
    began: bool = False
    ended: bool = False
    left: bool = False
    expired: bool = False
    grace: float = 0.0
    trace: Trace | None = None
    task: asyncio.Task[Any] | None = None
    timer: asyncio.TimerHandle | None = None
    _gone: asyncio.Event | None = None
    _tokens: dict[int, int] | None = None
    streams: bool = field(init=False)

    def __post_init__(self) -> None:
        """Read from the body whether a stream is asked for."""
        self.streams = self.body.fields.get("stream") is True and self.kind != "embeddings"

    @property
    def policy(self) -> Policy:
        """The deployment that is asked."""
        return self.attempt.choice.policy

    def tokens(self, policy: Policy) -> int:
        """What it costs of a limit of tokens before a deployment, by the gateway's estimate."""
        size = self.raw_length if policy.protocol == "responses" else 0
        if self._tokens is None:
            self._tokens = {}
        if size not in self._tokens:
            self._tokens[size] = estimate(self.body.fields, self.kind, size)
        return self._tokens[size]

    @property
    def dialect(self) -> Dialect:
        """The version of the gateway whose decisions hold."""
        return self.config.settings.dialect

    def start_clock(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """End the request `seconds` after its start, unless it has ended by then; 0 is never."""
        if self.timer is not None:
            self.timer.cancel()
        if seconds > 0 and self.task is not None:
            self.timer = loop.call_at(self.started + seconds, self._expire)

    def _expire(self) -> None:
        self.expired = True
        if self.task is not None:
            self.task.cancel()

    async def rest(self) -> Message:
        """Receive what is left of a request whose body was read: that its client has left."""
        if self._gone is None:
            self._gone = asyncio.Event()
        if not self.left:
            await self._gone.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Note that the client is gone, and end what is done for it."""
        if not self.ended and not self.left:
            self.left = True
            if self._gone is not None:
                self._gone.set()
            if self.task is not None and self.grace:
                self.stop_clock()
                self.timer = asyncio.get_running_loop().call_later(self.grace, self.task.cancel)
            elif self.task is not None:
                self.task.cancel()

    def stop_clock(self) -> None:
        """Let time pass; may be called again."""
        if self.timer is not None:
            self.timer.cancel()

    @property
    def outcome(self) -> Outcome:
        """How the present try ended."""
        if self.expired:
            return Outcome.EXPIRED
        return Outcome.LEFT if self.left else self.attempt.outcome(self.config.settings.dialect)

    @property
    def moves_on(self) -> bool:
        """Whether the next key is to be tried, should the present try end as it stands."""
        return self.spare and not self.began and self.outcome is Outcome.UPSTREAM_FAULT


current: ContextVar[Request | None] = ContextVar("one_adapter_request", default=None)
