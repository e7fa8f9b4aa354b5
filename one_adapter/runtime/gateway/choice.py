"""Which deployments may answer a request, in which order, and what the end of a try says of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from one_adapter.runtime.gateway.breaker import Key
from one_adapter.runtime.gateway.config import RANDOM, Config
from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.outcome import Outcome
from one_adapter.runtime.gateway.pools import Pool
from one_adapter.runtime.gateway.refusal import Refusal, model_not_found, no_healthy_key
from one_adapter.runtime.gateway.rotation import key_turns, service_turns
from one_adapter.runtime.gateway.settings import Policy


class KeyIsFull(Refusal):
    """A refusal by a limit of one key: another key may have room."""


class Choice(NamedTuple):
    """The deployment of one try; its outcome is booked under the key `breaker`; `probe`: it is a trial."""

    policy: Policy
    breaker: Key | None = None
    probe: bool = False


async def candidates(
    config: Config,
    memory: Memory,
    group: str,
    model: str,
    kind: str,
    now: float,
    tokens: Callable[[Policy], int] = lambda _: 0,
) -> Sequence[Policy]:
    """The deployments of `group` to try for a request of `kind` that asked for `model`, in order.

    They are the keys of one service, which is drawn once, with the first of them; a key whose breaker is
    open is none of them, and for all but embeddings those with room for the request's `tokens` come first.
    `now` is in seconds of the clock by which outcomes are booked. Raises `Refusal`: 400 where the group has
    no embeddings, or nothing else, 503 or 429 where every breaker is open.
    """
    pools: Sequence[Pool] = config.pools(group, kind)
    if not pools:
        raise _nobody(model, kind)
    if len(pools) == 1 and len(pools[0].keys) == 1 and memory.breakers.is_empty:
        return pools[0].keys
    rotation, first = memory.rotation, config.settings.dialect.first_turn
    left = pools
    closed: set[str] | None = None
    if not memory.breakers.is_empty:
        closed = {
            one.id for pool in pools for one in pool.keys if may_ask(config, memory, one, group, model, now)
        }
        left = [pool for pool in pools if any(one.id in closed for one in pool.keys)]
        if not left:
            raise unhealthy(pools[0].keys[0], model)
    if memory.turns is None:
        pool = rotation.draw(group, left, first)
        keys = rotation.order(pool, first)
    else:
        turn = await memory.turns.take("services", service_turns(group, left), first)
        pool = rotation.draw(group, left, first, turn)
        keys = rotation.order(pool, first, await memory.turns.take("keys", key_turns(pool), first))
    if closed is not None:
        keys = [one for one in keys if one.id in closed]
    if not pool.shared:
        return keys[:1]
    if kind == "embeddings" or (memory.capacity.is_empty and not pool.counts_tokens):
        return keys
    return memory.capacity.order(keys, model, tokens(keys[0]) if pool.counts_tokens else 0, now)


def _nobody(model: str, kind: str) -> Refusal:
    """The refusal of a model with no deployment for a request of `kind`."""
    if kind == "embeddings":
        return Refusal(400, f"The model {model!r} has no embeddings.", "", "model")
    return model_not_found(model)


def breaker_key(config: Config, policy: Policy, group: str, model: str) -> Key | None:
    """Under which key the breaker of a deployment counts for a client's model; None where none does.

    A key of a pool has one for each name; what stands alone has none for the model that draws one at random.
    """
    if policy.breaker is None:
        return None
    name = config.name_of(model, group)
    if policy.key:
        return policy.owner, policy.key_owner, name
    return None if model == RANDOM else (policy.owner, name)


def may_ask(config: Config, memory: Memory, policy: Policy, group: str, model: str, now: float) -> bool:
    """Whether a deployment's breaker lets a call through now."""
    key = breaker_key(config, policy, group, model)
    return key is None or policy.breaker is None or memory.breakers.allows(key, policy.breaker, now)


def begin(
    config: Config, memory: Memory, policy: Policy, group: str, model: str, now: float
) -> Choice | None:
    """Begin a try; None where the breaker has opened since, or has let others through that are on trial."""
    key = breaker_key(config, policy, group, model)
    if key is None or policy.breaker is None or memory.breakers.is_empty:
        return Choice(policy, key)
    if not memory.breakers.allows(key, policy.breaker, now):
        return None
    return Choice(policy, key, memory.breakers.begin(key))


async def leased(memory: Memory, choice: Choice) -> bool:
    """Whether a try that is a probe may go on; False where other processes' probes are enough."""
    rule, key = choice.policy.breaker, choice.breaker
    assert rule is not None
    assert key is not None
    return await memory.breakers.leases(key, rule, choice.policy.timeout)


def unhealthy(policy: Policy, model: str) -> Refusal:
    """The refusal of a model for which every breaker is open."""
    if policy.key:
        return no_healthy_key(model, retry_after=1.0)
    problem = f"No service for the model {model!r} is healthy at present."
    return Refusal(503, problem, "service_unavailable", retry_after=1.0)


async def enter(
    memory: Memory, policy: Policy, layers: Sequence[Layer], tokens: int, most: float, spare: bool = False
) -> Callable[[], None] | None:
    """Wait for the limits of a request that costs `tokens`, at most `most` seconds; return what ends it.

    `spare`: another key is left to try. None where there are no limits, or one that only delays was waited
    for in vain. Raises `Refusal` (429), of its kind `KeyIsFull` where it is the key's limit.
    """
    if not layers:
        return None
    try:
        return await memory.limits.acquire(layers, tokens, most, spare)
    except Full as full:
        if not full.layer.refuses:
            return None
        kind = KeyIsFull if full.layer.of_key else Refusal
        if full.never:
            problem = f"The request has more tokens than {policy.service} may be sent in a minute."
            raise kind(429, problem, "rate_limit_exceeded") from None
        problem = f"Too many requests for the service {policy.service}: try again later."
        raise kind(429, problem, "rate_limit_exceeded", retry_after=full.retry_after) from None


def book(config: Config, memory: Memory, choice: Choice, outcome: Outcome, now: float) -> None:
    """Tell the breaker how a try ended."""
    rule = choice.policy.breaker
    if choice.breaker is None or rule is None:
        return
    if outcome is Outcome.ANSWERED and memory.breakers.is_empty:
        return
    verdict = outcome.verdict(config.settings.dialect)
    if verdict is None:
        memory.breakers.abandon(choice.breaker, choice.probe)
    elif verdict:
        memory.breakers.success(choice.breaker, choice.probe)
    else:
        memory.breakers.failure(choice.breaker, rule, choice.probe, now)
