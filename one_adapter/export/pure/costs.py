"""What `export --pure` gives up: stock LiteLLM alone, without one-adapter at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from one_adapter.contract import HANDLERS
from one_adapter.export.litellm.deployments import quote_name
from one_adapter.language import Message, enumerated, tr
from one_adapter.plan.routes import RANDOM
from one_adapter.plan.types import Plan, Route, ServicePolicy, Target

#: How many of several names a sentence holds.
NAMES_SHOWN = 4


def pure_costs(plan: Plan) -> list[Message]:
    """What this configuration loses under `--pure`, one sentence each; the gravest first."""
    return [
        *_lost_services(plan),
        *_access(plan),
        *_routing(plan),
        *_limits(plan),
        *_network(plan),
        *_requests(plan),
        tr("Requests pass only the fields LiteLLM knows; the gateway passed all to OpenAI-shaped upstreams."),
        tr("The gateway's own paths /translate, /v1/translate, /v2/translate and /healthz do not answer."),
    ]


def _targets(plan: Plan) -> Iterator[tuple[Route, Target]]:
    for route in plan.routes:
        for target in (*route.targets, *(route.embedding_targets or ())):
            yield route, target


def _some(words: Sequence[str]) -> Message:
    """A few of several words, and how many are left."""
    distinct = list(dict.fromkeys(words))
    left = len(distinct) - NAMES_SHOWN
    shown = enumerated(distinct[:NAMES_SHOWN])
    return tr("{names} and {count} more", names=shown, count=left) if left > 0 else shown


def _lost_services(plan: Plan) -> Iterator[Message]:
    """Services whose provider is an adapter of ours."""
    for provider in HANDLERS:
        lost = [target.service for _, target in _targets(plan) if target.upstream.provider == provider]
        if lost:
            yield tr(
                "{services}: LiteLLM has no provider for {provider}; these upstreams are left out.",
                services=_some(lost),
                provider=provider,
            )
    gone = [
        route.name
        for route in plan.routes
        if route.targets and all(target.upstream.provider in HANDLERS for target in route.targets)
    ]
    if gone:
        yield tr("These names lead nowhere any more: {names}.", names=_some(gone))


def _access(plan: Plan) -> Iterator[Message]:
    if plan.access.open:
        yield tr("The proxy asks for LITELLM_MASTER_KEY, where the gateway asked clients for no key.")
    else:
        yield tr(
            "The old client keys do not work: clients need LITELLM_MASTER_KEY, which also manages the proxy, "
            "or virtual keys in LiteLLM's database."
        )
    limited = [key for key in plan.access.keys if "*" not in key.models]
    if limited:
        yield tr("Every client may call every model; which models a key may call is lost.")


def _routing(plan: Plan) -> Iterator[Message]:
    if plan.any is not None:
        yield tr('The global redirect "all" is lost: a name nobody listed is an error again.')
    answering = (route for route in plan.routes if route.targets and route.name != RANDOM)
    hidden = [route.name for route in answering if not route.listed]
    if hidden:
        yield tr("/v1/models shows names the gateway kept to itself: {names}.", names=_some(hidden))
    rotating = [route.name for route in plan.routes if route.order == "rr" and len(route.targets) > 1]
    if rotating:
        yield tr(
            "No strict rotation: {names} are drawn at random with the same shares.", names=_some(rotating)
        )
    pooled = [target.service for _, target in _targets(plan) if target.places]
    if pooled:
        yield tr(
            "No failover: a key of {services} that fails is not followed by the next one in the same "
            "request; keys that are switched off stay left out, their turns are in the weights.",
            services=_some(pooled),
        )
    counted = [note for route in plan.routes for note in route.notes]
    if counted:
        yield tr("Keys are drawn by weight, whatever tokens they have left in their minute.")
    mixed = [route.name for route in plan.routes if route.embedding_targets is not None and route.targets]
    if mixed:
        yield tr(
            "Chats and embeddings of {names} share their upstreams; either may go where the other should.",
            names=_some(mixed),
        )
    if plan.breaker is not None:
        yield tr(
            "LiteLLM's cooldown stands in for the circuit breaker ({failures} failures, {seconds} s): it "
            "counts failures in a minute rather than in a row, and lets all requests back in at once instead "
            "of a probe.",
            failures=plan.breaker.failures,
            seconds=plan.breaker.recovery_seconds,
        )


def _limits(plan: Plan) -> Iterator[Message]:
    waiting = [service.id for service in plan.services if _waits(service)]
    if waiting:
        yield tr(
            "No waiting limits: calls to {services} go out at once, whatever their vendor allows.",
            services=_some(waiting),
        )
    embedding = [service.id for service in plan.services if service.embedding_limit]
    if embedding:
        yield tr("No embedding limits for {services}.", services=_some(embedding))
    yield tr("A timeout no longer covers the whole of a stream.")


def _waits(service: ServicePolicy) -> bool:
    keys = any(each.limit or each.model_limits for each in service.credentials)
    return bool(service.limit or service.model_limits or keys)


def _network(plan: Plan) -> Iterator[Message]:
    proxied = [service.id for service in plan.services if service.proxy]
    if proxied:
        yield tr(
            "No proxy per service: {services} are called directly, unless HTTPS_PROXY sends all services "
            "through one.",
            services=_some(proxied),
        )
    queried = [target.service for _, target in _targets(plan) if target.upstream.query]
    if queried:
        yield tr("The query of server_url is not sent: {services}.", services=_some(queried))


def _requests(plan: Plan) -> Iterator[Message]:
    guarded = [target.service for _, target in _targets(plan) if target.upstream.guards]
    if guarded:
        yield tr(
            "Parameters out of range are not corrected for {services}; the vendor refuses them.",
            services=_some(guarded),
        )
    flat = [target.upstream.model for _, target in _targets(plan) if target.flatten]
    if flat:
        yield tr("Content in parts is not made into text for {models}.", models=_some(flat))
    names = [target.upstream.model for _, target in _targets(plan) if _is_quoted(target)]
    if names:
        yield tr(
            "Upstream names LiteLLM cannot put into a header go out percent-encoded: {names}.",
            names=_some(names),
        )


def _is_quoted(target: Target) -> bool:
    return quote_name(target.upstream.name) != target.upstream.name
