"""LiteLLM's router and configuration, read as the loaded version shows them.

From 1.109 on the router has a `registry()` and `settings()`; its older members warn there, and go soon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litellm.proxy import proxy_server

#: The names of the classes that a router's own listeners belong to.
ROUTERS = ("Router", "PythonCore", "RustCore")


def deployments(router: Any) -> Sequence[Mapping[str, Any]]:
    """The deployments that a router holds at present."""
    found: Sequence[Mapping[str, Any]] = router.registry().all() if _is_new(router) else router.model_list
    return found


def mark(router: Any) -> tuple[object, int]:
    """What is another object, or has another number beside it, once the deployments have changed.

    A registry shows one list for ever and counts its changes; before it a new list took the old one's place.
    """
    if router is None:
        return None, 0
    if _is_new(router):
        return router, int(router.registry().version)
    return router.model_list, len(router.model_list)


def aliases(router: Any) -> Mapping[str, Any] | None:
    """Name -> the group that it stands for."""
    found: Mapping[str, Any] | None = (
        router.registry().aliases() if _is_new(router) else router.model_group_alias
    )
    return found


def counts(router: Any) -> bool:
    """Whether a router looks at answers: for a strategy that goes by usage, or for cooldowns."""
    at = router.settings() if hasattr(type(router), "settings") else router
    return not (at.routing_strategy == "simple-shuffle" and at.disable_cooldowns)


def configuration() -> Mapping[str, Any] | None:
    """The configuration that LiteLLM has read; None where a version does not show it."""
    shown = getattr(proxy_server.proxy_config, "get_config_state", None)
    return None if shown is None else dict(shown())


def _is_new(router: Any) -> bool:
    return hasattr(type(router), "registry")
