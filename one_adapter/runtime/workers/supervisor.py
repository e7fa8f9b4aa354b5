"""The parent of several workers: no thread, no loop of asyncio, nothing of LiteLLM that runs."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr, translated
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.watch import Reloading
from one_adapter.runtime.workers import slots as listening
from one_adapter.runtime.workers.channel import Kind, Message
from one_adapter.runtime.workers.cpus import cpus
from one_adapter.runtime.workers.fleet import Work, Worker, fork, how
from one_adapter.runtime.workers.notify import Notifier
from one_adapter.runtime.workers.reloads import Reloads
from one_adapter.runtime.workers.restarts import HOPELESS_DEATHS, Restarts
from one_adapter.runtime.workers.signals import Signals
from one_adapter.runtime.workers.slots import Slot

#: Seconds between two looks at what nobody tells: beats that did not come, workers that are due.
LOOK_SECONDS = 0.25
#: Seconds beyond the grace after which a worker is ended, whatever it still does.
LAST_SECONDS = 5.0


class Companion(Protocol):
    """Another process that the workers need and the parent keeps alive."""

    def tend(self, now: float) -> None:
        """Start it again where it died."""


class Book(Protocol):
    """Who keeps what a person may want to know later."""

    def reloaded(self, applied: bool) -> None:
        """Hear what became of a reload."""

    def ended(self, process: int) -> None:
        """Hear that a worker's process has ended."""


class Supervisor:
    """Keeps one worker alive for every slot until it is told to end."""

    def __init__(
        self,
        slots: tuple[Slot, ...],
        work: Work,
        grace: float,
        ready: Callable[[], None],
        say: Callable[[str], None],
        notifier: Notifier | None = None,
        reloading: Reloading | None = None,
        adopt: Callable[[Generation], None] = lambda _: None,
        companions: Sequence[Companion] = (),
        abandoned: Callable[[], None] = lambda: None,
        book: Book | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Run `work` in a worker for each of `slots`, which are its own from now on.

        `ready` is called once all of them serve. `say` takes a line for the log. Told to end, it gives what
        is under way `grace` seconds. `reloading` is what is watched, and `adopt` has later workers begin with
        a generation. `abandoned` is called in a worker whose parent is gone. `book` is told of what happens.
        """
        self._slots = [*slots]
        self._work = work
        self._grace = grace
        self._ready: Callable[[], None] | None = ready
        self._say = say
        self._notifier = notifier or Notifier("")
        self._companions = companions
        self._abandoned = abandoned
        self._book = book
        self._clock = clock
        self._workers: dict[int, Worker] = {}
        self._leaving: list[Worker] = []
        self._due = dict.fromkeys(range(len(slots)), clock())
        self._restarts = Restarts()
        count = book.reloaded if book is not None else lambda _: None
        at_once = max(1, cpus() // 2)  # the other half goes on with requests
        self._reloads = Reloads(reloading, adopt, say, self._notifier, count, at_once)
        self._ends_at: float | None = None
        self._no_use = False
        self._signals = Signals()

    def run(self) -> None:
        """Go on until told to end and every worker has; raises `OneAdapterError` when none can start."""
        with self._signals as signals:
            while self._ends_at is None or self._every():
                self._wait()
                for number in signals.take():
                    self._told(number)
                now = self._clock()
                self._reap(now)
                self._judge(now)
                if self._ends_at is None:
                    self._keep(now)
        if self._no_use:
            told = tr(
                "The proxy did not start: {count} workers ended within a minute before they were ready; "
                "their own messages above say why.",
                count=HOPELESS_DEATHS,
            )
            raise OneAdapterError(told, 1)

    def _wait(self) -> None:
        """Wait until a worker or a signal has something to say, and hear the workers."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._signals, selectors.EVENT_READ)
            for worker in self._every():
                if not worker.channel.ended:
                    writes = selectors.EVENT_WRITE if worker.channel.is_waiting else 0
                    selector.register(worker.channel, selectors.EVENT_READ | writes, worker)
            found = [(key.data, events) for key, events in selector.select(LOOK_SECONDS) if key.data]
        now = self._clock()
        for worker, events in found:
            if events & selectors.EVENT_WRITE:
                worker.channel.flush()
            for message in worker.channel.receive():
                worker.heard = now
                self._hear(worker, message, now)

    def _hear(self, worker: Worker, message: Message, now: float) -> None:
        if message.kind is Kind.READY:
            worker.ready_at = now
            if self._ready is not None and all(self._serves(slot) for slot in range(len(self._slots))):
                self._ready()
                self._ready = None
                self._notifier.ready(translated(tr("{count} workers serve", count=len(self._slots))))
        elif message.kind is Kind.LEAVES and self._ends_at is None:
            self._replace(worker, now)
        self._reloads.hear(worker, message)

    def _replace(self, worker: Worker, now: float) -> None:
        """Have another take the place of a worker that only ends what it does."""
        del self._workers[worker.slot]
        worker.leaves_at = now
        self._leaving.append(worker)
        self._reloads.gone(worker)
        self._due[worker.slot] = now
        self._say(
            tr(
                "worker {number} (process {process}) takes no more requests; another takes its place",
                number=worker.slot + 1,
                process=worker.pid,
            )
        )

    def _every(self) -> list[Worker]:
        return [*self._workers.values(), *self._leaving]

    def _serves(self, slot: int) -> bool:
        return slot in self._workers and self._workers[slot].ready_at is not None

    def _told(self, number: int) -> None:
        if number == signal.SIGHUP and self._ends_at is None:
            self._notifier.reloading()
            self._reloads.ask()
            for worker in self._workers.values():
                worker.channel.send(Message(Kind.REOPEN))
        elif number in (signal.SIGTERM, signal.SIGINT):
            if self._ends_at is None:
                self._end()
            else:
                self._each(signal.SIGKILL)

    def _end(self) -> None:
        """Have every worker end what it does; nobody new is let in."""
        self._notifier.stopping()
        self._ends_at = self._clock() + self._grace + LAST_SECONDS
        self._each(signal.SIGTERM)
        listening.close(self._slots)

    def _each(self, number: int) -> None:
        for worker in self._every():
            worker.signal(number)

    def _reap(self, now: float) -> None:
        """Book the workers that have ended."""
        for worker in self._every():
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if not pid:
                continue
            worker.channel.close()
            if self._book is not None:
                self._book.ended(pid)
            if worker in self._leaving:
                self._leaving.remove(worker)
                continue
            del self._workers[worker.slot]
            self._reloads.gone(worker)
            if self._ends_at is None:
                due = self._due[worker.slot] = self._restarts.died(worker.slot, now, worker.ready_at)
                if due > now:  # nobody is to wait for a worker that may not come soon
                    self._slots[worker.slot] = listening.renewed(self._slots[worker.slot])
                self._say(
                    tr(
                        "worker {number} (process {process}) ended {how}; another takes its place",
                        number=worker.slot + 1,
                        process=pid,
                        how=how(status),
                    )
                )

    def _judge(self, now: float) -> None:
        """End what hangs."""
        for worker in self._every():
            ends_at = self._ends_at
            if worker.leaves_at is not None:
                ends_at = worker.leaves_at + self._grace + LAST_SECONDS
            if ends_at is not None:
                if now > ends_at:
                    worker.signal(signal.SIGKILL)
            elif worker.hangs(now):
                self._say(
                    tr(
                        "worker {number} (process {process}) has said nothing for too long and is ended",
                        number=worker.slot + 1,
                        process=worker.pid,
                    )
                )
                worker.signal(signal.SIGKILL)

    def _keep(self, now: float) -> None:
        """Start what is due, tend what else there is, and go on with a reload."""
        for companion in self._companions:
            companion.tend(now)
        if self._restarts.hopeless(now) and not any(self._serves(slot) for slot in self._workers):
            self._no_use = True
            self._end()
            return
        if not self._reloads.under_way:
            for slot, due in [*self._due.items()]:
                if now >= due:
                    del self._due[slot]
                    self._start(slot, now)
        self._reloads.go_on(self._workers, now)

    def _start(self, slot: int, now: float) -> None:
        others = self._every()
        leave, abandoned = self._signals.leave_to_child, self._abandoned
        self._workers[slot] = fork(slot, self._slots, others, self._work, leave, abandoned, now)
