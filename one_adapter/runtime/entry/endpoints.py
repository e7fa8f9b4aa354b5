"""Paths of our own: health, the models list, one model, numbers; translation is in `translate.py`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from one_adapter.runtime.entry import translate
from one_adapter.runtime.entry.asgi import App, Receive, Scope, Send, answer
from one_adapter.runtime.gateway.config import RANDOM, Config
from one_adapter.runtime.gateway.refusal import Refusal

Handler = Callable[[App, Config, Scope, Receive, Send], Awaitable[None]]

#: Returns what was counted in the form that an Accept header asks for, and its content type.
Metrics = Callable[[str], tuple[bytes, str]]

MODELS, METRICS = "/v1/models", "/metrics"
STARTED = int(time.time())


def find(method: str, path: str) -> Handler | None:
    """What answers a path of ours, or None.

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


async def health(door: App, config: Config, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Say that requests are served; the admin's key hears by which generation of the configuration."""
    told: dict[str, Any] = {"status": "ok"}
    client = config.keys.identify(scope["headers"])
    if client is not None and client.admin:
        told |= {"generation": config.number, "fingerprint": config.fingerprint}
    await answer(send, 200, told)


async def metrics(tell: Metrics, config: Config, scope: Scope, send: Send) -> None:
    """Tell what was counted, to the master key alone."""
    if not config.keys.admit(scope["headers"]).admin:
        raise Refusal(403, "The numbers are for the master key.", "forbidden")
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    body, kind = tell(accept.decode("latin-1"))
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def models(door: App, config: Config, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """List the names this key may ask for.

    A key for everything sees what the gateway lists, where that is nothing the gateway's answer; a key for
    some models sees those of them that exist.
    """
    client = config.keys.admit(scope["headers"])
    dialect = config.settings.dialect
    if "*" in client.models:
        names = config.listed()
        if not names and not dialect.lists_nothing:
            raise Refusal(404, "No models found.", "not_found")
    else:
        shown = dialect.lists_random or RANDOM in config.listed()
        names = [name for name in config.known() if client.may(name) and (name != RANDOM or shown)]
    await answer(send, 200, {"object": "list", "data": [_card(config, name) for name in names]})


async def model(door: App, config: Config, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Show one model by its name, slashes and all; `random` and global aliases are not models."""
    client = config.keys.admit(scope["headers"])
    name = unquote(scope["path"][len(MODELS) + 1 :])
    known = name in config.known() and name not in config.settings.aliases
    if name == RANDOM:  # a model only where a service lists one of this name
        known = not config.settings.dialect.lists_random and RANDOM in config.listed()
    if not known or not client.may(name):
        raise Refusal(404, f"The model {name!r} does not exist.", "model_not_found", "model")
    await answer(send, 200, _card(config, name))


def _card(config: Config, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": STARTED, "owned_by": config.owner(name)}
