"""Waiting limits: a token bucket, an exact log of the last minute, a semaphore.

`acquire(wait)` returns when its turn has come, first come first served, or raises `Full` when
that takes more than `wait` seconds. What it returns gives the place back (only a semaphore has
one to give); calling it twice does nothing. A waiting call that is cancelled leaves the queue, and
those behind it move up. Everything runs on one event loop and by that loop's clock.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from math import floor, inf

from one_adapter.runtime.gateway.settings import Limit

Release = Callable[[], None]
MINUTE = 60.0
TICK = 1e-6


class Full(Exception):  # noqa: N818 - it is a state, not a fault
    """The turn does not come in time; `retry_after` is when it might, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"limit reached, try again in {retry_after:.1f} s")
        self.retry_after = retry_after


def _nothing() -> None:
    """Give back nothing."""


class Limiter(ABC):
    """The queue all kinds share; a kind says when the next start may be and books it."""

    def __init__(self) -> None:
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def _delay(self, now: float) -> float:
        """Seconds until one more may start: 0 for now, `inf` when no passing of time helps."""

    @abstractmethod
    def _book(self, now: float) -> None:
        """Note one start."""

    @abstractmethod
    def _unbook(self) -> None:
        """Take back the latest start: its caller was gone before it began."""

    def _hopeless(self, now: float, wait: float) -> float | None:  # noqa: ARG002
        """Seconds to name in a refusal given at once, or None to queue."""
        return None

    def _place(self) -> Release:
        """Return what gives a booked place back."""
        return _nothing

    @property
    def waiting(self) -> int:
        """How many calls are queued."""
        return len(self._queue)

    @property
    def held(self) -> int:
        """How many places are taken and not given back (always 0 without a semaphore)."""
        return 0

    async def acquire(self, wait: float) -> Release:
        """Return the function that gives the place back, or raise `Full` after `wait` seconds."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._queue and self._delay(now) <= 0:
            self._book(now)
            return self._place()
        refusal = self._hopeless(now, wait)
        if refusal is not None:
            raise Full(refusal)
        turn: asyncio.Future[None] = loop.create_future()
        self._queue.append(turn)
        self._arm(loop)
        expiry = loop.call_later(max(0.0, wait), self._expire, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._unbook()
            self._drop(turn)
            self._wake()
            raise
        finally:
            expiry.cancel()
        return self._place()

    def _expire(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            self._drop(turn)
            delay = self._delay(asyncio.get_running_loop().time())
            turn.set_exception(Full(delay if delay < inf else MINUTE))
            self._wake()

    def _drop(self, turn: asyncio.Future[None]) -> None:
        if turn in self._queue:
            self._queue.remove(turn)

    def _wake(self) -> None:
        """Let everybody start whose turn has come, and set the clock for the next."""
        loop = asyncio.get_running_loop()
        while self._queue and self._delay(loop.time()) <= 0:
            turn = self._queue.popleft()
            if not turn.done():
                self._book(loop.time())
                turn.set_result(None)
        self._arm(loop)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        delay = self._delay(loop.time()) if self._queue else inf
        if delay < inf:
            # No shorter than a clock can tell apart, or the loop would spin.
            self._timer = loop.call_later(max(delay, TICK), self._wake)


class Bucket(Limiter):
    """qps: tokens come at `rate` a second, at most ⌊rate⌋ are saved up.

    Whether the wait will fit is known beforehand, so a refusal comes at once. Below one token a
    second nothing is ever saved up and everything is refused.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate, self._size = rate, float(floor(rate))
        self._tokens, self._at = self._size, -inf

    def _refill(self, now: float) -> None:
        if self._at > -inf:
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now

    def _delay(self, now: float) -> float:
        self._refill(now)
        if self._size < 1:
            return inf
        # A token short of a billionth is a token: timers and floats are not exact.
        return max(0.0, (1.0 - 1e-9 - self._tokens) / self._rate)

    def _book(self, now: float) -> None:  # noqa: ARG002
        self._tokens -= 1.0

    def _unbook(self) -> None:
        self._tokens += 1.0

    def _hopeless(self, now: float, wait: float) -> float | None:
        if self._size < 1:
            return wait
        delay = self._delay(now) + len(self._queue) / self._rate
        return delay if delay > wait else None


class Window(Limiter):
    """qpm and rpm: at most ⌊per_minute⌋ starts in any 60 seconds."""

    def __init__(self, per_minute: float) -> None:
        super().__init__()
        self._size = floor(per_minute)
        self._starts: deque[float] = deque()

    def _delay(self, now: float) -> float:
        if self._size < 1:
            return inf
        while self._starts and self._starts[0] + MINUTE <= now:
            self._starts.popleft()
        return 0.0 if len(self._starts) < self._size else self._starts[0] + MINUTE - now

    def _book(self, now: float) -> None:
        self._starts.append(now)

    def _unbook(self) -> None:
        self._starts.pop()


class Slots(Limiter):
    """concurrency: at most ⌊size⌋ at once, until each gives its place back."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self._size = floor(size)
        self._held = 0

    @property
    def held(self) -> int:
        """How many places are taken."""
        return self._held

    def _delay(self, now: float) -> float:  # noqa: ARG002
        return 0.0 if self._held < self._size else inf

    def _book(self, now: float) -> None:  # noqa: ARG002
        self._held += 1

    def _unbook(self) -> None:
        self._held -= 1

    def _place(self) -> Release:
        given = False

        def release() -> None:
            nonlocal given
            if not given:
                given = True
                self._held -= 1
                self._wake()

        return release


def limiter(limit: Limit) -> Limiter:
    """Build the limiter that a limit asks for.

    >>> from one_adapter.runtime.gateway.settings import Limit
    >>> limiter(Limit("concurrency", 2, 30)).held
    0
    """
    kinds: dict[str, Callable[[float], Limiter]] = {"qps": Bucket, "qpm": Window, "concurrency": Slots}
    return kinds[limit.kind](limit.per_window)


class Limits:
    """The limiters of one process, made on first use and shared by name."""

    def __init__(self) -> None:
        self._made: dict[str, Limiter] = {}

    def named(self, name: str, limit: Limit) -> Limiter:
        """Return the limiter called `name`, made from `limit` when it is new."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = limiter(limit)
        return found

    def held(self) -> dict[str, tuple[int, int]]:
        """Return name -> (places taken, calls waiting) of every limiter in use now."""
        return {n: (x.held, x.waiting) for n, x in self._made.items() if x.held or x.waiting}
