"""What is noted of one request on its way: when its upstream was asked, first answered, and with what."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

#: Pieces of an answer that are kept, to look for the tokens in: where Anthropic tells them at the beginning,
#: and everybody else at the end.
FIRST_PIECES, LAST_PIECES = 3, 8


class Trace:
    """The notes of one request; moments are the handed-in clock's, in seconds.

    `began`: it came in; `upstream`: the seconds that its upstreams have had it by now, over all tries;
    `first`: how long the upstream of the present try took to its answer's first byte; `status`: what that
    said.
    """

    __slots__ = ("_asked", "_first", "_last", "_until", "began", "clock", "first", "status", "upstream")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin now."""
        self.clock = clock
        self.began = clock()
        self.upstream = 0.0
        self.first: float | None = None
        self.status = 0
        self._asked: float | None = None
        self._until = 0.0
        self._first: list[bytes] = []
        self._last: deque[bytes] = deque(maxlen=LAST_PIECES)

    def asks(self) -> None:
        """Note that an upstream is asked now, from the beginning."""
        self.ends()
        self.first, self.status = None, 0
        self._asked = self.clock()
        self._until = 0.0
        self._first.clear()
        self._last.clear()

    def hears(self, status: int) -> None:
        """Note the head of the upstream's answer; who hears it nearest to the upstream says what it was."""
        if not self.status and self._asked is not None:
            self.status = status
            self.first = self.clock() - self._asked

    def said(self, data: bytes) -> None:
        """Note a piece of a good answer, which may be all of it."""
        if self._asked is None:
            return
        self._until = self.clock()
        if not self._first:
            self.first = self._until - self._asked
        if len(self._first) < FIRST_PIECES:
            self._first.append(data)
        else:
            self._last.append(data)

    def ends(self) -> None:
        """Note that the try is over; may be called again."""
        if self._asked is not None:
            self.upstream += (self._until or self.clock()) - self._asked
            self._asked = None

    @property
    def pieces(self) -> Sequence[bytes]:
        """The first and the last pieces of the answer."""
        return (*self._first, *self._last)
