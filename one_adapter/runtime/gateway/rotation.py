"""Which deployment answers: first, in turn, or by chance, on two levels.

A turn first goes to a service (as often in a row as its `turns` say), then to one of its
credentials; the credentials' rotation belongs to the service and is shared by all its models.
By chance, the weights decide at once. A deployment of weight 0 is a spare: it is used only when
nothing else is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from one_adapter.runtime.gateway.settings import Policy


class Rotation:
    """The rotations of one process."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Take the source of random numbers in [0, 1)."""
        self._chance = chance
        self._turn: dict[str, int] = {}
        self._credential: dict[str, int] = {}

    def choose(self, group: str, policies: Sequence[Policy]) -> Policy:
        """Pick one of `policies` (not empty), the deployments of `group` that may be called now.

        >>> from one_adapter.runtime.gateway.settings import Policy
        >>> ones = [Policy(service="a", order="rr"), Policy(service="b", order="rr")]
        >>> order = Rotation(lambda: 0.0)
        >>> [order.choose("m", ones).service for _ in range(3)]
        ['a', 'b', 'a']
        """
        if len(policies) == 1:
            return policies[0]
        candidates = [one for one in policies if one.weight > 0] or list(policies)
        kind = candidates[0].order
        if kind == "first":
            return candidates[0]
        if kind == "rr":
            return self._in_turn(group, candidates)
        return self._by_chance(candidates)

    def _in_turn(self, group: str, policies: Sequence[Policy]) -> Policy:
        places: list[str] = []
        for one in policies:
            if one.service not in places:
                places.extend([one.service] * one.turns)
        turn = self._turn.get(group, 0)
        self._turn[group] = turn + 1
        service = places[turn % len(places)]
        credentials = [one for one in policies if one.service == service]
        if len(credentials) == 1:
            return credentials[0]
        turn = self._credential.get(service, 0)
        self._credential[service] = turn + 1
        return credentials[turn % len(credentials)]

    def _by_chance(self, policies: Sequence[Policy]) -> Policy:
        total = sum(one.weight for one in policies)
        point = self._chance() * (total if total > 0 else len(policies))
        for one in policies:
            point -= one.weight if total > 0 else 1.0
            if point < 0:
                return one
        return policies[-1]
