"""One request on its way: what the conversation and the ways tell each other.

LiteLLM's hooks find it through a context variable, which every task that LiteLLM starts for it inherits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.outcome import Outcome, is_answer, of_status
from one_adapter.runtime.gateway.settings import Policy
from one_adapter.runtime.json_object import JsonObject


@dataclass(eq=False)
class Request:
    """What is known of one LLM request; times are the event loop's, in seconds.

    It keeps the configuration it came in under to its end. `reached`: the upstream has been asked;
    `began`: the client has been sent something; `ended`: it has been sent all. Who needs a moment to end
    its call when the client leaves sets `grace`, in seconds.
    """

    kind: str
    client: Client
    body: JsonObject
    config: Config
    started: float
    client_model: str = ""
    group: str = ""
    choice: Choice | None = None
    status: int = 0
    reached: bool = False
    answer: bytes = b""
    began: bool = False
    ended: bool = False
    failed_midway: bool = False
    refused: bool = False
    left: bool = False
    expired: bool = False
    heard: Any = None
    grace: float = 0.0
    task: asyncio.Task[Any] | None = None
    timer: asyncio.TimerHandle | None = None
    release: Callable[[], None] | None = None
    _gone: asyncio.Event | None = None
    streams: bool = field(init=False)

    def __post_init__(self) -> None:
        """Read from the body whether a stream is asked for."""
        self.streams = self.body.fields.get("stream") is True and self.kind != "embeddings"

    @property
    def policy(self) -> Policy:
        """The chosen deployment."""
        assert self.choice is not None
        return self.choice.policy

    def start_clock(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """End the request `seconds` after its start, unless it has ended by then; 0 is never."""
        if seconds > 0 and self.task is not None:
            self.timer = loop.call_at(self.started + seconds, self._expire)

    def _expire(self) -> None:
        self.expired = True
        if self.task is not None:
            self.task.cancel()

    async def until_gone(self) -> None:
        """Wait until the client has left."""
        if self._gone is None:
            self._gone = asyncio.Event()
        if not self.left:
            await self._gone.wait()

    def leave(self) -> None:
        """Note that the client is gone, and end what is done for it."""
        if not self.ended and not self.left:
            self.left = True
            if self._gone is not None:
                self._gone.set()
            if self.task is not None and self.grace:
                self._stop_clock()
                self.timer = asyncio.get_running_loop().call_later(self.grace, self.task.cancel)
            elif self.task is not None:
                self.task.cancel()

    def _stop_clock(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def close(self) -> None:
        """Give the place in the limits back and stop the clock; may be called again."""
        self._stop_clock()
        if self.release is not None:
            self.release()
            self.release = None

    @property
    def outcome(self) -> Outcome:
        """How the request ended."""
        if self.expired:
            return Outcome.EXPIRED
        if self.left:
            return Outcome.LEFT
        if self.failed_midway:
            return Outcome.UPSTREAM_FAULT
        if self.refused or not self.reached or not self.status:
            return Outcome.REFUSED
        found = of_status(self.status)
        return Outcome.REFUSED if found.verdict is False and is_answer(self.answer) else found


current: ContextVar[Request | None] = ContextVar("one_adapter_request", default=None)
