"""Which requests there are: the method and the path together, exactly, never a pattern of LiteLLM's.

LiteLLM has hundreds of routes, some of which take any path at all (`/v1/files/{id:path}`), and one that a
model key does not open may be reached by another's end. So nothing of a client's reaches LiteLLM but by a
list: the LLM routes by POST, under LiteLLM's own address for them; health by GET; what the owner of the
YAML has opened. The master key opens the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from one_adapter.errors import OneAdapterError
from one_adapter.language import tr

#: A method and a path.
Route = tuple[str, str]

LLM_ROUTES = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
    "/v1/responses": "responses",
}
#: LiteLLM's own path for each kind; whatever the client's path was, LiteLLM gets this one.
LITELLM_PATHS = {kind: path for path, kind in LLM_ROUTES.items()}
#: LiteLLM's own pages that need no key and tell nothing about the configuration.
PUBLIC = frozenset(("/health/liveliness", "/health/liveness", "/health/readiness"))
#: First parts of the paths under which LiteLLM is managed: closed with 403 instead of 404.
MANAGEMENT = frozenset(
    (
        "audit",
        "budget",
        "cache",
        "callbacks",
        "config",
        "credentials",
        "customer",
        "debug",
        "end_user",
        "get",
        "global",
        "guardrails",
        "health",
        "key",
        "mcp-rest",
        "model",
        "model_group",
        "organization",
        "policies",
        "prompts",
        "router",
        "settings",
        "spend",
        "sso",
        "tag",
        "team",
        "ui",
        "update",
        "user",
        "utils",
        "vector_store",
    )
)
_OPENED = re.compile(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(/[^\s?#*{}]*)")


def kind_of(path: str) -> str:
    """The kind of LLM route a path is, "" for any other.

    >>> kind_of("/v1/anything/chat/completions"), kind_of("/v1/embeddings"), kind_of("/key/info")
    ('chat', 'embeddings', '')
    """
    if path.startswith("/v1/") and path.endswith("/chat/completions"):
        return "chat"
    return LLM_ROUTES.get(path, "")


def read_opened(entries: Sequence[str], place: str) -> frozenset[Route]:
    """Read the owner's list at a `place`: a path is one for POST, `GET /path` one for GET.

    Raises `OneAdapterError` for anything else.

    >>> sorted(read_opened(["/v1/moderations", "GET /v1/files"], "routes"))
    [('GET', '/v1/files'), ('POST', '/v1/moderations')]
    """
    found = set()
    for entry in entries:
        match = _OPENED.fullmatch(entry)
        if match is None:
            told = tr(
                "{place} must hold paths, with a method before them or without, not {entry}.",
                place=place,
                entry=entry,
            )
            raise OneAdapterError(told, 1)
        found.add((match[1] or "POST", match[2]))
    return frozenset(found)
