"""Where all that was counted comes together: this process's numbers, and those of the workers beside it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from one_adapter.runtime.record.gauges import Gauges
from one_adapter.runtime.record.number_files import NumberFiles
from one_adapter.runtime.record.tally import Numbers, Tally

#: Seconds between two looks at what holds now, and layings down of it.
LOOK_SECONDS = 1.0


class Totals:
    """One worker's view; `gauges` tells what holds now, and is asked on the event loop alone."""

    def __init__(
        self,
        tally: Tally,
        gauges: Callable[[], Gauges],
        files: NumberFiles | None = None,
        worker: int = 1,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Be worker `worker`; `files` is where the others are found, if there are any."""
        self._tally, self._gauges, self._files, self._worker, self._now = tally, gauges, files, worker, now
        self._held = Gauges()

    def look(self) -> None:
        """Note what holds now, and lay it down for the others."""
        self._held = self._gauges()
        if self._files is not None:
            with contextlib.suppress(OSError):  # no room: the others see an older one
                self._files.lay(self._own(), self._held)

    def end(self) -> None:
        """Lay down for the others what was counted in all; nothing is held any more."""
        if self._files is not None:
            with contextlib.suppress(OSError):
                self._files.lay(self._own(), None)

    def told(self, accept: str = "") -> tuple[bytes, str]:
        """Everything as of now; to be called on the event loop."""
        self._held = self._gauges()
        return self.last_told(accept)

    def last_told(self, accept: str = "") -> tuple[bytes, str]:
        """Everything, with what held when it was looked at last; for any thread."""
        from one_adapter.runtime.record.exposition import exposed

        numbers, workers = self._own(), [(self._worker, self._held)]
        for laid in self._files.others(self._now()) if self._files is not None else ():
            numbers.add(laid.numbers)
            if laid.gauges is not None:
                workers.append((laid.worker, laid.gauges))
        return exposed(numbers, workers, accept)

    def _own(self) -> Numbers:
        found = Numbers()
        found.add(self._tally.numbers)
        return found
