"""The workers that live: forking them, hearing them, and ending those that say nothing any more."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr, translated
from one_adapter.runtime.workers.channel import Channel, pair
from one_adapter.runtime.workers.signals import HEARD
from one_adapter.runtime.workers.slots import Slot
from one_adapter.runtime.workers.worker_end import Link

#: Seconds without a word after which a worker is taken to hang: one that serves, and one that still loads.
SILENCE_SECONDS, LOADING_SECONDS = 60.0, 120.0
#: What a worker runs, to its end: it gets the slot's sockets and its end of the channel.
Work = Callable[[Slot, Link], None]


@dataclass(slots=True)
class Worker:
    """One worker process, as the parent knows it; times are seconds of the parent's clock."""

    slot: int
    pid: int
    channel: Channel
    heard: float
    ready_at: float | None = None
    leaves_at: float | None = None

    @property
    def name(self) -> str:
        """What a person calls it: workers are counted from 1."""
        return f"worker {self.slot + 1}"

    def hangs(self, now: float) -> bool:
        """Whether it has said nothing for too long."""
        return now - self.heard > (LOADING_SECONDS if self.ready_at is None else SILENCE_SECONDS)

    def signal(self, number: int) -> None:
        """Send it a signal; none to one that has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def fork(
    slot: int,
    slots: Sequence[Slot],
    others: Iterable[Worker],
    work: Work,
    leave: Callable[[], None],
    abandoned: Callable[[], None],
    now: float,
) -> Worker:
    """Start the worker of a slot.

    In the new process everything of the `others` is closed, `leave` takes it out of the parent's business,
    and `work` is run; it never returns from here. A signal that comes before `leave` is heard after it.
    """
    ours, theirs = pair()
    for stream in (sys.stdout, sys.stderr):  # or both would write what still waits there
        stream.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)

    def begin() -> None:
        leave()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        ours.close()
        for other in others:
            other.channel.close()
        for number, one in enumerate(slots):
            if number != slot:
                for listening in one:
                    listening.close()
        work(slots[slot], Link(slot + 1, theirs, abandoned))

    try:
        pid = os.fork()
        if not pid:
            _run(begin)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return Worker(slot, pid, ours, now)


def _run(work: Callable[[], None]) -> NoReturn:
    """Do a new process's work and end it, whatever comes of that: nothing may reach what the parent did."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except OneAdapterError as problem:
        print(translated(tr("Error: {problem}", problem=problem.message)), file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def how(status: int) -> str:
    """Say how a process ended.

    >>> how(9), how(3 << 8)
    ('by SIGKILL', 'with exit code 3')
    """
    if os.WIFSIGNALED(status):
        with contextlib.suppress(ValueError):
            return tr("by {signal}", signal=signal.Signals(os.WTERMSIG(status)).name)
        return tr("by signal {number}", number=os.WTERMSIG(status))
    return tr("with exit code {code}", code=os.waitstatus_to_exitcode(status))
