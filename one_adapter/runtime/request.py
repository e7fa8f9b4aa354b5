"""One request on its way: what the door, the callback and the endpoints tell each other.

A `Request` is found through a context variable, which every task that LiteLLM starts for the
request inherits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from one_adapter.runtime.access import Client
from one_adapter.runtime.settings import Policy


@dataclass
class Request:
    """What is known of one LLM request; times are the event loop's.

    `failure` is what the direct way's call ended with, for LiteLLM's own way to answer; `logging` is
    the object in which LiteLLM describes the call; `reached` tells that the upstream was called, and
    `answer` is the good whole answer it gave.
    """

    kind: str
    client: Client
    body: dict[str, Any]
    started: float
    client_model: str = ""
    group: str = ""
    policy: Policy | None = None
    probe: bool = False
    admitted: bool = False
    refused: bool = False
    reached: bool = False
    answer: bytes = b""
    retry_after: float | None = None
    status: int = 0
    failed_midway: bool = False
    left: bool = False
    ended: bool = False
    expired: bool = False
    failure: Exception | None = None
    logging: Any = None
    task: asyncio.Task[Any] | None = None
    timer: asyncio.TimerHandle | None = None
    releases: list[Callable[[], None]] = field(default_factory=list)

    def arm(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """End the request `seconds` after its start, unless it has ended by then."""
        if self.timer is None and self.task is not None:
            self.timer = loop.call_at(self.started + seconds, self._expire)

    def _expire(self) -> None:
        self.expired = True
        if self.task is not None:
            self.task.cancel()

    def close(self) -> None:
        """Give back every place taken and stop the clock; may be called again."""
        if self.timer is not None:
            self.timer.cancel()
        while self.releases:
            self.releases.pop()()


current: ContextVar[Request | None] = ContextVar("one_adapter_request", default=None)
