"""Who is told of every request: the access log and the numbers, as far as they are asked for.

What is told is kept for a moment and then written and counted in one go, which costs a fraction of doing so
with each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from one_adapter.runtime.record.access_log import line
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.tally import Tally
from one_adapter.runtime.record.tokens import NONE, Tokens, tokens_of
from one_adapter.runtime.record.trace import Trace
from one_adapter.runtime.record.writer import Writer

#: Requests that are kept, and seconds that they are kept, at most.
KEPT_REQUESTS, KEPT_SECONDS = 256, 0.25
#: Bytes of a whole answer that are kept with them; the tokens of a larger one, or a stream, are read at once.
KEPT_BYTES = 4 << 10


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
        self.running = 0
        self._clock, self._now = clock, now
        self._kept: list[tuple[Finished, Tokens | None, float]] = []

    def begin(self) -> Trace:
        """What is to be noted on a request's way."""
        self.running += 1
        return Trace(self._clock)

    def told(self, one: Finished) -> None:
        """Take note of a request that is over."""
        self.running -= 1
        pieces, tokens = one.pieces, None
        if len(pieces) > 1 or (pieces and len(pieces[0]) > KEPT_BYTES):
            tokens, one = tokens_of(pieces), one._replace(pieces=())
        self._kept.append((one, tokens, self._now()))
        if len(self._kept) == 1:
            with contextlib.suppress(RuntimeError):  # no loop: whoever has none settles by himself
                asyncio.get_running_loop().call_later(KEPT_SECONDS, self.settle)
        elif len(self._kept) >= KEPT_REQUESTS:
            self.settle()

    def settle(self) -> None:
        """Write and count what is kept."""
        kept, self._kept = self._kept, []
        writer, tally, worker = self.writer, self.tally, self.worker
        for one, known, ended in kept:
            tokens = known or (tokens_of(one.pieces) if one.pieces else NONE)
            if tally is not None:
                tally.count(one, tokens)
            if writer is not None:
                writer.put(line(one, tokens, ended, worker))

    def close(self) -> None:
        """Write what is left, at the process's end."""
        self.settle()
        if self.writer is not None:
            self.writer.close()
