"""The outermost ASGI layer: it stands before all of LiteLLM and decides who may come in, and where to.

An LLM request becomes a conversation; our own paths are answered here; LiteLLM's application gets what is
public, what the master key asks for, and the exact paths that the owner has opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import getrandbits
from typing import Any

from one_adapter.runtime.entry import endpoints, finishing, translate
from one_adapter.runtime.entry.asgi import App, Receive, Scope, Send
from one_adapter.runtime.entry.conversation import REQUEST, TRACE, Way, converse
from one_adapter.runtime.entry.cross_origin import is_preflight, preflight
from one_adapter.runtime.entry.headers import opened
from one_adapter.runtime.entry.outlet import Outlet
from one_adapter.runtime.gateway.config import Config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.paths import LLM_ROUTES, MANAGEMENT, PUBLIC, kind_of
from one_adapter.runtime.gateway.refusal import Refusal
from one_adapter.runtime.record.finished import Recorder

#: Where in the ASGI scope LiteLLM's check of the key finds who asks.
CLIENT = "one_adapter.client"
#: The bits of a random UUID that say which of its kinds it is, and all the others.
VERSION_4 = 4 << 76 | 2 << 62
RANDOM_BITS = (1 << 128) - 1 - (0xF << 76 | 3 << 62)
#: How the paths begin on which a POST gets a name of its own, in the gateways that give them.
NAMED = ("/v1/", *translate.PATHS)


@dataclass(frozen=True, eq=False)
class Loaded:
    """What holds for a request that comes in now.

    `recorder` is told of it, if there is one; `metrics` tells what was counted, where that is asked for here.
    """

    config: Config
    memory: Memory
    recorder: Recorder | None = None
    metrics: endpoints.Metrics | None = None


class Door:
    """The layer itself; `loaded` is asked anew with each request."""

    def __init__(self, app: App, loaded: Callable[[], Loaded], ways: Sequence[Way]) -> None:
        """Wrap LiteLLM's `app`; `ways` are asked one after another to answer an LLM request."""
        self._app = app
        self._loaded = loaded
        self._ways = ways

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            client = self._loaded().config.keys.identify(scope["headers"])
            if client is None or not client.admin:
                await send({"type": "websocket.close", "code": 1008})
                return
            scope[CLIENT] = client
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind, name = "", ""
        if scope["method"] == "POST":
            loaded, path = self._loaded(), scope["path"]
            kind, recorder = LLM_ROUTES.get(path) or kind_of(path), loaded.recorder
            if loaded.config.settings.dialect.names_requests and path.startswith(NAMED):
                name = new_name()
        elif is_preflight(scope):
            await preflight(send)
            return
        else:
            recorder = None if finishing.is_unrecorded(scope) else self._loaded().recorder
        outlet = Outlet(send, name, foreign=not kind)
        if recorder is not None:
            scope[TRACE] = recorder.begin()
        try:
            if kind:
                loaded.config.uses.count += 1
                scope[CLIENT] = client = loaded.config.keys.admit(scope["headers"])
                await converse(self._ways, loaded.config, loaded.memory, client, kind, scope, receive, outlet)
            else:
                await self._other(scope, receive, outlet)
        except Refusal as refusal:
            await outlet.refuse(refusal, kind)
        finally:
            if kind:
                loaded.config.uses.end()
                self.ended(kind, scope, outlet)
            if recorder is not None:
                recorder.told(finishing.finished(kind, name, scope, scope.get(CLIENT), outlet.status))
                del scope[TRACE]
            scope.pop(REQUEST, None)  # the server keeps the scope, and a body may be large

    def ended(self, kind: str, scope: Scope, outlet: Outlet) -> None:
        """Take note of an LLM request that is over; whoever wants to tell of it overrides this."""

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in PUBLIC and method in ("GET", "HEAD"):
            await self._app({**scope, "query_string": b""}, receive, send)
            return
        loaded = self._loaded()
        config = loaded.config
        if loaded.metrics is not None and path == endpoints.METRICS and method in ("GET", "HEAD"):
            await endpoints.metrics(loaded.metrics, config, scope, send)
            return
        handler = endpoints.find(method, path)
        if handler is not None:
            await handler(self, config, scope, receive, send)
            return
        client = config.keys.admit(scope["headers"])
        if client.admin and not kind_of(path):
            await self._app({**scope, CLIENT: client}, receive, send)
        elif config.opens(client, method, path):
            await self._app({**scope, CLIENT: client, "headers": opened(scope["headers"])}, receive, send)
        else:
            raise _nothing_there(method, path)


def new_name() -> str:
    """A name for a request in the form of a random UUID; it is no secret, so that chance will do.

    >>> len(new_name()), new_name()[14]
    (36, '4')
    """
    digits = (getrandbits(128) & RANDOM_BITS | VERSION_4).to_bytes(16, "big").hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _nothing_there(method: str, path: str) -> Refusal:
    if kind_of(path):
        return Refusal(405, f"{path} is for POST, not {method}.", "method_not_allowed")
    if path.strip("/").partition("/")[0] in MANAGEMENT:
        return Refusal(403, "This key opens the LLM routes only.", "forbidden")
    return Refusal(404, f"There is no {method} {path} here.", "not_found")


def admitted(scope: Scope) -> Client | None:
    """Who makes a request that came in through the door; None for one that did not."""
    client: Any = scope.get(CLIENT)
    return client if isinstance(client, Client) else None


def mount(app: Any, door: Callable[[App], Door]) -> None:
    """Put the door before everything else a Starlette application does, once."""
    stack = app.middleware_stack or app.build_middleware_stack()
    if not isinstance(stack, Door):
        app.middleware_stack = door(stack)
