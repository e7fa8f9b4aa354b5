"""How a request ended, and what that means for the breaker."""

from __future__ import annotations

import json
from enum import Enum

#: What the upstream answers when the request is at fault, not the upstream.
CLIENT_FAULTS = frozenset({400, 401, 403, 404, 413, 415, 422})


class Outcome(Enum):
    """The end of one request; `verdict` is True for the upstream, False against it, None for neither."""

    ANSWERED = True, "answered"
    CLIENT_FAULT = True, "the upstream blames the request"
    UPSTREAM_FAULT = False, "failed"
    EXPIRED = False, "took longer than the service's timeout"
    LEFT = None, "the client left"
    REFUSED = None, "ended before the upstream was asked"

    def __init__(self, verdict: bool | None, meaning: str) -> None:
        """Keep what the end says of the upstream, and in words."""
        self.verdict = verdict
        self.meaning = meaning


def of_status(status: int) -> Outcome:
    """Return what an upstream's status means.

    >>> of_status(503).verdict, of_status(429).verdict, of_status(404).verdict, of_status(200).verdict
    (False, False, True, True)
    """
    if status < 400:
        return Outcome.ANSWERED
    return Outcome.CLIENT_FAULT if status in CLIENT_FAULTS else Outcome.UPSTREAM_FAULT


def is_answer(raw: bytes) -> bool:
    """Tell whether an upstream has done what it was asked for, whatever becomes of it here.

    >>> [is_answer(raw) for raw in (b'{"choices": []}', b'{"error": "no"}', b"{}", b"<html>", b"")]
    [True, False, False, False, False]
    """
    try:
        found = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(found) and not found.get("error")
