"""The deployments of one service under a name: its keys, which may stand in for each other.

A name's services are drawn first, then a key of the service. Where the gateway's version has pools, all the
keys of a list form a ring: each takes its own turns and those of the keys before it that are switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from one_adapter.runtime.gateway.settings import Policy


@dataclass(frozen=True, eq=False)
class Pool:
    """One service's deployments for one upstream model, in the order of the file; there is at least one.

    `owners` says for each place of the ring whose turn it is, by the place in `keys`. `shared`: the keys
    stand in for each other; otherwise one is drawn and no other is tried. `counts_tokens`: some have a limit
    of tokens, so that it matters what a request costs.
    """

    keys: tuple[Policy, ...]
    weight: float = field(init=False)
    shared: bool = field(init=False)
    counts_tokens: bool = field(init=False)
    owners: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Work out what does not change."""
        object.__setattr__(self, "weight", sum(one.weight for one in self.keys))
        object.__setattr__(self, "shared", all(one.key for one in self.keys))
        object.__setattr__(self, "counts_tokens", any(map(_counts_tokens, self.keys)))
        object.__setattr__(self, "owners", _owners(self.keys))

    @property
    def service(self) -> str:
        """The service."""
        return self.keys[0].service

    @property
    def owner(self) -> str:
        """What the memory of the service is kept under."""
        return self.keys[0].owner

    @property
    def order(self) -> str:
        """The word by which it is drawn."""
        return self.keys[0].order

    @property
    def key_order(self) -> str:
        """The word by which its keys are."""
        return self.keys[0].key_order or self.order

    @property
    def turns(self) -> int:
        """How many turns in a row it has."""
        return self.keys[0].turns

    @property
    def alias_of(self) -> str:
        """The name whose turns it takes, where that is not its group's."""
        return self.keys[0].alias_of

    def ring(self, place: int) -> tuple[Policy, ...]:
        """All keys, beginning with the one whose turn `place` is."""
        first = self.owners[place]
        return self.keys[first:] + self.keys[:first]


def pools_of(policies: Iterable[Policy]) -> tuple[Pool, ...]:
    """Deployments by service and upstream model, in order.

    A service's keys belong together where each of them has an upstream's name of its own for the model.

    >>> ones = [Policy(service="a", id="1"), Policy(service="b", id="2"), Policy(service="a", id="3")]
    >>> [[one.id for one in pool.keys] for pool in pools_of(ones)]
    [['1', '3'], ['2']]
    """
    by_model: dict[tuple[str, str], list[Policy]] = {}
    for one in policies:
        by_model.setdefault((one.service, one.upstream_model), []).append(one)
    found: list[list[Policy]] = []
    last: dict[str, list[Policy]] = {}
    for (service, _), ones in by_model.items():
        rest = last.get(service)
        if rest is not None and _are_other_keys(ones, rest):
            rest += ones
        else:
            found.append(ones)
            last[service] = ones
    return tuple(Pool(tuple(sorted(ones, key=lambda one: one.places))) for ones in found)


def _are_other_keys(ones: Sequence[Policy], rest: Sequence[Policy]) -> bool:
    """Whether deployments are keys of a pool that are not in the rest of it."""
    keys = {one.key for one in ones}
    return "" not in keys and keys.isdisjoint(one.key for one in rest) and all(one.key for one in rest)


def _owners(keys: Sequence[Policy]) -> tuple[int, ...]:
    """Whose turn each place of the ring is; one that nobody names is the next one's."""
    if not all(one.places for one in keys):
        return tuple(range(len(keys)))
    named = {place: index for index, one in enumerate(keys) for place in one.places}
    size = max(named) + 1
    owners = [named[size - 1]] * size
    for place in reversed(range(size - 1)):
        owners[place] = named.get(place, owners[place + 1])
    return tuple(owners)


def _counts_tokens(policy: Policy) -> bool:
    rules = policy.limits
    if rules is None:
        return False
    return any(one.tpm for one in (rules.credential, *rules.credential_models.values()) if one is not None)
