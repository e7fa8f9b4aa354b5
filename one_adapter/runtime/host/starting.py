"""What `run` says while LiteLLM loads, and that it listens once it does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import urlsplit

import click

from one_adapter.language import tr, translated

#: Options of LiteLLM's with which other processes listen, so that only the port tells when they do.
ELSEWHERE = ("--num_workers", "--run_gunicorn", "--run_hypercorn", "--run_granian")
SECONDS_BETWEEN_SIGNS = 1.0
SECONDS_FOR_AN_ANSWER = 10.0


class Starting:
    """From the first word to the open port; a context, at whose end nothing is drawn any more."""

    def __init__(
        self,
        address: str,
        terminal: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: float = SECONDS_BETWEEN_SIGNS,
    ) -> None:
        """Say that `address` listens when it does, and until then draw what is done, on a `terminal`."""
        self._address = address
        self._terminal = terminal
        self._clock = clock
        self._pause = pause
        self._began = clock()
        self._doing: str = tr("loading LiteLLM")
        self._over, self._still = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._draw, name="one-adapter starting", daemon=True)

    def __enter__(self) -> Starting:
        """Say at once that it begins."""
        click.echo(translated(tr("Starting LiteLLM, which takes 5 to 30 seconds ...")))
        if self._terminal is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the line free for what comes next."""
        self._end()

    def now(self, doing: str) -> None:
        """Say what is being done from here on, in a few words."""
        self._doing = doing

    def line(self) -> str:
        """The sign of life: what is done, and for how long the start takes by now.

        >>> times = iter((0.0, 7.2))
        >>> Starting("http://127.0.0.1:9090/v1", clock=lambda: next(times)).line()
        '  loading LiteLLM, 7 s'
        """
        seconds = self._clock() - self._began
        return "  " + translated(tr("{doing}, {seconds:.0f} s", doing=self._doing, seconds=seconds))

    def ready(self) -> None:
        """Say that the port is open, once."""
        if not self._over.is_set():
            self._end()
            click.echo(translated(tr("one-adapter listens on {address}", address=self._address)))

    def watch(self, server: Any, arguments: Sequence[str] = ()) -> None:
        """Have uvicorn's `Server` class say so when one of its servers accepts connections."""
        if any(one.partition("=")[0] in ELSEWHERE for one in arguments):
            threading.Thread(target=self._knock, name="one-adapter knocking", daemon=True).start()
            return
        stock = server.startup

        async def startup(one: Any, *positional: Any, **named: Any) -> None:
            await stock(one, *positional, **named)
            if one.started:
                self.ready()

        server.startup = startup

    def _knock(self) -> None:
        place = urlsplit(self._address)
        while not self._over.wait(self._pause):
            door = HTTPConnection(place.hostname or "", place.port, timeout=SECONDS_FOR_AN_ANSWER)
            try:
                door.request("GET", "/healthz")
                door.getresponse()
            except (OSError, HTTPException):
                continue
            finally:
                door.close()
            self.ready()

    def _draw(self) -> None:
        assert self._terminal is not None
        while not self._still.wait(self._pause):
            # The cursor stays at the line's beginning, so that whatever is printed meanwhile covers it.
            self._terminal.write(f"\r\033[K{self.line()}\r")
            self._terminal.flush()

    def _end(self) -> None:
        self._over.set()
        self.leave_alone()

    def leave_alone(self) -> None:
        """Draw nothing any more: no thread of this one's runs from here on, and the process may be forked."""
        first = not self._still.is_set()
        self._still.set()
        if first and self._terminal is not None and self._thread.is_alive():
            self._thread.join()
            self._terminal.write("\r\033[K")
            self._terminal.flush()
