"""Several workers where a loaded process cannot be forked: each loads by itself, as uvicorn starts them.

uvicorn's own parent asks each worker whether it lives and waits for the answer, up to the two minutes that
one that loads may need; meanwhile it hears no signal and replaces nobody. This one waits for nobody.
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Process

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.workers.fleet import LOADING_SECONDS
from one_adapter.runtime.workers.restarts import Restarts
from one_adapter.runtime.workers.signals import Signals
from one_adapter.runtime.workers.supervisor import LAST_SECONDS, LOOK_SECONDS, Companion


@dataclass(slots=True)
class Spawned:
    """One worker; times are seconds of the parent's clock."""

    process: Process
    began: float
    heard: float


class Spawning:
    """Keeps the workers of a configuration alive until told to end."""

    def __init__(
        self,
        config: uvicorn.Config,
        grace: float,
        say: Callable[[str], None],
        companions: Sequence[Companion] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Run `config.workers` of them; `config` names its application.

        `say` takes a line for the log. Told to end, it gives what is under way `grace` seconds.
        """
        self._config, self._grace, self._say = config, grace, say
        self._companions, self._clock = companions, clock
        self._workers: dict[int, Spawned] = {}
        self._due = dict.fromkeys(range(config.workers), clock())
        self._restarts = Restarts()
        self._ends_at: float | None = None
        self._failed = False

    def run(self) -> None:
        """Go on until told to end and every worker has; raises `OneAdapterError` when one cannot start."""
        listening = [self._config.bind_socket()]
        with Signals() as signals, selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            while self._ends_at is None or self._workers:
                if self._ends_at is None:
                    self._keep(listening)
                selector.select(LOOK_SECONDS)
                for number in signals.take():
                    self._told(number)
                self._reap()
                self._judge()
        for one in listening:
            one.close()
        if self._failed:
            told = tr("The proxy did not start; the workers' own messages above say why.")
            raise OneAdapterError(told, 1)

    def _keep(self, listening: list[socket.socket]) -> None:
        """Start what is due, and tend what else there is."""
        now = self._clock()
        for companion in self._companions:
            companion.tend(now)
        for slot in [slot for slot, due in self._due.items() if now >= due]:
            del self._due[slot]
            process = Process(self._config, listening)
            process.start()
            self._workers[slot] = Spawned(process, now, now)

    def _told(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            if self._ends_at is None:
                self._end()
            else:
                self._kill()
        elif number == getattr(signal, "SIGHUP", None):
            self._say(tr("a changed file holds from the next start on, where workers load by themselves"))

    def _end(self) -> None:
        self._ends_at = self._clock() + self._grace + LAST_SECONDS
        for worker in self._workers.values():
            worker.process.terminate()

    def _kill(self) -> None:
        for worker in self._workers.values():
            worker.process.kill()

    def _reap(self) -> None:
        """Book the workers that have ended."""
        now = self._clock()
        for slot, worker in [*self._workers.items()]:
            code = worker.process.exitcode
            if code is None:
                continue
            del self._workers[slot]
            if self._ends_at is not None:
                continue
            if code == STARTUP_FAILURE:  # it would fail in the same way again
                self._failed = True
                self._end()
                return
            self._due[slot] = self._restarts.died(slot, now, worker.began)
            self._say(
                tr(
                    "worker {number} (process {process}) ended; another takes its place",
                    number=slot + 1,
                    process=worker.process.pid,
                )
            )

    def _judge(self) -> None:
        """End what hangs."""
        now = self._clock()
        if self._ends_at is not None:
            if now > self._ends_at:
                self._kill()
            return
        for slot, worker in self._workers.items():
            if worker.process.ping(0):  # the answer to the last time's
                worker.heard = now
            elif now - worker.heard > LOADING_SECONDS:
                self._say(tr("worker {number} has said nothing for too long and is ended", number=slot + 1))
                worker.process.kill()
                worker.heard = now
