"""What LiteLLM has loaded, as the gateway reads it: the one place that holds this process's configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from litellm.proxy import proxy_server

from one_adapter.contract import SECTION
from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.entry.endpoints import Metrics
from one_adapter.runtime.gateway.config import Config, read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.host import reading, recording
from one_adapter.runtime.host.remembering import memory_of
from one_adapter.runtime.record.finished import Recorder
from one_adapter.runtime.redaction import known, named

#: The router's mark and the settings that were read, and what became of them.
_made: tuple[object, int, Any, Loaded] | None = None
#: Number and fingerprint of the generation that holds.
_generation: tuple[int, str] = (1, "")
#: Our own settings as the last generation has them; LiteLLM lets nobody change what its file says. None: its.
_own: Any = None
#: Deployments that the router holds and no new request asks: older requests still do.
_apart: frozenset[str] = frozenset()
#: Seconds for which it may be another already, and when it is looked at again.
LOOK_SECONDS = 0.02
_look_at = 0.0
#: What this process records, once that is found out; None in it: nothing.
_recording: tuple[recording.Recording | None] | None = None


def lately() -> Loaded:
    """What held a moment ago: looking costs more than most of what a request needs."""
    global _look_at
    now = monotonic()
    if _made is None or now >= _look_at:
        _look_at = now + LOOK_SECONDS
        return loaded()
    return _made[3]


def loaded() -> Loaded:
    """What holds now; read anew when LiteLLM's router or settings are others than before."""
    global _made
    router = proxy_server.llm_router
    own = proxy_server.general_settings.get(SECTION)
    held, number = reading.mark(router)
    if _made is None or _made[0] is not held or _made[1] != number or _made[2] is not own:
        models = in_force(router)
        aliases = reading.aliases(router) if router is not None else None
        known.learn(named([reading.configuration() or {}, models, own], os.environ))
        settings = own if _own is None else _own
        config = read_config(models, settings, aliases, os.environ, *_generation)
        if _made is not None:  # somebody else has changed it: it is the same generation still
            config = replace(config, uses=_made[3].config.uses)
        memory = _made[3].memory if _made is not None else memory_of(config)
        _made = (held, number, own, Loaded(config, memory, *_kept(config, memory)))
    return _made[3]


def _kept(config: Config, memory: Memory) -> tuple[Recorder | None, Metrics | None]:
    """Who is told of requests and what tells of them, as this process began with them."""
    global _recording
    if _recording is None:
        _recording = (recording.begin(config, memory, os.environ),)
    found = _recording[0]
    if found is None:
        return None, None
    return found.record, recording.beside(proxy_server.app.routes, found.metrics)


def in_force(router: Any) -> list[Mapping[str, Any]]:
    """The deployments that new requests may ask."""
    models = reading.deployments(router) if router is not None else []
    return [one for one in models if str((one.get("model_info") or {}).get("id")) not in _apart]


def is_generation(number: int, fingerprint: str) -> None:
    """Say which generation it is that LiteLLM has loaded, or will."""
    global _generation, _made
    _generation = number, fingerprint
    if _made is not None:
        config = replace(_made[3].config, number=number, fingerprint=fingerprint)
        _made = (*_made[:3], replace(_made[3], config=config))


def put(config: Config | None, apart: frozenset[str], own: Any = None) -> None:
    """Have a configuration hold from now on, None for the present one; LiteLLM has been changed for it.

    `apart` are deployments of the router that are not its own; `own` are our settings that it was read of.
    """
    global _apart, _generation, _made, _own
    present = loaded() if _made is None else _made[3]
    _apart = apart
    if config is not None:
        _generation, _own = (config.number, config.fingerprint), own
    held, number = reading.mark(proxy_server.llm_router)
    now = present if config is None else replace(present, config=config)
    if _recording is not None and _recording[0] is not None:
        _recording[0].follow(now.config)
    _made = held, number, proxy_server.general_settings.get(SECTION), now
