"""Putting a new generation in the place of the old one inside the loaded LiteLLM, in two steps.

LiteLLM holds the deployments of both for a while. A deployment's id tells its content (`reload/naming.py`),
and a request asks for one by its id, so that the old do not disturb; they go when the last request of their
configuration has ended, and with them prices, clients and variables.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from time import perf_counter
from typing import Any

import yaml
from litellm.proxy import proxy_server

from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.gateway.config import Config, read_config
from one_adapter.runtime.gateway.layers import Layer, numbers_of
from one_adapter.runtime.gateway.settings import Limit, Policy
from one_adapter.runtime.host import loaded, reading, writing
from one_adapter.runtime.redaction import Known, known, named, of_environment
from one_adapter.runtime.reload.beside import beside, rest
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.naming import base_of, resolved
from one_adapter.runtime.reload.naming import loaded as read_text

#: Seconds that a configuration stays after its last request, for what LiteLLM does behind it.
LINGER_SECONDS = 2.0
#: Whoever keeps something for deployments (clients, connections) and is to hear which there still are.
keepers: list[Callable[[Sequence[Policy]], None]] = []


@dataclass(frozen=True, eq=False)
class Held:
    """What one generation has put into this process: it goes with it, but for what another shares.

    `models` are those of its deployments that LiteLLM still has.
    """

    config: Config
    models: dict[str, str] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A generation that is read and found good, and not in force yet."""

    generation: Generation
    held: Held
    deployments: Mapping[str, Any] = field(repr=False)
    own: Any = field(repr=False)
    began: float
    aliases: Mapping[str, Any] | None = None
    providers: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Applied:
    """What came of a generation: how many deployments it added, took out and gave another meaning.

    `milliseconds` are those from its reading on.
    """

    generation: Generation
    added: int
    removed: int
    changed: int
    milliseconds: float

    def line(self) -> str:
        """A line for a person."""
        return tr(
            "generation {number} ({fingerprint}): {added} added, {changed} changed, {removed} removed, "
            "{milliseconds:.0f} ms",
            number=self.generation.number,
            fingerprint=self.generation.fingerprint,
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            milliseconds=self.milliseconds,
        )


#: Every generation of which something is left in this process, the present one last.
_held: list[Held] = []
#: Whether what LiteLLM has loaded by itself has been looked at: it is the first of them.
_looked = False
#: Deployments that are in the router for a generation that is not in force yet.
_staged: set[str] = set()
#: What is done by and by.
_tasks: set[asyncio.Task[None]] = set()


def begin(first: Generation) -> None:
    """Say which generation LiteLLM has loaded by itself, or is about to."""
    global _looked
    _looked = False
    loaded.is_generation(first.number, first.fingerprint)
    _held[:] = [Held(Config.empty(), {}, _variables(first))]


def adopt(generation: Generation) -> None:
    """Have processes that are forked from this one begin with a generation, and with nothing of the last."""
    old = [os.environ.pop(name, "") for one in _held for name in one.variables]
    begin(generation)
    os.environ.update(generation.environment)
    values = [*generation.environment.values(), *of_environment(os.environ)]
    known.learn(values)
    known.forget(old, values)


def prepare(generation: Generation) -> Prepared:
    """Read a generation, off the loop; changes nothing, but its secrets are known from then on.

    Raises `OneAdapterError` for one that cannot be used.
    """
    began = perf_counter()
    if proxy_server.prisma_client is not None and proxy_server.store_model_in_db is True:
        told = tr("LiteLLM keeps models in its database too: it takes a restart to apply this.")
        raise OneAdapterError(told, 1)
    values = {**os.environ, **generation.environment, MASTER_KEY: os.environ.get(MASTER_KEY, "")}
    try:
        whole = read_text(generation.config)
        models, own, aliases, providers = _parts(resolved(whole, values))
        config = read_config(models, own, aliases, values, generation.number, generation.fingerprint)
        deployments = {str(one["model_info"]["id"]): writing.deployment_of(one) for one in models}
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as problem:
        what = known.clean(str(problem).partition("\n")[0])
        told = tr("LiteLLM would not load this configuration: {reason}", reason=what)
        raise OneAdapterError(told, 1) from None
    asked = {identity: str(one.litellm_params.model) for identity, one in deployments.items()}
    held = Held(config, asked, _variables(generation), frozenset(named([whole, own, models], values)))
    known.learn(held.secrets)
    return Prepared(generation, held, deployments, own, began, aliases, providers)


def _parts(whole: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    """A configuration's deployments, our own settings, aliases and custom providers."""
    own = (whole.get("general_settings") or {}).get(SECTION)
    aliases = (whole.get("router_settings") or {}).get("model_group_alias")
    providers = (whole.get("litellm_settings") or {}).get("custom_provider_map") or ()
    return whole.get("model_list") or [], own, aliases, providers


def _variables(generation: Generation) -> frozenset[str]:
    return frozenset(generation.environment) - {MASTER_KEY}


async def stage(prepared: Prepared) -> None:
    """Put what is new into LiteLLM ahead of `commit`, a little at a time, so that no request waits for it.

    Nothing is asked there yet. What was staged and is not to be committed is taken out by `drop`.
    Raises `OneAdapterError` where LiteLLM does not take a deployment; then nothing is left of it.
    """
    _present()
    for identity in prepared.deployments:
        began = perf_counter()
        if _add(prepared, identity):
            loaded.put(None, _apart(_held[-1]))
            await rest(began)


def drop(prepared: Prepared) -> None:
    """Forget a generation that will not be committed."""
    for identity in prepared.deployments.keys() & _staged:
        _staged.discard(identity)
        writing.remove(proxy_server.llm_router, identity, prepared.held.models[identity])
    loaded.put(None, _apart(_held[-1]))
    _forget(prepared.held)


def commit(prepared: Prepared) -> Applied:
    """Have every request from now on answered by it, at once; to be called on the loop.

    Requests that have begun keep their configuration; what only that needs goes when the last of them ends.
    Raises `OneAdapterError`, with nothing changed, where LiteLLM does not take a deployment.
    """
    held, old = prepared.held, _present()
    known.learn(held.secrets)  # they are, unless an older generation with the same has gone meanwhile
    for identity in prepared.deployments:
        _add(prepared, identity)
    os.environ.update({name: prepared.generation.environment[name] for name in held.variables})
    writing.set_aliases(proxy_server.llm_router, prepared.aliases)
    _staged.difference_update(held.models)
    _held.append(held)
    loaded.put(held.config, _apart(held), prepared.own)
    loaded.loaded().memory.limits.renew(limits_after(old.config, held.config))
    old.config.uses.once_free(lambda: _by_and_by(_retire(old)))
    added, removed, changed = difference(old.models, held.models)
    return Applied(prepared.generation, added, removed, changed, (perf_counter() - prepared.began) * 1000)


def difference(old: Iterable[str], new: Iterable[str]) -> tuple[int, int, int]:
    """How many deployments are added, removed and changed: of the same service, with another content.

    >>> difference(["a.0-11111111", "b.0-22222222"], ["a.0-33333333", "c.0-44444444"])
    (1, 1, 1)
    """
    before, after = {*old}, {*new}
    added, removed = Counter(map(base_of, after - before)), Counter(map(base_of, before - after))
    changed = (added & removed).total()
    return added.total() - changed, removed.total() - changed, changed


def limits_after(old: Config, new: Config) -> list[Layer]:
    """Every limit of a new configuration, and those that it has no more, without numbers.

    Whose service or key is gone keeps its numbers for those who still wait there.
    """
    found = {
        layer.name: layer
        for policy in new.policies.values()
        for layer in numbers_of(policy, new.settings.dialect, new.number)
    }
    services = {policy.owner for policy in new.policies.values()}
    keys = {(policy.owner, policy.key_owner) for policy in new.policies.values()}
    for policy in old.policies.values():
        for layer in numbers_of(policy, old.settings.dialect, new.number):
            stays = (policy.owner, policy.key_owner) in keys if layer.of_key else policy.owner in services
            if stays:
                found.setdefault(layer.name, layer._replace(limit=Limit()))
    return [*found.values()]


def _present() -> Held:
    """What is in force; what LiteLLM has loaded by itself is looked at when that is first asked."""
    global _looked
    router = proxy_server.llm_router
    if router is None:
        told = tr("LiteLLM was started without a model: it takes a restart to have one.")
        raise OneAdapterError(told, 1)
    if not _looked:
        _looked = True
        first = _held.pop() if _held else Held(Config.empty())
        models = {
            str(one["model_info"]["id"]): str(one["litellm_params"]["model"])
            for one in loaded.in_force(router)
        }
        secrets = frozenset(named([reading.configuration() or {}, loaded.in_force(router)], os.environ))
        _held.append(Held(loaded.loaded().config, models, first.variables, secrets))
    return _held[-1]


def _add(prepared: Prepared, identity: str) -> bool:
    """Put a deployment into the router unless it is there; tell whether it was not."""
    if identity in _staged or any(identity in one.models for one in _held):
        return False
    writing.register(prepared.providers)
    try:
        writing.add(proxy_server.llm_router, prepared.deployments[identity])
    except Exception as problem:  # of LiteLLM's many kinds
        drop(prepared)
        what = known.clean(str(problem).partition("\n")[0])
        told = tr("LiteLLM does not take the deployment {name}: {reason}", name=identity, reason=what)
        raise OneAdapterError(told, 1) from problem
    _staged.add(identity)
    return True


def _apart(present: Held) -> frozenset[str]:
    """The deployments of the router that new requests do not ask."""
    every = {*_staged, *chain.from_iterable(one.models for one in _held)}
    return frozenset(every - present.models.keys())


def _by_and_by(work: Coroutine[Any, Any, None]) -> None:
    _tasks.add(task := asyncio.get_running_loop().create_task(work))
    task.add_done_callback(_tasks.discard)


def _forget(held: Held) -> None:
    """Know its secrets no more, but for those of others."""
    if known.discard(held.secrets, chain(of_environment(os.environ), *(one.secrets for one in _held))):
        _by_and_by(beside(Known.renew, known))


async def _retire(held: Held) -> None:
    """Take away what only this generation has needed, some time after its last request."""
    await asyncio.sleep(LINGER_SECONDS)
    for identity in [*held.models]:
        began, model = perf_counter(), held.models.pop(identity)
        if identity not in _staged and not any(identity in one.models for one in _held):
            writing.remove(proxy_server.llm_router, identity, model)
            loaded.put(None, _apart(_held[-1]))
            await rest(began)
    _held.remove(held)
    policies = [policy for one in _held for policy in one.config.policies.values()]
    for keep in keepers:
        keep(policies)
    writing.forget_clients(_api_keys([held]) - _api_keys(_held))
    for name in held.variables.difference(*(one.variables for one in _held)):
        os.environ.pop(name, None)
    _forget(held)
    groups = {name for one in _held for name in one.config.groups}
    loaded.loaded().memory.forget(
        groups | {policy.alias_of for policy in policies}, {policy.owner for policy in policies}
    )


def _api_keys(several: Iterable[Held]) -> set[str]:
    every = chain.from_iterable(one.config.parameters.values() for one in several)
    return {str(one["api_key"]) for one in every if one.get("api_key")}
