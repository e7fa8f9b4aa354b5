"""Which service answers, and in which order its keys are tried: first, in turn, by chance, or by a hash.

A turn first goes to a service (as often in a row as its `turns` say), then to one of its keys; the keys'
rotation belongs to the service and is shared by all its models. A service of weight 0 is a spare: it is used
only when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Protocol, TypeVar

from one_adapter.dialect import hashed
from one_adapter.runtime.gateway.pools import Pool
from one_adapter.runtime.gateway.settings import Policy


class _Weighted(Protocol):
    @property
    def weight(self) -> float: ...


Some = TypeVar("Some", bound=_Weighted)


class Rotation:
    """The rotations of one process."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Take the source of random numbers in [0, 1)."""
        self._chance = chance
        self._service_turns: dict[str, int] = {}
        self._key_turns: dict[str, int] = {}

    def forget(self, groups: Container[str], owners: Container[str]) -> None:
        """Drop the turns of names and of services that are gone."""
        self._service_turns = {name: turn for name, turn in self._service_turns.items() if name in groups}
        self._key_turns = {name: turn for name, turn in self._key_turns.items() if name in owners}

    def draw(self, group: str, pools: Sequence[Pool], first: int = 0, turn: int | None = None) -> Pool:
        """One of `pools` (not empty), those of `group` that may be called now.

        `first` is the turn at which a rotation begins, counted from 0; `turn` is the one whose it is, where
        that is counted elsewhere (`service_turns`).

        >>> from one_adapter.runtime.gateway.pools import pools_of
        >>> two = pools_of([Policy(service="a", order="rr"), Policy(service="b", order="rr")])
        >>> rotation = Rotation(lambda: 0.0)
        >>> [rotation.draw("m", two).service for _ in range(3)]
        ['a', 'b', 'a']
        """
        if len(pools) == 1:
            return pools[0]
        order = pools[0].order
        if order != "hash":
            pools = _weighty(pools)
        if order == "first":
            return pools[0]
        if order == "random":
            return self._by_chance(pools)
        places = [one for one in pools for _ in range(one.turns)]
        name = pools[0].alias_of or group
        if order == "hash":
            return places[hashed(name, len(places))]
        if turn is None:
            turn = _take(self._service_turns, name, first)
        return places[turn % len(places)]

    def order(self, pool: Pool, first: int = 0, turn: int | None = None) -> Sequence[Policy]:
        """The keys of a pool as they are to be tried: the drawn one, then those that follow it.

        `first` is the turn at which a rotation begins; `turn` is as in `draw` (`key_turns`).
        """
        if len(pool.keys) == 1:
            return pool.keys
        if not pool.shared:
            return self._one_first(pool, first, turn)
        size = len(pool.owners)
        if pool.key_order == "rr":
            if turn is None:
                turn = _take(self._key_turns, pool.owner, first)
            return pool.ring(turn % size)
        if pool.key_order == "hash":
            return pool.ring(hashed(f"{pool.service}:credentials", size))
        if pool.key_order == "first":
            return pool.ring(0)
        drawn = pool.keys.index(self._by_chance(pool.keys))
        return pool.keys[drawn:] + pool.keys[:drawn]

    def _one_first(self, pool: Pool, first: int, turn: int | None) -> Sequence[Policy]:
        """Draw one of a service's credentials; spares among them are passed over."""
        keys = _weighty(pool.keys)
        if pool.order == "rr" and len(keys) > 1:
            if turn is None:
                turn = _take(self._key_turns, pool.owner, first)
            drawn = keys[turn % len(keys)]
        else:
            drawn = self._by_chance(keys) if pool.order == "random" else keys[0]
        return drawn, *(one for one in pool.keys if one is not drawn)

    def _by_chance(self, ones: Sequence[Some]) -> Some:
        total = sum(one.weight for one in ones)
        point = self._chance() * (total if total > 0 else len(ones))
        for one in ones:
            point -= one.weight if total > 0 else 1.0
            if point < 0:
                return one
        return ones[-1]


def service_turns(group: str, pools: Sequence[Pool]) -> str:
    """The name under which turns between `pools` of a group are counted, "" where none are.

    >>> from one_adapter.runtime.gateway.pools import pools_of
    >>> service_turns("m", pools_of([Policy(service="a", order="rr"), Policy(service="b", order="rr")]))
    'm'
    """
    if len(pools) == 1 or pools[0].order != "rr" or len(_weighty(pools)) == 1:
        return ""
    return pools[0].alias_of or group


def key_turns(pool: Pool) -> str:
    """The name under which turns between the keys of a pool are counted, "" where none are."""
    if len(pool.keys) == 1:
        return ""
    if pool.shared:
        return pool.owner if pool.key_order == "rr" else ""
    return pool.owner if pool.order == "rr" and len(_weighty(pool.keys)) > 1 else ""


def _weighty(ones: Sequence[Some]) -> Sequence[Some]:
    """Leave out the spares, unless there is nothing else."""
    return [one for one in ones if one.weight > 0] or ones


def _take(turns: dict[str, int], name: str, first: int) -> int:
    turn = turns.get(name, first)
    turns[name] = turn + 1
    return turn
