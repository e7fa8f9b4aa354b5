"""Jobs done by a few threads, which an interruption of the main one ends."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable, Iterator, Sequence

from one_adapter.verify.servers.samples import Asked

#: Does a job; each step that is done is one of its questions.
Doing = Callable[[Sequence[Asked], random.Random], Iterator[None]]
#: Gets how many questions of how many are done.
Progress = Callable[[int, int], None]
#: Seconds between two looks at whether all is done.
LOOK_SECONDS = 0.1


class EndedError(Exception):
    """No more requests: the limit of them is reached, or somebody has had enough."""


def work(jobs: Sequence[list[Asked]], do: Doing, at_once: int, progress: Progress) -> bool:
    """Do the jobs, several at a time and the steps of each one after another; False: it was interrupted.

    The threads are daemons: who interrupts does not wait for a server's answer.
    """
    waiting: queue.SimpleQueue[list[Asked]] = queue.SimpleQueue()
    done: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)

    def worker() -> None:
        order = random.Random()  # noqa: S311 - the order of questions is no secret
        while True:
            try:
                for _ in do(waiting.get_nowait(), order):
                    done.put(None)
            except queue.Empty:
                return
            except EndedError:
                pass
            except Exception as problem:
                done.put(problem)
                return

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(at_once, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        _watch(threads, done, sum(map(len, jobs)), progress)
    except KeyboardInterrupt:
        return False
    return True


def _watch(
    threads: Sequence[threading.Thread],
    done: queue.SimpleQueue[Exception | None],
    total: int,
    progress: Progress,
) -> None:
    count = 0
    while any(thread.is_alive() for thread in threads) or not done.empty():
        try:
            problem = done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if problem is not None:
            raise problem
        count += 1
        progress(count, total)
