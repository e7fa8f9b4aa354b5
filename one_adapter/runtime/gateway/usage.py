"""What has been used of a limit, and when there will be room for one more request.

Four kinds hold at once: a bucket of tokens that fills (qps), starts and tokens of the last 60 seconds
(qpm, tpm), requests that run (concurrency). Numbers are asked from the limit each time, so a limit that
changes holds from then on; the clock is handed in.
"""

from __future__ import annotations

from collections import deque
from math import floor, inf

from one_adapter.runtime.gateway.layers import Layer

MINUTE_SECONDS = 60.0
#: A token short of a billionth is a token: timers and floats are not exact.
ALMOST_ONE_TOKEN = 1.0 - 1e-9


class Usage:
    """The use of one limit; `held` counts the requests that run and have not given their place back."""

    def __init__(self, layer: Layer) -> None:
        """Begin with nothing used."""
        self.layer = layer
        self.held = 0
        self._saved, self._at = 0.0, -inf
        self._log: deque[tuple[float, int]] = deque()
        self._spent = 0

    def delay(self, now: float, cost: int) -> float:
        """Seconds until a request of `cost` tokens may start: 0 for now, `inf` when no time helps."""
        limit = self.layer.limit
        delay = self._until_saved(now) if limit.qps else 0.0
        if limit.qpm or limit.tpm:
            delay = max(delay, self._until_forgotten(now, cost))
        if limit.concurrency and self.held >= self._size(limit.concurrency):
            return inf
        return delay

    def book(self, now: float, cost: int) -> bool:
        """Note one start of `cost` tokens; tell whether it holds a place until its end."""
        limit = self.layer.limit
        if limit.qps:
            self._saved -= 1.0
        if limit.qpm or limit.tpm:
            self._log.append((now, cost))
            self._spent += cost
        if not limit.concurrency:
            return False
        self.held += 1
        return True

    def unbook(self, at: float, cost: int) -> None:
        """Take back the start of `cost` tokens at `at`, whose request was gone before it began.

        Its place among those that run is given back like everybody's.
        """
        if self.layer.limit.qps:
            self._saved += 1.0
        if (at, cost) in self._log:
            self._log.remove((at, cost))
            self._spent -= cost

    def is_forgotten(self, now: float) -> bool:
        """Whether nothing booked counts any more: the bucket is full, the last minute quiet."""
        limit = self.layer.limit
        saved = not limit.qps or now - self._at >= self._size(limit.qps) / limit.qps
        return saved and (not self._log or self._log[-1][0] + MINUTE_SECONDS <= now)

    def too_large(self, cost: int) -> bool:
        """Whether a request costs more tokens than a whole minute has."""
        tpm = self.layer.limit.tpm
        return bool(tpm) and cost > self._size(tpm)

    def hopeless(self, now: float, ahead: int, wait: float) -> float | None:
        """Seconds to name in a refusal given at once, as the bucket's turn comes too late; None to wait."""
        rate = self.layer.limit.qps
        if not rate:
            return None
        if self._size(rate) < 1:
            return wait
        delay = self._until_saved(now) + ahead / rate
        return delay if delay > wait else None

    def _size(self, number: float) -> int:
        return max(self.layer.least, floor(number))

    def _until_saved(self, now: float) -> float:
        rate = self.layer.limit.qps
        size = self._size(rate)
        self._saved = min(float(size), self._saved + (now - self._at) * rate)
        self._at = now
        return max(0.0, (ALMOST_ONE_TOKEN - self._saved) / rate) if size else inf

    def _until_forgotten(self, now: float, cost: int) -> float:
        limit, log = self.layer.limit, self._log
        while log and log[0][0] + MINUTE_SECONDS <= now:
            self._spent -= log.popleft()[1]
        last = -inf
        if limit.qpm:
            size = self._size(limit.qpm)
            if size < 1:
                return inf
            if len(log) >= size:
                last = log[len(log) - size][0]
        if limit.tpm:
            over = self._spent + cost - self._size(limit.tpm)
            for at, spent in log:
                if over <= 0:
                    break
                over -= spent
                last = max(last, at)
            if over > 0:
                return inf
        return max(0.0, last + MINUTE_SECONDS - now)
