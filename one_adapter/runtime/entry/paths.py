"""The paths there are, and for whom: the LLM routes, our own, LiteLLM's public ones, the management."""

from __future__ import annotations

LLM_ROUTES = {
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
    "/v1/responses": "responses",
}
#: Kind of request -> the exact path under which LiteLLM answers it.
LITELLM_PATHS = {kind: path for path, kind in LLM_ROUTES.items()}
#: LiteLLM's own pages that need no key and tell nothing about the configuration.
PUBLIC = ("/health/liveliness", "/health/liveness", "/health/readiness")
#: First parts of the paths under which LiteLLM is managed: closed with 403 instead of 404.
MANAGEMENT = frozenset(
    (
        *("audit", "budget", "cache", "callbacks", "config", "credentials", "customer", "debug", "end_user"),
        *("get", "global", "guardrails", "health", "key", "mcp-rest", "model", "model_group", "organization"),
        *("policies", "prompts", "router", "settings", "spend", "sso", "tag", "team", "ui", "update", "user"),
        *("utils", "vector_store"),
    )
)


def kind_of(path: str) -> str:
    """Return the kind of LLM request a path is for, "" for any other.

    >>> kind_of("/v1/anything/chat/completions"), kind_of("/v1/embeddings"), kind_of("/key/info")
    ('chat', 'embeddings', '')
    """
    if path.startswith("/v1/") and path.endswith("/chat/completions"):
        return "chat"
    return LLM_ROUTES.get(path, "")
