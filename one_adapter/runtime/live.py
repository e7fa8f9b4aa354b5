"""The state of this process, made from what LiteLLM has loaded."""

from __future__ import annotations

import os
from typing import Any

from one_adapter.runtime.redaction import known, named
from one_adapter.runtime.state import State, build

_made: tuple[Any, Any, int, State] | None = None


def state() -> State:
    """Return the state, made anew when LiteLLM's router or settings are others than before."""
    global _made
    from litellm.proxy import proxy_server

    router = proxy_server.llm_router
    own = proxy_server.general_settings.get("one_adapter")
    models = router.model_list if router is not None else []
    if _made is None or _made[0] is not models or _made[1] is not own or _made[2] != len(models):
        aliases = router.model_group_alias if router is not None else None
        known.learn(named([proxy_server.proxy_config.get_config_state(), models, own], os.environ))
        _made = (models, own, len(models), build(models, own, aliases))
    return _made[3]
