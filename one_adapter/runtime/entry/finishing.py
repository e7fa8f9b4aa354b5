"""What is told of a request that is over: who asked for what, where it went, and how it ended."""

from __future__ import annotations

from one_adapter.runtime.entry import translate
from one_adapter.runtime.entry.asgi import Scope
from one_adapter.runtime.entry.conversation import REQUEST, TRACE
from one_adapter.runtime.entry.endpoints import METRICS
from one_adapter.runtime.entry.request import Request
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.outcome import Outcome
from one_adapter.runtime.gateway.paths import PUBLIC
from one_adapter.runtime.record.finished import Finished
from one_adapter.runtime.record.trace import Trace

#: Paths by which others find out how we are, so often that nobody wants to read of it.
UNRECORDED = PUBLIC | {"/healthz", METRICS}
#: How a request ended, in a word that stays.
WORDS = {
    Outcome.ANSWERED: "answered",
    Outcome.CLIENT_FAULT: "client_fault",
    Outcome.UPSTREAM_FAULT: "upstream_fault",
    Outcome.EXPIRED: "expired",
    Outcome.LEFT: "left",
    Outcome.REFUSED: "refused",
}


def is_unrecorded(scope: Scope) -> bool:
    """Whether nothing is to be told of a request."""
    return scope["path"] in UNRECORDED and scope["method"] in ("GET", "HEAD")


def finished(kind: str, name: str, scope: Scope, client: Client | None, status: int) -> Finished:
    """What is told of a request that has ended, answered with `status`; 0 where with nothing."""
    trace: Trace = scope[TRACE]
    now = trace.clock()
    total = now - trace.began
    key, key_name = (client.fingerprint, client.name) if client is not None else ("", "")
    request: Request | None = scope.get(REQUEST)
    if request is None:
        end = "answered" if 0 < status < 400 else "refused"
        return Finished(kind or other(scope["path"]), total, status, end, name, key, key_name)
    attempt = request.attempt
    policy, said = attempt.choice.policy, attempt.status
    ended_early = request.expired or request.left or attempt.failed_midway or attempt.refused
    is_answered = 0 < said < 400 and attempt.reached and not ended_early  # as nearly all are
    return Finished(
        kind,
        total,
        status,
        "answered" if is_answered else WORDS[request.outcome],
        name,
        key,
        key_name,
        request.client_model,
        request.group,
        request.streams,
        policy.service,
        (policy.key or policy.credential) if policy.service else None,
        attempt.way or "none",
        trace.status,
        request.failed,
        trace.waited,
        trace.first,
        trace.upstream_until(now),
        trace.pieces,
    )


def other(path: str) -> str:
    """What is asked for by a path that is no LLM route, in a word; never the client's own.

    >>> other("/v2/translate"), other("/v1/models/m"), other("/key/sk-of-mine")
    ('translate', 'models', 'other')
    """
    if path in translate.PATHS:
        return "translate"
    return "models" if path.startswith("/v1/models") else "other"
