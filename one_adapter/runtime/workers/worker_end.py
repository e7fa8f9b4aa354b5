"""A worker's end of the channel: it says that it lives, does what a reload asks, and ends with its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from one_adapter.errors import OneAdapterError
from one_adapter.language import translated
from one_adapter.runtime.reload.beside import beside
from one_adapter.runtime.workers.channel import Channel, Kind, Message

BEAT_SECONDS = 1.0
#: Characters of a reason that are told to the parent.
REASON_CHARACTERS = 16 << 10


class Applying(Protocol):
    """How a worker takes a new configuration."""

    def prepare(self, generation: bytes) -> Any:
        """What `commit` takes, off the loop; raises `OneAdapterError` and changes nothing."""

    async def stage(self, prepared: Any) -> None:
        """Do ahead of `commit` what takes time on the loop; raises `OneAdapterError` and changes nothing."""

    def commit(self, prepared: Any) -> str:
        """Go on with what was prepared, at once, on the loop; return a line that says what that changed."""

    def drop(self, prepared: Any) -> None:
        """Forget what was prepared."""


class Link:
    """Made before the server runs; `start` is called on its loop once it accepts connections."""

    def __init__(self, number: int, channel: Channel, abandoned: Callable[[], None]) -> None:
        """Be worker `number`, from 1 on; `abandoned` is called when the parent is gone."""
        self.number = number
        self.applying: Applying | None = None
        self.reopen: list[Callable[[], None]] = []
        self._channel = channel
        self._abandoned = abandoned
        self._preparing: set[int] = set()
        self._prepared: dict[int, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Say that this worker serves, and listen to the parent from now on; again does nothing."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._channel.send(Message(Kind.READY))
            self._loop.add_reader(self._channel.fileno(), self._read)
            self._beat()

    def leave(self) -> None:
        """Say that this worker takes no more connections, so that another can while it ends."""
        self._channel.send(Message(Kind.LEAVES))

    def _beat(self) -> None:
        if self._channel.is_waiting:  # the parent is slow, and what waits will tell it the same
            self._channel.flush()
        else:
            self._channel.send(Message(Kind.BEAT))
        assert self._loop is not None
        self._loop.call_later(BEAT_SECONDS, self._beat)

    def _read(self) -> None:
        for message in self._channel.receive():
            if message.kind is Kind.PREPARE:
                self._preparing.add(message.number)
                task = asyncio.ensure_future(self._prepare(message))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            elif message.kind is Kind.COMMIT:
                self._commit(message.number)
            elif message.kind is Kind.DROP:
                self._drop(message.number)
            elif message.kind is Kind.REOPEN:
                for reopen in self.reopen:
                    reopen()
        if self._channel.ended:
            assert self._loop is not None
            self._loop.remove_reader(self._channel.fileno())
            self._abandoned()
            os.kill(os.getpid(), signal.SIGTERM)  # as if the parent had said so: what is under way may end

    async def _prepare(self, message: Message) -> None:
        try:
            assert self.applying is not None
            found = await beside(self.applying.prepare, message.body)
            await self.applying.stage(found)
        except Exception as problem:
            told = f"{type(problem).__name__}: {problem}"
            if isinstance(problem, OneAdapterError):
                told = translated(problem.message)
            body = told[:REASON_CHARACTERS].encode("utf-8", "replace")
            self._channel.send(Message(Kind.REFUSED, message.number, body))
        else:
            if message.number in self._preparing:
                self._prepared[message.number] = found
                self._channel.send(Message(Kind.PREPARED, message.number))
            else:  # the others have not waited for it
                self.applying.drop(found)
        finally:
            self._preparing.discard(message.number)

    def _commit(self, number: int) -> None:
        assert self.applying is not None
        try:
            told = self.applying.commit(self._prepared.pop(number))
        except BaseException:  # the others have gone on: the worker in this one's place begins where they are
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        self._channel.send(Message(Kind.COMMITTED, number, translated(told).encode("utf-8", "replace")))

    def _drop(self, number: int) -> None:
        self._preparing.discard(number)
        if self.applying is not None and number in self._prepared:
            self.applying.drop(self._prepared.pop(number))
