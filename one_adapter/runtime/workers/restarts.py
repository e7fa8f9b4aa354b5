"""When a worker that died is started again, and when it is no use."""

from __future__ import annotations

from collections import deque

#: Seconds between a death and the next start: the first comes back at once, then it takes longer each time.
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
#: Seconds for which a worker must have served, for its death to count as the first.
SETTLED_SECONDS = 5.0
#: So many deaths in so many seconds, each before the worker was ready, while none serves: it is no use.
HOPELESS_DEATHS, HOPELESS_SECONDS = 5, 60.0


class Restarts:
    """The deaths of the workers of some slots; it has no clock of its own, times are handed in as seconds."""

    def __init__(self) -> None:
        """Begin without a death."""
        self._deaths: dict[int, int] = {}
        self._early: deque[float] = deque(maxlen=HOPELESS_DEATHS)

    def died(self, slot: int, now: float, ready_at: float | None) -> float:
        """Book a death; return when the slot's next worker is due. `ready_at`: since when it served.

        >>> restarts = Restarts()
        >>> [restarts.died(0, 100.0, None) for _ in range(4)], restarts.died(0, 100.0, 90.0)
        ([100.0, 101.0, 102.0, 104.0], 100.0)
        """
        if ready_at is None:
            self._early.append(now)
        elif now - ready_at >= SETTLED_SECONDS:
            self._deaths.pop(slot, None)
        before = self._deaths.get(slot, 0)
        self._deaths[slot] = before + 1
        return now + PAUSES[min(before, len(PAUSES) - 1)]

    def hopeless(self, now: float) -> bool:
        """Whether starting one more would be the next in a row of starts that came to nothing."""
        full = len(self._early) == HOPELESS_DEATHS
        return full and now - self._early[0] <= HOPELESS_SECONDS
