"""What LiteLLM has loaded, as the gateway reads it: the one place that holds this process's configuration."""

from __future__ import annotations

import os
from typing import Any

from litellm.proxy import proxy_server

from one_adapter.contract import SECTION
from one_adapter.runtime.entry.door import Loaded
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.redaction import known, named

_made: tuple[Any, Any, int, Loaded] | None = None


def loaded() -> Loaded:
    """Return what holds now; read anew when LiteLLM's router or settings are others than before."""
    global _made
    router = proxy_server.llm_router
    own = proxy_server.general_settings.get(SECTION)
    models = router.model_list if router is not None else []
    if _made is None or _made[0] is not models or _made[1] is not own or _made[2] != len(models):
        memory = _made[3].memory if _made is not None else Memory()
        aliases = router.model_group_alias if router is not None else None
        known.learn(named([proxy_server.proxy_config.get_config_state(), models, own], os.environ))
        config = read_config(models, own, aliases, os.environ)
        _made = (models, own, len(models), Loaded(config, memory))
    return _made[3]
