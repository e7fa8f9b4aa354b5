"""Where the workers of one proxy lay down their numbers, so that each of them can tell the sum.

Each has a file of its own under its number, written anew each second; a worker that takes another's place
goes on from its file. Whose file is older than `STALE_SECONDS` is gone: what it counted stays, what held
does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from one_adapter.runtime.record.gauges import Gauges
from one_adapter.runtime.record.tally import Numbers

STALE_SECONDS = 5.0


class Laid(NamedTuple):
    """What one worker has laid down; `gauges` None: it no longer lives."""

    worker: int
    numbers: Numbers
    gauges: Gauges | None


class Shelf:
    """The folder, as the worker `worker` sees it."""

    def __init__(self, folder: str, worker: int) -> None:
        """Take a folder that is there and nobody else's."""
        self._folder = Path(folder)
        self._worker = worker

    def before(self) -> Numbers:
        """Return what was counted under this number before."""
        for laid in self._all(0.0):
            if laid.worker == self._worker:
                return laid.numbers
        return Numbers()

    def lay(self, numbers: Numbers, gauges: Gauges) -> None:
        """Lay down what there is now. Raises `OSError`."""
        path = self._folder / f"{self._worker}.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps([numbers.to_json(), gauges]), "utf-8")
        new.replace(path)

    def others(self, now: float) -> Iterator[Laid]:
        """Yield what the others have laid down; `now` is in Unix seconds."""
        yield from (laid for laid in self._all(now) if laid.worker != self._worker)

    def _all(self, now: float) -> Iterator[Laid]:
        for path in sorted(self._folder.glob("*.json")):
            try:
                numbers, gauges = json.loads(path.read_text("utf-8"))
                lives = now - path.stat().st_mtime < STALE_SECONDS
                yield Laid(int(path.stem), Numbers.from_json(numbers), _gauges(gauges) if lives else None)
            except (OSError, ValueError):  # gone, or nobody's
                continue


def _gauges(found: list[object]) -> Gauges:
    running, limits, breakers, *rest = found
    assert isinstance(limits, dict)
    assert isinstance(breakers, list)
    return Gauges(
        running,  # type: ignore[arg-type]
        {name: tuple(both) for name, both in limits.items()},
        tuple(tuple(one) for one in breakers),
        *rest,  # type: ignore[arg-type]
    )
