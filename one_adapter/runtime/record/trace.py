"""What is noted of one request on its way: when its upstream was asked, first answered, and with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: Pieces of an answer that are kept, to look for the tokens in: where Anthropic tells them at the beginning,
#: and everybody else at the end; and how many there are at most, until the others go.
FIRST_PIECES, LAST_PIECES, PIECES = 3, 8, 32


class Trace:
    """The notes of one request; moments are the handed-in clock's, in seconds.

    `began`: it came in; `asked`: its present upstream was asked, `until`: that said something last;
    `upstream`: the seconds that those before had it; `first`: how long the present one took to its answer's
    first byte; `status`: what it said; `pieces`: of its answer, the first and the last; `waited`: seconds at
    limits.
    """

    waited = 0.0
    upstream = 0.0
    asked: float | None = None
    until = 0.0
    first: float | None = None
    status = 0
    pieces: Sequence[bytes] = ()

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin now."""
        self.clock = clock
        self.began = clock()

    def asks(self) -> None:
        """Note that an upstream is asked now, from the beginning."""
        if self.status or self.asked is not None:
            self.ends()
            self.until, self.first, self.status, self.pieces = 0.0, None, 0, ()
        self.asked = self.clock()

    def hears(self, status: int) -> None:
        """Note the head of the upstream's answer; who hears it nearest to the upstream says what it was."""
        if not self.status and self.asked is not None:
            self.status = status
            self.first = self.clock() - self.asked

    def said(self, data: bytes, status: int = 200) -> None:
        """Note a piece of a good answer, which may be all of it."""
        if self.asked is None:
            return
        self.until = self.clock()
        pieces = self.pieces
        if pieces:
            assert isinstance(pieces, list)
            pieces.append(data)
            if len(pieces) > PIECES:
                del pieces[FIRST_PIECES:-LAST_PIECES]
        else:
            self.status = self.status or status
            self.first = self.until - self.asked
            self.pieces = [data]

    def ends(self) -> None:
        """Note that the try is over, and another one may follow; may be called again."""
        self.upstream = self.upstream_until(self.clock())
        self.asked = None

    def upstream_until(self, now: float) -> float:
        """The seconds that all upstreams have had the request by now."""
        return self.upstream if self.asked is None else self.upstream + (self.until or now) - self.asked
