"""LiteLLM's routes for what clients ask, before its six hundred others.

FastAPI tries routes in their order and prepares each when it first comes to it: a second of work that the
first request would wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from one_adapter.runtime.gateway.paths import LITELLM_PATHS, PUBLIC

#: Modules whose routes LiteLLM adds when they are first asked for.
ADDED_LATER = ("litellm.proxy.anthropic_endpoints.endpoints",)


def put_first(app: Any) -> None:
    """Put the routes of the LLM paths and the public pages before the others of a FastAPI application."""
    later: list[Any] = []
    for name in ADDED_LATER:
        try:
            later += import_module(name).router.routes
        except (ImportError, AttributeError):  # a version that has it elsewhere keeps its own order
            continue
    every = list(_every([*app.router.routes, *later]))
    asked = [("POST", path) for path in LITELLM_PATHS.values()] + [("GET", path) for path in PUBLIC]
    found = [route for method, path in asked for route in _first(every, method, path)]
    app.router.routes[:0] = [one for one in found if one not in app.router.routes[: len(asked)]]


def _every(routes: Sequence[Any]) -> Iterable[Any]:
    """Routes, those of included routers in their places."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _every(included.routes)


def _first(routes: Sequence[Any], method: str, path: str) -> list[Any]:
    exact = [one for one in routes if getattr(one, "path", None) == path]
    return [one for one in exact if method in (getattr(one, "methods", None) or ())][:1]
