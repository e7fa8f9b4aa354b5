"""LiteLLM's router, changed as the loaded version has it changed: deployments added and taken out, aliases.

From 1.109 on that is `apply`; its older methods warn there. What LiteLLM itself would keep for ever of a
deployment (its price under its id, the name of its model in a list) goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import islice
from typing import Any

import litellm
from litellm.types.router import Deployment


def deployment_of(entry: Mapping[str, Any]) -> Deployment:
    """An entry of a model list as LiteLLM's own object; raises what LiteLLM raises of a wrong one."""
    return Deployment(**{**entry, "litellm_params": _params(entry.get("litellm_params") or {})})


def _params(values: Mapping[str, Any]) -> Any:
    from litellm.types.router import LiteLLM_Params

    return LiteLLM_Params(**values)


#: Names of models -> under which LiteLLM has noted a price of theirs that it did not have before.
_priced: dict[str, tuple[str, ...]] = {}


def add(router: Any, deployment: Deployment) -> None:
    """Add one to a router, under an id that is not in it yet."""
    before = len(litellm.model_cost)
    if _is_new(router):
        from litellm.router_api import ChangeSet

        router.apply(ChangeSet(upsert=[deployment]))
    else:
        router.upsert_deployment(deployment)
    known = router.registry().has_deployment if _is_new(router) else router.has_model_id
    if not known(deployment.model_info.id):  # LiteLLM only writes to its log why
        raise ValueError("it is not valid")
    new = tuple(islice(reversed(litellm.model_cost), len(litellm.model_cost) - before))
    model = deployment.litellm_params.model
    _priced[model] = tuple({*_priced.get(model, ()), *new} - {deployment.model_info.id})


def remove(router: Any, identity: str, model: str) -> None:
    """Take one out of a router: its id, and its `litellm_params.model`."""
    if _is_new(router):
        from litellm.router_api import ChangeSet

        router.apply(ChangeSet(delete=[identity]))
        names = router.registry().names(kind="deployment_names")
    else:
        router.delete_deployment(identity)
        names = router.deployment_names
    with suppress(ValueError):
        names.remove(model)
    litellm.model_cost.pop(identity, None)
    if model not in names:
        for name in _priced.pop(model, ()):
            litellm.model_cost.pop(name, None)


def set_aliases(router: Any, aliases: Mapping[str, Any] | None) -> None:
    """Give a router other aliases of groups."""
    found = dict(aliases or {})
    if _is_new(router):
        from litellm.router_api import ChangeSet

        router.apply(ChangeSet(assign={"model_group_alias": found}))
    else:
        router.model_group_alias = found


def register(providers: Sequence[Mapping[str, Any]]) -> None:
    """Have LiteLLM know custom providers, `custom_provider_map` of a configuration, beside those it knows."""
    from litellm.utils import custom_llm_setup

    known = {one["provider"] for one in litellm.custom_provider_map}
    for one in providers:
        if one["provider"] not in known:
            module, _, name = str(one["custom_handler"]).rpartition(".")
            handler = getattr(import_module(module), name)
            litellm.custom_provider_map.append({"provider": one["provider"], "custom_handler": handler})
    custom_llm_setup()


def forget_clients(keys: Iterable[str]) -> None:
    """Have LiteLLM let go of the clients it has made for API keys; it closes them when nobody uses them."""
    gone = frozenset(keys)
    cache = litellm.in_memory_llm_clients_cache
    for name, client in [*cache.cache_dict.items()]:
        if gone and getattr(client, "api_key", None) in gone:
            cache.delete_cache(name)


def _is_new(router: Any) -> bool:
    return hasattr(type(router), "apply")
