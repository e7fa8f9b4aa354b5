"""The keys of a service: which one answers, how often in the long run, and whose turns it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from one_adapter.config.model import Credential, Service
from one_adapter.dialect import Dialect, Order, hashed
from one_adapter.language import tr
from one_adapter.plan.types import Target

#: More than any vendor allows; YAML knows infinity.
MOST_TOKENS = 1e15


@dataclass(frozen=True, slots=True)
class Turn:
    """A key that answers, with its share of the service; `places` are empty where there is no pool."""

    credential: int
    share: Fraction
    key: str = ""
    places: tuple[int, ...] = ()


def all_on(service: Service) -> list[int]:
    """The keys of a service that are not switched off, by number."""
    return [index for index, each in enumerate(service.pool) if each.enabled]


def turns_of(
    service: Service, order: Order, dialect: Dialect, able: Collection[int] | None = None
) -> tuple[Turn, ...]:
    """The keys of a service that may answer, as `order` gives them their turns; none where all are off.

    The turns of a key that is switched off go to the next in the list. `able` are the keys with which there
    is anything to ask, by number; None: all of them.
    """
    number = len(service.pool)
    able = range(number) if able is None else able
    if not dialect.pools:
        drawn = [index for index in range(1 if order == "first" else number) if index in able]
        return tuple(Turn(index, Fraction(1, len(drawn))) for index in drawn)
    if not service.credential_list:
        return (Turn(0, Fraction(1)),) if 0 in able else ()
    on = [index for index in all_on(service) if index in able]
    places: dict[int, list[int]] = {index: [] for index in on}
    for place in range(number) if on else ():
        places[next((index for index in on if index >= place), on[0])].append(place)
    start = {"first": 0, "hash": hashed(f"{service.id}:credentials", number)}.get(order)
    return tuple(
        Turn(
            index,
            Fraction(start in taken) if start is not None else Fraction(len(taken), number),
            service.pool[index].id,
            tuple(taken) if number > 1 else (),
        )
        for index, taken in places.items()
    )


def tokens_of(credential: Credential, model: str) -> float:
    """The tokens a minute by which a key is put before others for a client's model; 0: without a limit."""
    own = credential.model_limits.get(model)
    given = own.tpm if own and own.tpm > 0 else credential.limit.tpm
    return min(given, MOST_TOKENS) if given > 0 else 0


def by_tokens(service: Service, turns: Sequence[Turn], model: str) -> tuple[Turn, ...]:
    """The same keys with the shares that limits of tokens a minute give them: in a busy minute all of it.

    The key with the most tokens left goes first, one without a limit after those, so that in the long run
    each has its part of the tokens. Where no key of a pool has such a limit, nothing changes.
    """
    tokens = _tokens(service, turns, model)
    if not any(tokens):
        return tuple(turns)
    return tuple(
        replace(turn, share=Fraction(each) / sum(map(Fraction, tokens)))
        for turn, each in zip(turns, tokens, strict=True)
    )


def tokens_note(service: Service, turns: Sequence[Turn], model: str) -> str:
    """What the shares by tokens depend on; empty where they hold whatever the load."""
    tokens = _tokens(service, turns, model)
    if len(set(tokens)) < 2:
        return ""
    if not all(tokens):
        return tr(
            "{service}: keys with tpm answer first; the others when those have used up their minute",
            service=service.id,
        )
    return tr(
        "{service}: the key with the most tokens left answers; the shares are those of a busy minute",
        service=service.id,
    )


def _tokens(service: Service, turns: Sequence[Turn], model: str) -> list[float]:
    """The tokens a minute of each key of a pool with several; nothing where there is no choice."""
    if len(turns) < 2 or not turns[0].key:
        return []
    return [tokens_of(service.pool[turn.credential], model) for turn in turns]


def pools_of(targets: Iterable[Target]) -> dict[object, list[Target]]:
    """The targets that stand in for each other, by what they have in common."""
    found: dict[object, list[Target]] = {}
    for target in targets:
        if target.places:
            found.setdefault(target.pool, []).append(target)
    return found


def after(target: Target, pools: Mapping[object, list[Target]]) -> list[Target]:
    """What is tried, in this order, when a target fails: the rest of its pool, round the list from it."""
    pool = pools.get(target.pool, [])
    place = next((place for place, each in enumerate(pool) if each.credential == target.credential), 0)
    return pool[place + 1 :] + pool[:place]
