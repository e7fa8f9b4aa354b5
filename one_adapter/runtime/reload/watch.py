"""Looking at files for a new generation: by what is in them, however they were saved.

An editor may write in place, rename over, move the old file away, or delete and create; a ConfigMap swaps a
link. So the path is looked at and not an event waited for: `stat` through all links each second, and its
content where that says anything new, and now and then without it. A content counts when it was read twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import NamedTuple, Protocol

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.reload.generation import Generation

#: Seconds between two looks, and between two readings that must be the same to count.
PAUSE_SECONDS, SETTLE_SECONDS = 1.0, 0.2
#: Seconds for which a file that is missing, empty or half may still become whole before that is told.
PATIENCE_SECONDS = 3.0
#: Seconds after which the content is read whatever `stat` says, and for which it may lie: two writes within
#: one tick of the file system's clock look like one.
LONGEST_SECONDS, COARSE_SECONDS = 10.0, 2.0


@dataclass(frozen=True)
class Told:
    """What a person has to hear instead: why there is no new generation. It ends without a line break.

    `refused`: there is something new, and it cannot be used.
    """

    text: str
    refused: bool = False


class Source(Protocol):
    """What is watched."""

    @property
    def pause(self) -> float:
        """Seconds until it is to be looked at again."""

    def look(self, asked: bool = False) -> Generation | Told | None:
        """The next generation where there is one; None where nothing is new.

        To be called off the loop: it reads files and takes its time. `asked`: somebody wants to know
        (SIGHUP), so that it never returns None. Never raises `OneAdapterError`.
        """

    def refused(self) -> None:
        """Say that what was returned last is not in force, and the one before it still is."""


@dataclass(frozen=True)
class Reloading:
    """What a start says of later configurations: which it began with, where others come from.

    `watch` false: only when it is asked to (SIGHUP).
    """

    first: Generation
    source: Source
    watch: bool = True


class Refused(OneAdapterError):  # noqa: N818 - it is what became of a content
    """A content that no generation is made of; `text` is all that is to be said, on several lines perhaps.

    `half`: it may be a file that is still being written.
    """

    def __init__(self, text: str, half: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.half = half


#: What the files say, each its own; what lies beside the first may be missing, and is empty then.
Content = Sequence[bytes]


class _Seen(NamedTuple):
    """A content at one moment: its checksum, and why there is none."""

    checksum: str
    content: Content
    problem: str = ""


class Files:
    """Files that say one thing together, as a `Source`.

    `read` returns what they say, and raises `OneAdapterError` where they cannot be read; `make` makes a
    generation of the given number of it, or raises `Refused`, or another `OneAdapterError`.
    """

    def __init__(
        self,
        paths: Sequence[str],
        read: Callable[[], Content],
        make: Callable[[Content, int], Generation],
        first: Generation,
        content: Content,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin with the `first` generation, made of `content`."""
        self._paths, self._read, self._make = paths, read, make
        self._clock, self._sleep = clock, sleep
        self._current = self._before = first
        self._number = first.number
        self._settled = _checksum(*content)
        self._ended = content[0].endswith(b"\n")
        self._known: object = None
        self._read_at = self._changed_at = -inf
        self._pending: tuple[str, float] | None = None
        self._trouble_since: float | None = None
        self._refused: tuple[str, Refused] = ("", Refused(""))

    @property
    def pause(self) -> float:
        """Seconds until it is to be looked at again."""
        return PAUSE_SECONDS if self._pending is None else SETTLE_SECONDS

    def look(self, asked: bool = False) -> Generation | Told | None:
        """The next generation where there is one; None where nothing is new."""
        if asked:
            return self._at_once()
        now = self._clock()
        if not self._is_due(now):
            return None
        seen = self._see(now)
        if seen.checksum == self._settled:
            self._pending = self._trouble_since = None
            return None
        if self._pending is None or self._pending[0] != seen.checksum:
            self._pending = seen.checksum, now
            return None
        if now - self._pending[1] < SETTLE_SECONDS / 2:
            return None
        return self._judge(seen, now)

    def refused(self) -> None:
        """Say that what was returned last is not in force, and the one before it still is."""
        self._current = self._before

    def _is_due(self, now: float) -> bool:
        """Whether the content is to be read: something says that it may be another."""
        known = tuple(map(_stat, self._paths))
        if known != self._known:
            self._known, self._changed_at = known, now
        return (
            self._pending is not None
            or now - self._changed_at < COARSE_SECONDS
            or now - self._read_at >= LONGEST_SECONDS
        )

    def _see(self, now: float) -> _Seen:
        self._read_at = now
        try:
            content = self._read()
        except OneAdapterError as problem:
            return _Seen(f"none: {problem}", (b"",), problem.message)
        return _Seen(_checksum(*content), content)

    def _judge(self, seen: _Seen, now: float, patient: bool = True) -> Generation | Told | None:
        """Make of a content that was read twice what there is to make of it."""
        try:
            found = self._made(seen)
        except Refused as refused:
            if patient and refused.half and self._may_still_end(now):
                return None
            self._settle(seen)
            return Told(tr("not reloaded: {reason}", reason=refused.text), refused=True)
        if patient and self._is_cut(seen.content[0]) and self._may_still_end(now):
            return None
        self._settle(seen)
        self._trouble_since, self._ended = None, seen.content[0].endswith(b"\n")
        if found.fingerprint == self._current.fingerprint:
            return None
        self._before, self._current, self._number = self._current, found, found.number
        return found

    def _may_still_end(self, now: float) -> bool:
        if self._trouble_since is None:
            self._trouble_since = now
        return now - self._trouble_since < PATIENCE_SECONDS

    def _is_cut(self, content: bytes) -> bool:
        """Whether a file looks cut off that can be read all the same, as half a YAML file can."""
        return self._ended and not content.endswith(b"\n") and not content.lstrip().startswith(b"{")

    def _made(self, seen: _Seen) -> Generation:
        """Make a generation, of one content once."""
        if self._refused[0] == seen.checksum:
            raise self._refused[1]
        try:
            if seen.problem or not seen.content[0].strip():
                raise Refused(seen.problem or tr("{path}: is empty", path=self._paths[0]), half=True)
            return self._make(seen.content, self._number + 1)
        except Refused as refused:
            self._refused = seen.checksum, refused
            raise
        except OneAdapterError as problem:
            self._refused = seen.checksum, Refused(problem.message)
            raise self._refused[1] from None

    def _settle(self, seen: _Seen) -> None:
        self._settled, self._pending = seen.checksum, None

    def _at_once(self) -> Generation | Told:
        """Read until two readings are the same, and say what that comes to."""
        before, seen = "", self._see(self._clock())
        end = self._clock() + PATIENCE_SECONDS
        while seen.checksum != before and self._clock() < end:
            self._sleep(SETTLE_SECONDS)
            before, seen = seen.checksum, self._see(self._clock())
        found = self._judge(seen, self._clock(), patient=False)
        number = self._current.number
        return found or Told(tr("nothing has changed, generation {number} goes on", number=number))


def _checksum(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part) + part)
    return whole.hexdigest()


def _stat(path: str) -> tuple[int, ...] | None:
    """What changes when a file is written or another takes its place; links are followed."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


#: Where Linux lists what is mounted, and in which of a line's fields the place stands.
MOUNTS, PLACE = Path("/proc/self/mountinfo"), 4


def mounted_alone(path: str) -> bool:
    """Whether a file is a mount point of its own: it shows one file, whatever is renamed there."""
    place = str(Path(path).absolute())
    try:
        lines = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
        places = {line.split()[PLACE] for line in lines}
    except (OSError, IndexError):
        return False
    return place in {one.replace("\\040", " ") for one in places}
