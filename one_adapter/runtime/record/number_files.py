"""Where the processes of one proxy lay down their numbers, so that each worker can tell the sum.

Each has a file of its own, written anew each second and at its end: a worker that only ends what it has begun
counts beside the one in its place. When a worker's process is gone, the parent takes what it counted into its
own file. Where a file is older than `STALE_SECONDS`, what was held there is not told any more.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from one_adapter.runtime.record.gauges import Gauges
from one_adapter.runtime.record.tally import Numbers

STALE_SECONDS = 5.0
#: The parent's number, and the files that its own names: those that a reader may have seen before it.
PARENT, NAMED = 0, 16


class Laid(NamedTuple):
    """What one process has laid down; `gauges` None: it is the parent, or no longer lives."""

    worker: int
    numbers: Numbers
    gauges: Gauges | None


class NumberFiles:
    """The folder, as a process of the worker `worker` sees it."""

    def __init__(self, folder: str, worker: int, process: int | None = None) -> None:
        """Take a folder that is there and nobody else's; `process` is this one."""
        self._folder = Path(folder)
        self._name = f"{worker}-{os.getpid() if process is None else process}.json"

    def lay(self, numbers: Numbers, gauges: Gauges | None, within: tuple[str, ...] = ()) -> None:
        """Lay down what there is now; `within` are files whose numbers are in these. Raises `OSError`."""
        path = self._folder / self._name
        new = path.with_suffix(".new")
        new.write_text(json.dumps([numbers.to_json(), gauges, within]), "utf-8")
        new.replace(path)

    def others(self, now: float) -> Iterator[Laid]:
        """What the others have laid down; `now` is in Unix seconds."""
        within: set[str] = set()
        found: dict[str, Laid] = {}
        # The parent's file is read last: whichever is gone by now is in it.
        for path in sorted(self._folder.glob("*.json"), key=_last_the_parent):
            with contextlib.suppress(OSError, ValueError):  # gone, or nobody's
                numbers, gauges, names = json.loads(path.read_text("utf-8"))
                lives = gauges is not None and now - path.stat().st_mtime < STALE_SECONDS
                laid = Numbers.from_json(numbers), _gauges(gauges) if lives else None
                found[path.name] = Laid(_worker(path), *laid)
                within.update(names)
        yield from (laid for name, laid in found.items() if name not in {*within, self._name})


class Ledger:
    """What the parent of several workers counts: reloads, and what those have counted that are gone."""

    def __init__(self, folder: str) -> None:
        """Begin with nothing, in the folder of the workers' numbers."""
        self._folder = Path(folder)
        self._files = NumberFiles(folder, PARENT)
        self._numbers = Numbers()
        self._within: deque[str] = deque(maxlen=NAMED)

    def reloaded(self, applied: bool) -> None:
        """Count a reload: the new configuration holds, or the old one still does."""
        self._numbers.reloaded(applied)
        with contextlib.suppress(OSError):  # no room: it is told with the next
            self._lay()

    def ended(self, process: int) -> None:
        """Take over what a process has counted that has ended."""
        for path in self._folder.glob(f"*-{process}.json"):
            with contextlib.suppress(OSError, ValueError):
                numbers = Numbers.from_json(json.loads(path.read_text("utf-8"))[0])
                self._numbers.add(numbers)
                self._within.append(path.name)
                self._lay()
                path.unlink()

    def _lay(self) -> None:
        self._files.lay(self._numbers, None, (*self._within,))


def _worker(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _last_the_parent(path: Path) -> tuple[bool, str]:
    return path.name.startswith(f"{PARENT}-"), path.name


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
