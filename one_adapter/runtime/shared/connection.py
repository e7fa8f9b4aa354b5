"""One connection to Redis on which commands follow each other without waiting for their answers.

redis-py makes it (address, TLS, user, password, database); from then on its bytes are ours, because a command
through a pool of connections costs as much as the rest of a limited request: what is asked in one turn of the
loop is written at once, and hiredis reads what comes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import RedisError

#: Seconds without an answer after which Redis counts as lost, and for which an answer that has come may lie
#: unread when this process was busy.
ANSWER_SECONDS, UNREAD_SECONDS = 0.25, 0.02
#: Seconds that each step of connecting may take.
CONNECT_SECONDS = 1.0
#: What an answer is while there is none; Redis' own may be False or None.
NOTHING_YET = object()
Heard = Callable[[bytes, bytes], None]
Answered = Callable[[Any], None]


class Lost(Exception):  # noqa: N818 - it is a state, not a fault
    """Redis is away, or says that it cannot do what it is asked."""


class Script:
    """One of our scripts, by the name of its file."""

    def __init__(self, name: str) -> None:
        """Read it."""
        self.text = Path(__file__).with_name(f"{name}.lua").read_text("utf-8")
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Link(asyncio.Protocol):
    """The connection, once it is open; `ended` is done when it is no more, with the reason.

    `on_end` is told so first, before those who wait for an answer are.
    """

    def __init__(
        self, connection: AbstractConnection, heard: Heard, patience: float = ANSWER_SECONDS
    ) -> None:
        """Take over an open connection; `heard` gets channel and message of what is published.

        After `patience` seconds without an answer it ends.
        """
        self._patience = patience
        self._connection = connection
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(notEnoughData=NOTHING_YET)
        self._waiting: deque[tuple[Answered | None, tuple[Any, ...]]] = deque()
        self._written: deque[tuple[int, float]] = deque()
        self._buffer: list[bytes] = []
        self._asked = self._answered = 0
        self._timer: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self.on_end: Callable[[str], None] | None = None
        self._transport: asyncio.Transport = connection._writer.transport  # type: ignore[union-attr,assignment]
        self._transport.set_protocol(self)

    @property
    def pending(self) -> int:
        """How many commands have no answer yet."""
        return len(self._waiting)

    def call(self, answered: Answered | None, *words: Any) -> None:
        """Ask; `answered` gets the answer, or a `Lost`, and must not raise."""
        if self.ended.done():
            if answered is not None:
                self._loop.call_soon(answered, Lost(self.ended.result()))
            return
        self._waiting.append((answered, words))
        self._asked += 1
        if not self._buffer:
            self._loop.call_soon(self._flush)
        self._buffer.append(hiredis.pack_command(words))

    def run(self, answered: Answered | None, script: Script, key: str, *words: Any) -> None:
        """Ask for a script on the keys that begin with `key`."""
        self.call(answered, "EVALSHA", script.sha, 1, key, *words)

    async def ask(self, *words: Any) -> Any:
        """Ask and wait; raises `Lost`."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self.call(partial(_settle, answer), *words)
        return await answer

    async def ask_script(self, script: Script, key: str, *words: Any) -> Any:
        """Ask for a script and wait; raises `Lost`."""
        return await self.ask("EVALSHA", script.sha, 1, key, *words)

    async def listen(self, *channels: str) -> None:
        """Have what is published on channels told."""
        self._buffer.append(hiredis.pack_command(("SUBSCRIBE", *channels)))  # type: ignore[arg-type]
        self._loop.call_soon(self._flush)
        await self.ask("PING")

    def close(self, why: str = "closed") -> None:
        """End it; who waits for an answer is told so. Again does nothing."""
        if self.ended.done():
            return
        self.ended.set_result(why)
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()
        self._connection._writer = None
        if self.on_end is not None:
            self.on_end(why)
        waiting, self._waiting = self._waiting, deque()
        for answered, _ in waiting:
            if answered is not None:
                answered(Lost(why))

    def data_received(self, data: bytes) -> None:
        """Hand out the answers and messages that have come."""
        self._reader.feed(data)
        try:
            while (found := self._reader.gets()) is not NOTHING_YET:
                if isinstance(found, hiredis.PushNotification):
                    if found[0] == b"message":
                        self._heard(found[1], found[2])
                else:
                    self._answer(found)
                if self.ended.done():
                    return
        except hiredis.ProtocolError:
            self.close("the answer is not Redis'")

    def connection_lost(self, problem: Exception | None) -> None:
        """Tell those who wait that the connection has ended."""
        self.close(_reason(problem) if problem is not None else "the connection was closed")

    def _answer(self, found: Any) -> None:
        answered, words = self._waiting.popleft() if self._waiting else (None, ())
        self._answered += 1
        if isinstance(found, hiredis.ReplyError):
            text = str(found)
            if text.startswith("NOSCRIPT") and words[0] == "EVALSHA":
                script = SCRIPTS[words[1]]
                self.call(answered, "EVAL", script.text, *words[2:])
                return
            if words and words[0] == "CONFIG":  # a managed Redis keeps its settings to itself
                if answered is not None:
                    answered(Lost(text))
                return
            self._waiting.appendleft((answered, words))
            self.close(f"it answered: {text}")
        elif answered is not None:
            answered(found)

    def _flush(self) -> None:
        if self.ended.done() or not self._buffer:
            return
        self._transport.write(b"".join(self._buffer))
        self._buffer = []
        now = self._loop.time()
        self._written.append((self._asked, now))
        if self._timer is None:
            self._timer = self._loop.call_at(now + self._patience, self._look)

    def _look(self, unread: bool = False) -> None:
        """End the connection where the oldest command is without an answer for too long."""
        self._timer = None
        written = self._written
        while written and written[0][0] <= self._answered:
            written.popleft()
        if not written:
            return
        due = written[0][1] + self._patience
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
        elif unread:
            self.close(f"no answer within {self._patience} s")
        else:
            self._timer = self._loop.call_later(UNREAD_SECONDS, self._look, True)


SCRIPTS = {script.sha: script for script in map(Script, ("limits", "breakers"))}
LIMITS, BREAKERS = SCRIPTS.values()


def _made(url: str, seconds: float, elsewhere: dict[str, Any]) -> AbstractConnection:
    """A connection of redis-py's as a URL says, but for `elsewhere`; raises `Lost` for a wrong URL."""
    usual = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    try:
        told: dict[str, Any] = {**usual, **parse_url(url), **elsewhere}
        kind: type[AbstractConnection] = told.pop("connection_class", Connection)
        return kind(**{**told, "protocol": 3})  # what is published comes on the same connection
    except (ValueError, TypeError, AttributeError, RedisError):  # their words may be a part of the password
        raise Lost("its URL says something that no connection can be made of") from None


async def connect(
    url: str, key: str, heard: Heard, channels: Sequence[str] = (), patience: float = ANSWER_SECONDS
) -> Link:
    """Open a connection to the server that has `key`, in a cluster to that one of several.

    Raises `Lost` where that fails, or takes too long.
    """
    seconds = max(CONNECT_SECONDS, patience)
    elsewhere: dict[str, Any] = {}
    for _ in range(2):
        connection = _made(url, seconds, elsewhere)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except (RedisError, OSError, asyncio.TimeoutError) as problem:
            raise Lost(_reason(problem)) from None
        link = Link(connection, heard, patience)
        try:
            await link.ask("EXISTS", key)
            if channels:
                await link.listen(*channels)
        except Lost as lost:
            moved = str(lost).partition("MOVED ")[2].split()
            if len(moved) != 2:
                raise
            host, _, port = moved[1].rpartition(":")
            elsewhere = {**({"host": host} if host else {}), "port": int(port)}
        except BaseException:
            link.close()
            raise
        else:
            return link
    raise Lost("the cluster names another server each time")


def _settle(answer: asyncio.Future[Any], found: Any) -> None:
    """Have a future give what was answered, unless nobody waits for it any more."""
    if answer.done():
        return
    if isinstance(found, Lost):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def _reason(problem: BaseException) -> str:
    """What went wrong, without the address, which may hold a password."""
    text = str(problem).partition("\n")[0]
    return text or type(problem).__name__
