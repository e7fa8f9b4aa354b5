"""What `export --pure` gives up: stock LiteLLM alone, without one-adapter at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from one_adapter.contract import HANDLERS
from one_adapter.export.litellm.deployments import quote_name
from one_adapter.plan.routes import RANDOM
from one_adapter.plan.types import Plan, Route, ServicePolicy, Target

#: How many of several names a sentence holds.
NAMES_SHOWN = 4


def pure_costs(plan: Plan) -> list[str]:
    """What this configuration loses under `--pure`, one sentence each; the gravest first."""
    return [
        *_lost_services(plan),
        *_access(plan),
        *_routing(plan),
        *_limits(plan),
        *_network(plan),
        *_requests(plan),
        "Requests pass only the fields LiteLLM knows; the gateway passed all to OpenAI-shaped upstreams.",
        "The gateway's own paths /translate, /v1/translate, /v2/translate and /healthz do not answer.",
    ]


def _targets(plan: Plan) -> Iterator[tuple[Route, Target]]:
    for route in plan.routes:
        for target in (*route.targets, *(route.embedding_targets or ())):
            yield route, target


def _some(words: Sequence[str]) -> str:
    """A few of several words, and how many are left."""
    distinct = list(dict.fromkeys(words))
    left = len(distinct) - NAMES_SHOWN
    shown = ", ".join(distinct[:NAMES_SHOWN])
    return f"{shown} and {left} more" if left > 0 else shown


def _lost_services(plan: Plan) -> Iterator[str]:
    """Services whose provider is an adapter of ours."""
    for provider in HANDLERS:
        lost = [target.service for _, target in _targets(plan) if target.upstream.provider == provider]
        if lost:
            yield f"{_some(lost)}: LiteLLM has no provider for {provider}; these upstreams are left out."
    gone = [
        route.name
        for route in plan.routes
        if route.targets and all(target.upstream.provider in HANDLERS for target in route.targets)
    ]
    if gone:
        yield f"These names lead nowhere any more: {_some(gone)}."


def _access(plan: Plan) -> Iterator[str]:
    if plan.access.open:
        yield "The proxy asks for LITELLM_MASTER_KEY, where the gateway asked clients for no key."
    else:
        yield (
            "The old client keys do not work: clients need LITELLM_MASTER_KEY, which also manages the proxy, "
            "or virtual keys in LiteLLM's database."
        )
    limited = [key for key in plan.access.keys if "*" not in key.models]
    if limited:
        yield "Every client may call every model; which models a key may call is lost."


def _routing(plan: Plan) -> Iterator[str]:
    if plan.any is not None:
        yield 'The global redirect "all" is lost: a name nobody listed is an error again.'
    answering = (route for route in plan.routes if route.targets and route.name != RANDOM)
    hidden = [route.name for route in answering if not route.listed]
    if hidden:
        yield f"/v1/models shows names the gateway kept to itself: {_some(hidden)}."
    rotating = [route.name for route in plan.routes if route.order == "rr" and len(route.targets) > 1]
    if rotating:
        yield f"No strict rotation: {_some(rotating)} are drawn at random with the same shares."
    pooled = [target.service for _, target in _targets(plan) if target.places]
    if pooled:
        yield (
            f"No failover: a key of {_some(pooled)} that fails is not followed by the next one in the same "
            "request; keys that are switched off stay left out, their turns are in the weights."
        )
    counted = [note for route in plan.routes for note in route.notes]
    if counted:
        yield "Keys are drawn by weight, whatever tokens they have left in their minute."
    mixed = [route.name for route in plan.routes if route.embedding_targets is not None and route.targets]
    if mixed:
        what = f"Chats and embeddings of {_some(mixed)} share their upstreams"
        yield f"{what}; either may go where the other should."
    if plan.breaker is not None:
        yield (
            f"LiteLLM's cooldown stands in for the circuit breaker ({plan.breaker.failures} failures, "
            f"{plan.breaker.recovery_seconds} s): it counts failures in a minute rather than in a row, "
            "and lets all requests back in at once instead of a probe."
        )


def _limits(plan: Plan) -> Iterator[str]:
    waiting = [service.id for service in plan.services if _waits(service)]
    if waiting:
        yield f"No waiting limits: calls to {_some(waiting)} go out at once, whatever their vendor allows."
    embedding = [service.id for service in plan.services if service.embedding_limit]
    if embedding:
        yield f"No embedding limits for {_some(embedding)}."
    yield "A timeout no longer covers the whole of a stream."


def _waits(service: ServicePolicy) -> bool:
    keys = any(each.limit or each.model_limits for each in service.credentials)
    return bool(service.limit or service.model_limits or keys)


def _network(plan: Plan) -> Iterator[str]:
    proxied = [service.id for service in plan.services if service.proxy]
    if proxied:
        yield (
            f"No proxy per service: {_some(proxied)} are called directly, "
            "unless HTTPS_PROXY sends all services through one."
        )
    queried = [target.service for _, target in _targets(plan) if target.upstream.query]
    if queried:
        yield f"The query of server_url is not sent: {_some(queried)}."


def _requests(plan: Plan) -> Iterator[str]:
    guarded = [target.service for _, target in _targets(plan) if target.upstream.guards]
    if guarded:
        yield f"Parameters out of range are not corrected for {_some(guarded)}; the vendor refuses them."
    flat = [target.upstream.model for _, target in _targets(plan) if target.flatten]
    if flat:
        yield f"Content in parts is not made into text for {_some(flat)}."
    names = [target.upstream.model for _, target in _targets(plan) if _is_quoted(target)]
    if names:
        yield f"Upstream names LiteLLM cannot put into a header go out percent-encoded: {_some(names)}."


def _is_quoted(target: Target) -> bool:
    return quote_name(target.upstream.name) != target.upstream.name
