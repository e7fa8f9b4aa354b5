"""Which deployment answers a request, when it may be asked, and what the end of the request says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from one_adapter.runtime.gateway.config import RANDOM, Config
from one_adapter.runtime.gateway.layers import Layer
from one_adapter.runtime.gateway.limits import Full
from one_adapter.runtime.gateway.memory import Memory
from one_adapter.runtime.gateway.outcome import Outcome
from one_adapter.runtime.gateway.refusal import Refusal, model_not_found
from one_adapter.runtime.gateway.settings import Policy


@dataclass(frozen=True)
class Choice:
    """The chosen deployment; its outcome is booked under the key `breaker`; `probe`: it is a trial."""

    policy: Policy
    breaker: tuple[str, str] | None = None
    probe: bool = False


def choose(config: Config, memory: Memory, group: str, model: str, kind: str, now: float) -> Choice:
    """Pick a deployment of `group` for a request of `kind` that asked for `model`, and take its turn.

    `now` is in seconds of the clock by which outcomes are booked. Raises `Refusal`: 400 where the group has
    no embeddings, or nothing else, 503 where every breaker is open.
    """
    policies: Sequence[Policy] = config.groups[group]
    if kind == "embeddings":
        policies = [one for one in policies if one.embeddings]
        if not policies:
            raise Refusal(400, f"The model {model!r} has no embeddings.", "", "model")
    else:
        policies = [one for one in policies if one.chat]
        if not policies:
            raise model_not_found(model)
    mode = "embedding" if kind == "embeddings" else "chat"
    policies = [one for one in policies if one.mode == mode] or policies
    name = config.breaker_name(model, group)
    if model != RANDOM:
        policies = [
            one
            for one in policies
            if one.breaker is None or memory.breakers.allows((one.service, name), one.breaker, now)
        ]
    if not policies:
        problem = f"No service for the model {model!r} is healthy at present."
        raise Refusal(503, problem, "service_unavailable", retry_after=1.0)
    policy = memory.rotation.choose(group, policies)
    if policy.breaker is None or model == RANDOM:
        return Choice(policy)
    key = (policy.service, name)
    return Choice(policy, key, memory.breakers.begin(key))


async def enter(
    memory: Memory, policy: Policy, layers: Sequence[Layer], tokens: int, most: float
) -> Callable[[], None] | None:
    """Wait for the limits of a request that costs `tokens`, at most `most` seconds; return what ends it.

    None where there are no limits, or one that only delays was waited for in vain. Raises `Refusal` (429).
    """
    if not layers:
        return None
    try:
        return await memory.limits.acquire(layers, tokens, most)
    except Full as full:
        if not full.layer.refuses:
            return None
        if full.never:
            problem = f"The request has more tokens than {policy.service} may be sent in a minute."
            raise Refusal(429, problem, "rate_limit_exceeded") from None
        problem = f"Too many requests for the service {policy.service}: try again later."
        raise Refusal(429, problem, "rate_limit_exceeded", retry_after=full.retry_after) from None


def book(memory: Memory, choice: Choice, outcome: Outcome, now: float) -> None:
    """Tell the breaker how a request ended."""
    rule = choice.policy.breaker
    if choice.breaker is None or rule is None:
        return
    if outcome.verdict is None:
        memory.breakers.abandon(choice.breaker, choice.probe)
    elif outcome.verdict:
        memory.breakers.success(choice.breaker, choice.probe)
    else:
        memory.breakers.failure(choice.breaker, rule, choice.probe, now)
