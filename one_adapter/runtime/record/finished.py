"""One request that is over, in plain values, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from one_adapter.runtime.record.trace import Trace

#: How a request may end.
ENDS = ("answered", "client_fault", "upstream_fault", "expired", "left", "refused")


class Finished(NamedTuple):
    """What is told of a request; times are in seconds, and what there was none of is "", 0 or None.

    `kind`: what was asked for; `request_id`: the name it was given; `key`, `key_name`: the fingerprint of
    the client's key and the variable that holds it; `model`: the client's name for the model, which it may
    have made up, and `group` the configuration's; `credential`: the key's id in its pool, or its index;
    `way`: `relay`, `litellm` or `none`; `status` is what was sent, `upstream_status` what the last upstream
    said; `tries`: the keys that failed before, with their statuses; `waited` at limits, `first` until the
    last upstream's first byte, `upstream` at all of them, `total` from beginning to end; `pieces`: of the
    answer, the first and the last, where its tokens are told; `end`: one of `ENDS`.
    """

    kind: str
    total: float
    status: int = 0
    end: str = "refused"
    request_id: str = ""
    key: str = ""
    key_name: str = ""
    model: str = ""
    group: str = ""
    stream: bool = False
    service: str = ""
    credential: str | int | None = None
    way: str = "none"
    upstream_status: int = 0
    tries: tuple[tuple[str, int], ...] = ()
    waited: float = 0.0
    first: float | None = None
    upstream: float = 0.0
    pieces: Sequence[bytes] = ()


class Recorder(Protocol):
    """Who is told of every request, at its beginning and its end."""

    def begin(self) -> Trace:
        """What is to be noted on its way."""

    def told(self, one: Finished) -> None:
        """Take note of one that is over; does not wait for anything."""
