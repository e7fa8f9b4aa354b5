"""Which keys of a pool can take a request now: what was reserved of their tokens, and which are cooling down.

An order of preference, no limit: what a key may not do is for its limits to say. Reservations and cooldowns
are kept for each key and client model; times are seconds of a clock that is handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from one_adapter.runtime.gateway.settings import Policy

#: Seconds for which a reservation counts, and for which a key is left alone after a 429.
WINDOW_SECONDS, COOLDOWN_SECONDS = 60.0, 30.0
#: How many states are kept before those that say nothing any more are dropped.
MOST_STATES = 1000

Key = tuple[str, str, str]


@dataclass(slots=True)
class _State:
    reserved: deque[tuple[float, int]] = field(default_factory=deque)
    spent: int = 0
    cool_until: float = -inf

    def forget(self, now: float) -> bool:
        """Drop what is older than a minute; tell whether nothing is left to know."""
        while self.reserved and self.reserved[0][0] + WINDOW_SECONDS <= now:
            self.spent -= self.reserved.popleft()[1]
        return not self.reserved and self.cool_until <= now


class Capacity:
    """The reservations and cooldowns of one process."""

    def __init__(self) -> None:
        """Begin with every key free."""
        self._states: dict[Key, _State] = {}
        self._sweep_at = MOST_STATES

    @property
    def is_empty(self) -> bool:
        """Whether nothing was reserved and no key has been left alone of late."""
        return not self._states

    def order(self, policies: Sequence[Policy], model: str, tokens: int, now: float) -> list[Policy]:
        """Sort keys of one pool for a request of `tokens` for the client's `model`, the most able first.

        Those that can take it now come first, of them the one with the most tokens left of its limit (none
        counts as nothing left); then the others by when they are expected to recover. What is equal keeps its
        order.

        >>> from one_adapter.runtime.gateway.settings import Policy
        >>> capacity, pool = Capacity(), [Policy(key="a"), Policy(key="b")]
        >>> capacity.cool(pool[0], "m", now=0.0)
        >>> [one.key for one in capacity.order(pool, "m", tokens=12, now=29.0)]
        ['b', 'a']
        """
        if len(policies) < 2:
            return list(policies)
        return sorted(policies, key=lambda one: self._rank(one, model, tokens, now))

    def reserve(self, policy: Policy, model: str, tokens: int, now: float) -> None:
        """Note that a request of `tokens` goes to a key; only of keys with a limit of tokens."""
        if tpm_of(policy, model):
            state = self._state(policy, model, now)
            state.forget(now)
            state.reserved.append((now, tokens))
            state.spent += tokens

    def cool(self, policy: Policy, model: str, now: float) -> None:
        """Note that the upstream answered 429 to a key."""
        self._state(policy, model, now).cool_until = now + COOLDOWN_SECONDS

    def _state(self, policy: Policy, model: str, now: float) -> _State:
        key = _key(policy, model)
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= self._sweep_at:
                self._states = {key: one for key, one in self._states.items() if not one.forget(now)}
                self._sweep_at = max(MOST_STATES, 2 * len(self._states))
            found = self._states[key] = _State()
        return found

    def _rank(self, policy: Policy, model: str, tokens: int, now: float) -> tuple[bool, float]:
        """Whether a key is unable, and how it stands among its like: less comes first."""
        tpm = tpm_of(policy, model)
        state = self._states.get(_key(policy, model)) or _State()
        state.forget(now)
        cooling = state.cool_until > now
        left = tpm - state.spent if tpm else 0.0
        if not tpm or tokens <= left:
            return (True, state.cool_until) if cooling else (False, -left)
        recovery = state.cool_until if cooling else -inf
        for at, spent in state.reserved:
            left += spent
            if tokens <= left:
                return True, max(recovery, at + WINDOW_SECONDS)
        return True, recovery


def tpm_of(policy: Policy, model: str) -> float:
    """A key's tokens a minute for the client's `model`, by that name alone; 0 without a limit."""
    rules = policy.limits
    if rules is None:
        return 0.0
    own = rules.credential_models.get(model)
    if own is not None and own.tpm:
        return own.tpm
    return rules.credential.tpm if rules.credential is not None else 0.0


def _key(policy: Policy, model: str) -> Key:
    return policy.owner, policy.key_owner, model
