"""When a named difference concerns a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from one_adapter.plan.types import CredentialPolicy, Plan, Route, ServicePolicy, Target

When = Callable[[Plan], bool]


def targets(plan: Plan) -> Iterator[Target]:
    """Every target of a plan, for chats and for embeddings."""
    for route in plan.routes:
        yield from route.targets
        yield from route.embedding_targets or ()


def always(_: Plan) -> bool:
    """What concerns every plan."""
    return True


def has_type(*types: str) -> When:
    """A service of one of these types that is asked as its type is."""
    return lambda plan: any(each.type in types and each.protocol == "auto" for each in plan.services)


def asked_in(*protocols: str) -> When:
    """A service that chooses one of these protocols, whatever its type."""
    return lambda plan: any(each.protocol in protocols for each in plan.services)


def either(*several: When) -> When:
    """What one of several conditions holds for."""
    return lambda plan: any(one(plan) for one in several)


#: A vendor that does not speak OpenAI's protocol.
is_translated = either(
    has_type("bailian", "claude", "dify", "gemini", "ollama", "vertexai", "xinghuo"),
    asked_in("responses", "anthropic_messages"),
)


def has_task(code: str) -> When:
    """A task of this code."""
    return lambda plan: any(task.code == code for task in plan.tasks)


def has_note(part: str) -> When:
    """A row of the ledger with this in its note."""
    return lambda plan: any(part in row.note for row in plan.ledger)


def embeds(plan: Plan) -> bool:
    """A name with embeddings."""
    return any(route.kind != "chat" for route in plan.routes)


def other_address(service_type: str, usual: str) -> When:
    """A service of a type that is asked at another address than the usual one."""

    def applies(plan: Plan) -> bool:
        ids = {each.id for each in plan.services if each.type == service_type and each.protocol == "auto"}
        return any(target.service in ids and target.upstream.url != usual for target in targets(plan))

    return applies


def asks_for(*models: str) -> When:
    """One of these models upstream."""
    return lambda plan: any(target.upstream.model in models for target in targets(plan))


def pools(plan: Plan) -> Iterator[ServicePolicy]:
    """The services of which one key may stand in for another."""
    for service in plan.services:
        if service.pooled and sum(one.enabled for one in service.credentials) > 1:
            yield service


def waits_to_the_end(credential: CredentialPolicy) -> bool:
    """Whether a limit of a key has no timeout of its own."""
    limits = (credential.limit, *credential.model_limits.values())
    return any(one is not None and one.numbers and not one.wait_seconds for one in limits)


def drawn(route: Route) -> set[str]:
    """The services that a name is drawn from."""
    return {target.service for target in route.targets}


def layers_in(service: ServicePolicy) -> int:
    """How many limits a call of a service may have to pass."""
    keys = [bool(each.limit) + bool(each.model_limits) for each in service.credentials]
    return max(keys, default=0) + bool(service.model_limits) + bool(service.limit or service.embedding_limit)


def has_a_pool_beside_another(route: Route) -> bool:
    """Whether a name's services are several, one of them with a pool of keys."""
    return len(drawn(route)) > 1 and any(target.key for target in route.targets)
