"""What LiteLLM has loaded, as the gateway reads it: the one place that holds this process's configuration."""

from __future__ import annotations

import os
from time import monotonic
from typing import Any

from litellm.proxy import proxy_server

from one_adapter.contract import SECTION
from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.host import reading
from one_adapter.runtime.redaction import known, named

#: The router's mark and the settings that were read, and what became of them.
_made: tuple[object, int, Any, Loaded] | None = None
#: Seconds for which it may be another already, and when it is looked at again.
LOOK_SECONDS = 0.02
_look_at = 0.0


def lately() -> Loaded:
    """Return what held a moment ago: looking costs more than most of what a request needs."""
    global _look_at
    now = monotonic()
    if _made is None or now >= _look_at:
        _look_at = now + LOOK_SECONDS
        return loaded()
    return _made[3]


def loaded() -> Loaded:
    """Return what holds now; read anew when LiteLLM's router or settings are others than before."""
    global _made
    router = proxy_server.llm_router
    own = proxy_server.general_settings.get(SECTION)
    held, number = reading.mark(router)
    if _made is None or _made[0] is not held or _made[1] != number or _made[2] is not own:
        memory = _made[3].memory if _made is not None else Memory()
        models = reading.deployments(router) if router is not None else []
        aliases = reading.aliases(router) if router is not None else None
        known.learn(named([reading.configuration() or {}, models, own], os.environ))
        config = read_config(models, own, aliases, os.environ)
        _made = (held, number, own, Loaded(config, memory))
    return _made[3]
