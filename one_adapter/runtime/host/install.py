"""Where the door, its ways and what is changed in the loaded LiteLLM are put together, once a process."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from one_adapter.errors import OneAdapterError
from one_adapter.language import choose, language_of
from one_adapter.runtime.entry import door
from one_adapter.runtime.entry.conversation import Way
from one_adapter.runtime.host import (
    applying,
    failures,
    heads,
    log,
    profile,
    reached,
    side_calls,
    transport,
    watching,
)
from one_adapter.runtime.host.hooks import handler
from one_adapter.runtime.host.loaded import lately, loaded
from one_adapter.runtime.host.way import LitellmWay
from one_adapter.runtime.redaction import known, of_environment

if TYPE_CHECKING:
    from one_adapter.runtime.host.standing import Standing

#: Seconds after loading the configuration when start-up objects are taken from the collector.
SETTLE_SECONDS = 0.5

__all__ = ["handler", "install"]


def install() -> None:
    """Put the door before LiteLLM's application and apply the profile; again does nothing."""
    from litellm.proxy import proxy_server

    choose(language_of(os.environ))  # a stock command, or a worker that loads by itself, was told of none
    known.learn(of_environment(os.environ))
    transport.install()
    reached.install()
    heads.install()
    log.install()
    side_calls.stop_side_calls()
    side_calls.read_copies()
    choices = profile.chosen()
    failures.install(quiet=bool(choices))
    if "log" in choices:
        log.drop_a_workers_prints(proxy_server)
    profile.after_import(choices)
    applying.keepers.append(handler.clients.keep)
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, watching.start)
        watching.remember()
    if "collector" in choices:
        with contextlib.suppress(RuntimeError):  # no loop: the configuration is only being checked
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, profile.settle)
    door.mount(proxy_server.app, lambda app: failures.LoggedDoor(app, lately, [*relays(), LitellmWay(app)]))


def relays() -> list[Way]:
    """The relay where there is one; without its folder everything goes LiteLLM's way."""
    try:
        from one_adapter.runtime.host.standing import Standing
        from one_adapter.runtime.relay.client import Pools
        from one_adapter.runtime.relay.way import Relay
    except ImportError:
        return []
    standing = Standing()
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, look, standing)
    pools = Pools(os.environ)
    applying.keepers.append(pools.keep)
    return [Relay(pools, standing)]


def look(standing: Standing) -> None:
    """Have said what keeps everything from the relay, once LiteLLM has loaded what it will.

    What is shared with other processes is made ready, too.
    """
    with contextlib.suppress(OneAdapterError):  # it is the first request's to tell
        standing.look(loaded().config)
        loaded().memory.start()
