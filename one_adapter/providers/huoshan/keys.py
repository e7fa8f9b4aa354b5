"""Temporary keys for one endpoint or bot: how they are asked for, and the cache that holds them."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from one_adapter.providers.failure import Kind, VendorError
from one_adapter.providers.huoshan.errors import mint_failure

LIFETIME = 604800  # seconds asked for, as the vendor's SDKs do: 7 days
_RENEW = 1800.0  # seconds before its end from which a key is renewed, if that works
_EXPIRED = 600.0  # seconds before its end from which a key is not used any more
_ERROR = 400  # the first status that tells an error


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """A key and its end in unix seconds."""

    value: str = field(repr=False)
    expires: float


Mint = Callable[[], Awaitable[TemporaryKey]]


def resource(model: str) -> str:
    """The resource type of an id. Raises VendorError for a model id, which AK/SK cannot open.

    >>> resource("ep-m-20250601120000-xyz12"), resource("ep-20240612090709-hzjz5"), resource("bot-1")
    ('presetendpoint', 'endpoint', 'bot')
    """
    for start, kind in (("ep-m-", "presetendpoint"), ("ep-", "endpoint"), ("bot-", "bot")):
        if model.startswith(start):
            return kind
    text = f"access_key and secret_key open endpoints (ep-…) and bots (bot-…) only, not {model!r}"
    raise VendorError(Kind.BAD_REQUEST, text)


def request_body(model: str, project: str | None) -> bytes:
    """The JSON body of GetApiKey."""
    asked: dict[str, Any] = {
        "DurationSeconds": LIFETIME,
        "ResourceType": resource(model),
        "ResourceIds": [model],
    }
    if project:
        asked["ProjectName"] = project
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()


def read_key(status: int, content: bytes) -> TemporaryKey:
    """The key in a GetApiKey answer. Raises VendorError when there is none."""
    answer: Any = None
    try:
        answer = json.loads(content)
        if status < _ERROR:
            result = answer["Result"]
            return TemporaryKey(str(result["ApiKey"]), _unix(result["ExpiredTime"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise mint_failure(status, answer)


def _unix(moment: Any) -> float:
    """Unix seconds; the SDKs get a number, the documentation speaks of RFC 3339."""
    if isinstance(moment, str) and not moment.isdigit():
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    return float(moment)


@dataclass(slots=True)
class _Slot:
    """One resource's key and the lock that keeps its renewals apart."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    key: TemporaryKey | None = None


class KeyCache:
    """Keys by resource, in memory, one renewal at a time. `clock` gives unix seconds.

    Each event loop has its own keys, because a lock belongs to the loop that waits on it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Any, _Slot]] = WeakKeyDictionary()

    async def get(self, name: Any, mint: Mint) -> str:
        """The key for a resource. Raises what `mint` raises, unless the old key is still good."""
        slot = self._slot(name)
        if (fresh := self._good(slot, _RENEW)) is not None:
            return fresh
        async with slot.lock:
            if (fresh := self._good(slot, _RENEW)) is not None:
                return fresh
            usable = self._good(slot, _EXPIRED)
            try:
                slot.key = await mint()
            except VendorError:
                if usable is None:
                    raise
                return usable
            return slot.key.value

    def drop(self, name: Any, value: str) -> None:
        """Forget a key that the service refused; a newer one stays."""
        slot = self._slot(name)
        if slot.key is not None and hmac.compare_digest(slot.key.value.encode(), value.encode()):
            slot.key = None

    def _good(self, slot: _Slot, margin: float) -> str | None:
        good = slot.key is not None and slot.key.expires - self._clock() > margin
        return slot.key.value if good and slot.key is not None else None

    def _slot(self, name: Any) -> _Slot:
        slots = self._loops.setdefault(asyncio.get_running_loop(), {})
        return slots.setdefault(name, _Slot())
