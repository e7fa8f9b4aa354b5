"""Which limits a request has to pass: a key's, a key's for a model, a service's for a model, a service's.

A limiter is known by whose limit it is, not by the deployment: models of a service share the service's, and
all names that lead to one entry for a model share that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from one_adapter.dialect import Dialect
from one_adapter.runtime.gateway.settings import Limit, LimitRules, Policy

#: Seconds that a request waits for a limit that does not say how long.
CHAT_PATIENCE, EMBEDDING_PATIENCE = 120.0, 30.0


class Layer(NamedTuple):
    """One limit to pass; `name` tells limiters apart, and what lies below `least` counts as that.

    `of_key`: it is a key's, so that another key of the service may have room. Without `refuses` it only
    delays: who has waited in vain goes on. `patience`: the longest wait, in seconds, where the limit names
    none. `generation`: the configuration that says so; an older one's numbers do not come back.
    """

    name: str
    limit: Limit
    of_key: bool = False
    least: int = 1
    refuses: bool = True
    patience: float = CHAT_PATIENCE
    generation: int = 0


def layers_of(
    policy: Policy, kind: str, client_model: str, group: str, dialect: Dialect, generation: int = 0
) -> tuple[Layer, ...]:
    """The limits of a request of `kind` for `client_model`, outermost last; mostly there are none.

    A model's limit is the first entry under the client's name, the group's, the redirected, the upstream's.
    """
    rules = policy.limits
    if rules is None:
        return ()
    names = (client_model, group, policy.redirected, policy.model_for(kind))
    bound, patience = dialect.chat_layers, CHAT_PATIENCE
    if kind == "embeddings":
        bound, patience = dialect.embedding_layers, EMBEDDING_PATIENCE
    found = []
    for part in bound:
        limit, name = _limit(rules, part, names)
        if limit is None:
            continue
        of_key = part.startswith("credential")
        if part == "embeddings" and dialect.embeddings_by_model:
            name = policy.model_for(kind)
        refuses = part != "embeddings" or dialect.embeddings_refuse
        named = _named(policy, part, name)
        found.append(Layer(named, limit, of_key, dialect.least, refuses, patience, generation))
    return tuple(found)


def numbers_of(policy: Policy, dialect: Dialect, generation: int) -> Iterator[Layer]:
    """Every limit around a deployment, under the name and with the number its requests know."""
    rules = policy.limits or LimitRules()
    for part in {*dialect.chat_layers, *dialect.embedding_layers}:
        found: Limit | Mapping[str, Limit] | None = getattr(rules, part)
        if isinstance(found, Limit):
            by_model = part == "embeddings" and dialect.embeddings_by_model
            found = {policy.model_for("embeddings") if by_model else "": found}
        of_key = part.startswith("credential")
        refuses = part != "embeddings" or dialect.embeddings_refuse
        for name, limit in (found or {}).items():
            named = _named(policy, part, name)
            yield Layer(named, limit, of_key, dialect.least, refuses, generation=generation)


def _named(policy: Policy, part: str, name: str) -> str:
    """What a limit is known by: whose it is, and of which model."""
    owner = policy.owner
    if part.startswith("credential"):
        owner = f"{owner}:key:{policy.key_owner}"
    return f"{owner}:{part}:{name}" if name else f"{owner}:{part}"


def _limit(rules: LimitRules, part: str, names: Sequence[str]) -> tuple[Limit | None, str]:
    """The limit of a layer, and the model's name it was found under, "" where it is for all."""
    found: Limit | Mapping[str, Limit] | None = getattr(rules, part)
    if not found:
        return None, ""
    if isinstance(found, Limit):
        return found, ""
    for name in names:
        if name and name in found:
            return found[name], name
    return None, ""
