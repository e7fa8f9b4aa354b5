"""One worker's membership among those that share a Redis: its connection, its name, its heartbeat.

While Redis is away each worker goes by itself, and each second it is looked whether that is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from one_adapter.language import tr, translated
from one_adapter.runtime.shared.connection import (
    ANSWER_SECONDS,
    LIMITS,
    Answered,
    Link,
    Lost,
    Script,
    connect,
)
from one_adapter.runtime.shared.pulse import Pulse
from one_adapter.runtime.shared.waiting import MICROSECONDS

log = logging.getLogger("one_adapter.shared")


@dataclass(frozen=True)
class Times:
    """Seconds: how long a worker counts as alive after each heartbeat, and how often that comes (0: never).

    `minute`: a window of limits, a little longer than it is said to be, because those who wait are woken
    some milliseconds apart; `pause`: between two looks at Redis while it is away; `tick` and `least`: the
    longest and the shortest between two looks at a queue; `first`: how long the first requests wait for it;
    `patience`: after how long without an answer it counts as away.
    """

    lease: float = 6.0
    beat: float = 1.5
    minute: float = 60.25
    pause: float = 1.0
    tick: float = 1.0
    least: float = 0.001
    first: float = 0.25
    patience: float = ANSWER_SECONDS


class Member(Protocol):
    """What one worker keeps in Redis, and by itself while that is away."""

    def lost(self) -> None:
        """Redis is away: go on alone."""

    def back(self) -> None:
        """Redis is there, again or for the first time: tell it what it has to know."""

    def gone(self) -> None:
        """Redis has taken this worker for dead and given its places away: tell it otherwise."""


class Membership:
    """One worker among several; `link` is None while Redis is away."""

    def __init__(
        self, url: str, name: str, times: Times | None = None, clock: Callable[[], int] | None = None
    ) -> None:
        """Take the URL of Redis and the name under which things are shared.

        `clock` gives microseconds, in tests that make their own time; Redis' clock counts otherwise.
        """
        self.times = times or Times()
        self.key = f"{{oa:{name}}}"
        self.worker = secrets.token_hex(6)
        #: How many were alive when it was last looked, this one included.
        self.workers = 1
        self.link: Link | None = None
        self.members: list[Member] = []
        #: Who is told what is published to all, and to this worker alone.
        self.events: list[Callable[[str], None]] = []
        self.letters: list[Callable[[str], None]] = []
        self._url, self._clock = url, clock
        self._first = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pulse: Pulse | None = None
        self._away = self._looked = False

    def run(self, answered: Answered | None, script: Script, operation: str, *words: Any) -> None:
        """Ask for an operation of a script; while Redis is away `answered` gets a `Lost`."""
        if self.link is not None:
            self.link.call(answered, "EVALSHA", script.sha, 1, *self.words(operation), *words)
        elif answered is not None:
            asyncio.get_running_loop().call_soon(answered, Lost("away"))

    async def ready(self) -> Link | None:
        """The connection; the first requests wait for it a moment."""
        if self.link is None and not self._first.is_set():
            self.start()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._first.wait(), self.times.first)
            self._first.set()
        return self.link

    def start(self) -> None:
        """Begin to look for Redis; again does nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def close(self) -> None:
        """Leave: what this worker holds is given back."""
        if self._pulse is not None:
            self._pulse.stop()
        while self._task is not None and not self._task.done():  # a client may swallow a cancellation
            self._task.cancel()
            await asyncio.wait([self._task], timeout=self.times.pause)
        if self.link is not None:
            link = self.link
            with contextlib.suppress(Lost):
                await link.ask_script(LIMITS, *self.words("leave"), 0)
            link.on_end = None
            link.close()
            self.link = None

    def words(self, operation: str) -> tuple[Any, ...]:
        """How each call of a script begins."""
        return self.key, operation, self.worker, self._clock() if self._clock is not None else 0

    async def connect(self, *channels: str) -> Link:
        """Open a connection to where the keys are; raises `Lost`."""
        return await connect(self._url, f"{self.key}:w", self._heard, channels, self.times.patience)

    async def beat(self, link: Link) -> tuple[int, int]:
        """Say that this worker is alive; return whether it was known, and how many are alive."""
        lease = int(self.times.lease * MICROSECONDS)
        known, workers = await link.ask_script(LIMITS, *self.words("beat"), 0, lease)
        return known, workers

    def beaten(self, known: int, workers: int) -> None:
        """Take note of what a heartbeat was answered."""
        self.workers = max(1, workers)
        if not known and self.link is not None:
            log.warning(
                "one-adapter: %s",
                translated(
                    tr("This worker was not heard of for too long, so that its places were given away.")
                ),
            )
            for member in self.members:
                member.gone()

    async def _keep(self) -> None:
        """Keep a connection for ever; once there was none, it has to be good twice before it counts."""
        while True:
            try:
                link = await self._try(2 if self._away else 1)
            except Lost as lost:
                self._tell(str(lost))
                self._first.set()
                await asyncio.sleep(self.times.pause)
            else:
                self._begin(link)
                await asyncio.shield(link.ended)

    async def _try(self, needed: int) -> Link:
        """A connection that has answered so many heartbeats; raises `Lost`."""
        link = await self.connect(f"{self.key}:to:{self.worker}", f"{self.key}:e")
        try:
            for number in range(needed):
                if number:
                    await asyncio.sleep(self.times.pause)
                _, self.workers = await self.beat(link)
        except BaseException:
            link.close()
            raise
        return link

    def _begin(self, link: Link) -> None:
        self.link = link
        link.on_end = self._lose
        if self._away:
            self._away = False
            log.warning("one-adapter: %s", translated(tr("Redis is back: limits are shared again.")))
        for member in self.members:
            member.back()
        if not self._looked:
            self._looked = True
            link.call(_look_at_settings, "CONFIG", "GET", "maxmemory*")
        if self._pulse is None and self.times.beat:
            self._pulse = Pulse(self, self.times.beat)
        self._first.set()

    def _lose(self, why: str) -> None:
        self.link = None
        self._tell(why)
        for member in self.members:
            member.lost()

    def _tell(self, why: str) -> None:
        """Say that Redis is away, once for each time that it is."""
        if not self._away:
            told = tr(
                "Redis is away ({reason}): each process keeps to its part of limits till it is back.",
                reason=why,
            )
            log.warning("one-adapter: %s", translated(told))
        self._away = True

    def _heard(self, channel: bytes, message: bytes) -> None:
        told = self.events if channel.endswith(b":e") else self.letters
        for tell in told:
            tell(message.decode())


def _look_at_settings(found: Any) -> None:
    """Warn of a Redis that may throw away what it is to keep; one that does not tell is left alone."""
    if isinstance(found, Lost):
        return
    policy = found.get(b"maxmemory-policy", b"").decode()
    if found.get(b"maxmemory", b"0") != b"0" and policy != "noeviction":
        told = tr(
            "Redis may drop what is shared when it is full: its maxmemory-policy is {policy}.", policy=policy
        )
        log.warning("one-adapter: %s", translated(told))
