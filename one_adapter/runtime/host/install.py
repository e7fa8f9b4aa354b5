"""Where the door, its ways and what is changed in the loaded LiteLLM are put together, once a process."""

from __future__ import annotations

import asyncio
import contextlib
import os

from one_adapter.runtime.entry import door
from one_adapter.runtime.entry.conversation import Way
from one_adapter.runtime.host import heads, log, profile, reached, side_calls, transport
from one_adapter.runtime.host.hooks import handler
from one_adapter.runtime.host.loaded import loaded
from one_adapter.runtime.host.way import LitellmWay
from one_adapter.runtime.redaction import known, of_environment

#: Seconds after loading the configuration when start-up objects are taken from the collector, and those
#: that the first requests have loaded.
SETTLE_SECONDS, SETTLE_AGAIN_SECONDS = 0.5, 20.0

__all__ = ["handler", "install"]


def install() -> None:
    """Put the door before LiteLLM's application and apply the profile; again does nothing."""
    from litellm.proxy import proxy_server

    known.learn(of_environment(os.environ))
    transport.install()
    reached.install()
    heads.install()
    log.install()
    side_calls.stop_side_calls()
    side_calls.read_copies()
    choices = profile.chosen()
    profile.after_import(choices)
    if "collector" in choices:
        with contextlib.suppress(RuntimeError):  # no loop: the configuration is only being checked
            loop = asyncio.get_running_loop()
            loop.call_later(SETTLE_SECONDS, profile.settle)
            loop.call_later(SETTLE_AGAIN_SECONDS, profile.settle_again)
    door.mount(proxy_server.app, lambda app: door.Door(app, loaded, [*relays(), LitellmWay(app)]))


def relays() -> list[Way]:
    """Return the relay where there is one; without its folder everything goes LiteLLM's way."""
    try:
        from one_adapter.runtime.host.standing import Standing
        from one_adapter.runtime.relay.client import Pools
        from one_adapter.runtime.relay.way import Relay
    except ImportError:
        return []
    return [Relay(Pools(os.environ), Standing())]
