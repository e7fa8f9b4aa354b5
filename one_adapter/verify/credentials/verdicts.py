"""What a vendor's answer says of a key. Its words are never shown: some vendors repeat the key in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

Result = Literal["works", "refused", "out of balance", "unknown"]
#: Words for an account without money, whatever the status.
_BALANCE = re.compile(
    r"insufficient[ _-]?(?:account[ _-])?(?:quota|balance|funds|credit)"
    r"|balance (?:is )?(?:not enough|insufficient)"
    r"|account balance|arrear|overdue|billing_hard_limit|credit balance|out of credit|余额|欠费|资源包",
    re.IGNORECASE,
)
#: Words for a wrong key under a status that says something else.
_REFUSED = re.compile(
    r"api[ _-]?key (?:is )?(?:not valid|invalid)|api_key_invalid|invalid[ _-]?api[ _-]?key|incorrect api key"
    r"|unauthori[sz]ed|authentication",
    re.IGNORECASE,
)
#: MiniMax's own codes in an answer with the status 200.
_MINIMAX: Mapping[int, Result] = {0: "works", 1004: "refused", 1008: "out of balance", 2049: "refused"}
#: Statuses of an answer, of an empty account, and of a wrong key.
GOOD, NO_MONEY = range(200, 300), 402
REFUSED_STATUSES = (401, 403)


def result_of(status: int, text: str) -> Result:
    """What became of a request with a key; status 0: there was no answer.

    >>> result_of(200, "{}"), result_of(401, ""), result_of(429, '{"error": {"code": "insufficient_quota"}}')
    ('works', 'refused', 'out of balance')
    """
    if not status:
        return "unknown"
    body = _json(text)
    if status in GOOD and not _has_error(body):
        code = _number(body, "base_resp", "status_code")
        return "works" if code is None else _MINIMAX.get(code, "unknown")
    if not isinstance(body, (Mapping, list)) and status in GOOD:
        return "unknown"  # a page, and no answer of a vendor's
    if status == NO_MONEY or _BALANCE.search(text):
        return "out of balance"
    if status in REFUSED_STATUSES or _REFUSED.search(text):
        return "refused"
    return "unknown"


def _has_error(body: Any) -> bool:
    if not isinstance(body, Mapping):
        return True
    return bool(body.get("error"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(body: Any, *way: str) -> int | None:
    for name in way:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body if isinstance(body, int) else None
