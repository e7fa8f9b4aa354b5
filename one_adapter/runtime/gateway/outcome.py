"""How one try of a request ended, and what that means for the breaker and for the keys that are left."""

from __future__ import annotations

import json
from enum import Enum

from one_adapter.dialect import Dialect


class Outcome(Enum):
    """The end of one try."""

    ANSWERED = "answered"
    CLIENT_FAULT = "the upstream blames the request"
    UPSTREAM_FAULT = "failed"
    EXPIRED = "took longer than the service's timeout"
    LEFT = "the client left"
    REFUSED = "ended before the upstream was asked"

    def verdict(self, dialect: Dialect) -> bool | None:
        """What the end says of the upstream: True for it, False against it, None neither.

        >>> from one_adapter.dialect import V0_10, V0_12
        >>> Outcome.EXPIRED.verdict(V0_10), Outcome.EXPIRED.verdict(V0_12)
        (False, None)
        """
        if self is Outcome.ANSWERED:
            return True
        if self is Outcome.UPSTREAM_FAULT:
            return False
        if dialect.breaker_counts_all:
            return {Outcome.CLIENT_FAULT: True, Outcome.EXPIRED: False}.get(self)
        return None


def of_status(status: int, dialect: Dialect) -> Outcome:
    """What an upstream's status means; a fault of the upstream is what another key may not have.

    >>> from one_adapter.dialect import V0_12
    >>> [of_status(one, V0_12).name for one in (200, 401, 404, 503)]
    ['ANSWERED', 'UPSTREAM_FAULT', 'CLIENT_FAULT', 'UPSTREAM_FAULT']
    """
    if status < 400:
        return Outcome.ANSWERED
    is_upstreams = status >= 500 or status in dialect.moves_on
    return Outcome.UPSTREAM_FAULT if is_upstreams else Outcome.CLIENT_FAULT


def is_answer(raw: bytes) -> bool:
    """Whether an upstream has done what it was asked for, whatever becomes of it here.

    >>> [is_answer(raw) for raw in (b'{"choices": []}', b'{"error": "no"}', b"{}", b"<html>", b"")]
    [True, False, False, False, False]
    """
    try:
        found = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(found) and not found.get("error")
