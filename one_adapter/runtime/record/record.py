"""Who is told of every request: the access log and the numbers, as far as they are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.line import line
from one_adapter.runtime.record.tally import Tally
from one_adapter.runtime.record.tokens import NONE, tokens_of
from one_adapter.runtime.record.trace import Trace
from one_adapter.runtime.record.writer import Writer


class Record:
    """What one process keeps; `writer` or `tally` is None where it is off, `worker` where it is alone."""

    def __init__(
        self,
        writer: Writer | None,
        tally: Tally | None,
        worker: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Measure by `clock` and tell moments by `now`, both in seconds."""
        self.writer, self.tally, self.worker = writer, tally, worker
        self._clock, self._now = clock, now

    def begin(self) -> Trace:
        """Return what is to be noted on a request's way."""
        if self.tally is not None:
            self.tally.running += 1
        return Trace(self._clock)

    def told(self, one: Finished) -> None:
        """Write and count a request that is over."""
        tokens = tokens_of(one.pieces) if one.pieces else NONE
        if self.tally is not None:
            self.tally.running -= 1
            self.tally.count(one, tokens)
        if self.writer is not None:
            self.writer.put(line(one, tokens, self._now(), self.worker))
