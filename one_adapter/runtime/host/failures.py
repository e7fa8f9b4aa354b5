"""One line in the log for each call that failed: whose key, which model, where it went, and why.

LiteLLM writes the traceback of each of them instead, about forty lines that name neither service nor key. It
still does with `--detailed_debug` or the profile `stock`.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from one_adapter.errors import visible
from one_adapter.runtime.entry.asgi import Scope
from one_adapter.runtime.entry.conversation import REQUEST
from one_adapter.runtime.entry.door import Door, admitted
from one_adapter.runtime.entry.outlet import Outlet
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.outcome import Outcome
from one_adapter.runtime.redaction import known

#: Characters of a reason that are logged, and bytes of an answer that are read for it.
LONGEST_REASON, LONGEST_BODY = 300, 64 << 10
#: How LiteLLM's records begin that tell a failed call by its traceback.
TRACEBACKS = (
    "litellm.proxy.proxy_server._handle_llm_api_exception()",
    "litellm.proxy.proxy_server.async_data_generator()",
)
#: What LiteLLM warns of at its start and does not hold here: its pages to sign in are shut.
NOT_SO = ("trusted_proxy_ranges is not set",)
#: What does not hold as long as LiteLLM has no database with budgets and keys of its own.
NOT_SO_WITHOUT_DATABASE = ("custom_auth is configured but",)

#: How an answer may end that began as one.
BROKEN = (Outcome.UPSTREAM_FAULT, Outcome.EXPIRED)

log = logging.getLogger("one_adapter.calls")


class LoggedDoor(Door):
    """The door, with a line in the log for each LLM request that failed."""

    def ended(self, kind: str, scope: Scope, outlet: Outlet) -> None:
        """Log how a request failed, if it did; a few looks tell of nearly all that they did not."""
        if outlet.status < 400:
            request: Request | None = scope.get(REQUEST)
            if request is None or not (request.expired or request.failed or request.attempt.failed_midway):
                return
        told = line(kind, scope, outlet.status, reason_of(outlet.words) if outlet.words else "")
        if told:
            log.error("%s", told)


def line(kind: str, scope: Scope, status: int, reason: str) -> str:
    """What is logged of a request that has ended; "" for one of which nothing failed."""
    request: Request | None = scope.get(REQUEST)
    broke = request is not None and status < 400 and request.outcome in BROKEN
    failed = request.failed if request is not None else ()
    if status < 400 and not broke and not failed:
        return ""
    client = admitted(scope)
    parts = [f"key {client.name}" if client else "no key of ours"]
    asked = ""
    if request is not None:
        asked = f" {request.client_model}"
        policy = request.policy
        if policy.service:
            parts.append(f"service {policy.service} {policy.key}".rstrip())
        if broke:
            late = request.outcome is Outcome.EXPIRED
            reason = "the answer took longer than the service's timeout" if late else "the answer broke off"
    reason = reason or ("answered" if status < 400 else "no reason given")
    if failed:
        reason += f" (before it failed: {', '.join(f'{key} with {one}' for key, one in failed)})"
    return visible(known.clean(f"{status} {kind}{asked} ({', '.join(parts)}): {reason}"))


def reason_of(body: bytes) -> str:
    """An error's own words, out of any of the forms in which clients get it.

    >>> reason_of(b'{"error": {"message": "no such key"}}'), reason_of(b"<html>")
    ('no such key', '<html>')
    """
    try:
        found: Any = json.loads(body[:LONGEST_BODY])
        error = found["error"]
        text = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError, RecursionError):
        text = body[:LONGEST_REASON].decode("utf-8", "replace")
    text = str(text).strip()
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}..."


def install(quiet: bool) -> None:
    """Give the log its lines and, where that is `quiet`, take out of LiteLLM's what they say."""
    from litellm._logging import verbose_proxy_logger

    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        log.addHandler(handler)
        log.propagate = False
    if quiet:
        verbose_proxy_logger.addFilter(is_worth_telling)


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Whether a record of LiteLLM's says what is so and is not said by a line of ours."""
    text = str(record.msg)
    if text.startswith(TRACEBACKS):
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
    database = bool(os.environ.get("DATABASE_URL"))
    return not text.startswith(NOT_SO if database else (*NOT_SO, *NOT_SO_WITHOUT_DATABASE))
