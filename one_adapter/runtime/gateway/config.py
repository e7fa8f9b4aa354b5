"""Everything that one loaded configuration says, frozen: a request holds its own to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from one_adapter.runtime.gateway.identity import with_identities
from one_adapter.runtime.gateway.keys import Client, Keys
from one_adapter.runtime.gateway.pools import Pool, pools_of
from one_adapter.runtime.gateway.refusal import model_not_found, no_healthy_key
from one_adapter.runtime.gateway.settings import Policy, Settings, read_settings

#: The gateway's model name that draws one at random; it has no breaker of its own.
RANDOM = "random"


class Uses:
    """How many requests hold a configuration at present."""

    __slots__ = ("_then", "count")

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self._then: Callable[[], None] | None = None

    def end(self) -> None:
        """Note that one has ended."""
        self.count -= 1
        if not self.count and self._then is not None:
            self._then()

    def once_free(self, then: Callable[[], None]) -> None:
        """Have something done when the last has ended; to be asked when no more begin."""
        if self.count:
            self._then = then
        else:
            then()


@dataclass(frozen=True, eq=False)
class Config:
    """Settings, keys, deployments by client name, aliases; `parameters` are LiteLLM's, by deployment.

    `number` and `fingerprint` are its generation's; `uses` counts those who hold it.
    """

    settings: Settings
    keys: Keys
    groups: Mapping[str, tuple[Policy, ...]]
    aliases: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    number: int = 1
    fingerprint: str = ""
    uses: Uses = field(repr=False, default_factory=Uses)
    policies: Mapping[str, Policy] = field(init=False, repr=False)
    _pools: dict[tuple[str, bool], tuple[Pool, ...]] = field(init=False, repr=False, default_factory=dict)

    @classmethod
    def empty(cls) -> Config:
        """One that knows no model and no key."""
        settings = Settings()
        return cls(settings, Keys(settings, {}), {}, {})

    def __post_init__(self) -> None:
        """Index the policies by deployment."""
        every = {one.id: one for group in self.groups.values() for one in group}
        object.__setattr__(self, "policies", every)

    def resolve(self, model: str, kind: str = "chat") -> str:
        """The group that answers a client's model name; raises `Refusal` for an unknown one.

        A name that answers everything wins over all others, but for embeddings, then an alias, then a group.
        One whose keys are all switched off is refused, too, and not for being unknown.
        """
        catch_all = None if kind == "embeddings" else self.settings.catch_all
        group = self.aliases.get(model, model) if catch_all is None else catch_all
        if group in self.groups:
            return group
        raise no_healthy_key(model) if group in self.settings.keys_off else model_not_found(model)

    def pools(self, group: str, kind: str) -> tuple[Pool, ...]:
        """What may answer a request of `kind` for a group, by service; nothing where nothing may.

        Deployments made for this kind are asked before those that can do it, too.
        """
        embeddings = kind == "embeddings"
        found = self._pools.get((group, embeddings))
        if found is None:
            mode = "embedding" if embeddings else "chat"
            able = [one for one in self.groups[group] if (one.embeddings if embeddings else one.chat)]
            found = pools_of([one for one in able if one.mode == mode] or able)
            self._pools[group, embeddings] = found
        return found

    def opens(self, client: Client, method: str, path: str) -> bool:
        """Whether a client that is no admin may make a request of LiteLLM.

        What the owner has opened beside the LLM routes names its model in ways of its own, so it is for keys
        that may ask for every model.
        """
        return (method, path) in self.settings.routes and "*" in client.models

    def name_of(self, model: str, group: str) -> str:
        """The name under which what happens to a client's model is remembered.

        There is one for each name of the configuration. Where a name answers everything, all that are written
        nowhere share its memory.
        """
        return model if model in self.groups or model in self.aliases else group

    def known(self) -> Iterator[str]:
        """Every name that stands for a model, whether or not a key of it is switched on."""
        yield from self.groups
        yield from (name for name in self.settings.keys_off if name not in self.groups)

    def owner(self, name: str) -> str:
        """Whose a model is."""
        return self.groups[name][0].owned_by if name in self.groups else self.settings.keys_off[name]

    def listed(self) -> list[str]:
        """The names that `/v1/models` shows; where `random` is added, last and to others only."""
        names = [name for name in self.known() if name not in self.settings.unlisted]
        if not self.settings.dialect.lists_random:
            return names
        others = [name for name in names if name != RANDOM]
        return [*others, RANDOM] if others and RANDOM in self.groups else others


def read_config(
    model_list: Sequence[Mapping[str, Any]],
    own_settings: object,
    aliases: Mapping[str, Any] | None,
    environment: Mapping[str, str],
    number: int = 1,
    fingerprint: str = "",
) -> Config:
    """Read what LiteLLM has loaded: its list of deployments, our own settings, its aliases.

    `environment` holds the clients' keys and what adapters read. Raises `OneAdapterError` for a value of ours
    of the wrong type.
    """
    settings = read_settings(own_settings)
    groups: dict[str, list[Policy]] = {}
    parameters: dict[str, Mapping[str, Any]] = {}
    for deployment, policy in with_identities(model_list, settings.counted, environment):
        groups.setdefault(str(deployment["model_name"]), []).append(policy)
        parameters[policy.id] = deployment.get("litellm_params") or {}
    targets = {
        name: str(target["model"] if isinstance(target, Mapping) else target)
        for name, target in (aliases or {}).items()
    }
    keys = Keys(settings, environment)
    every = {name: tuple(ones) for name, ones in groups.items()}
    return Config(settings, keys, every, targets, parameters, number, fingerprint)
