"""Paths of our own: health, the models list, one model; translation is in `translate.py`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from one_adapter.runtime import translate
from one_adapter.runtime.answers import Refusal

if TYPE_CHECKING:
    from one_adapter.runtime.door import Door, Receive, Scope, Send
    from one_adapter.runtime.state import State

    Handler = Callable[[Door, State, Scope, Receive, Send], Awaitable[None]]

MODELS = "/v1/models"
STARTED = int(time.time())


def find(method: str, path: str) -> Handler | None:
    """Return what answers a path of ours, or None.

    >>> find("GET", "/healthz").__name__, find("GET", "/v1/models/a/b").__name__, find("GET", "/x")
    ('health', 'model', None)
    """
    if method in ("GET", "HEAD"):
        if path == "/healthz":
            return health
        if path.rstrip("/") == MODELS:
            return models
        if path.startswith(MODELS + "/"):
            return model
    if method == "POST" and path in translate.PATHS:
        return translate.serve
    return None


async def health(door: Door, state: State, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Say that requests are served."""
    from one_adapter.runtime.outlet import answer

    await answer(send, 200, {"status": "ok"})


async def models(door: Door, state: State, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """List the names this key may ask for.

    A key for everything sees what the gateway lists, and 404 when that is nothing; a key for some
    models sees those of them that exist.
    """
    from one_adapter.runtime.outlet import answer

    client = door.require(state, scope)
    if "*" in client.models:
        names = state.listed()
        if not names:
            raise Refusal(404, "No models found.", "not_found")
    else:
        names = [name for name in state.groups if client.may(name)]
    await answer(send, 200, {"object": "list", "data": [_card(name) for name in names]})


async def model(door: Door, state: State, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Show one model by its name, slashes and all; `random` and global aliases are not models."""
    from one_adapter.runtime.outlet import answer

    client = door.require(state, scope)
    name = unquote(scope["path"][len(MODELS) + 1 :])
    known = name in state.groups and name != "random" and name not in state.settings.aliases
    if not known or not client.may(name):
        raise Refusal(404, f"The model {name!r} does not exist.", "model_not_found", "model")
    await answer(send, 200, _card(name))


def _card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": STARTED, "owned_by": "openai"}
