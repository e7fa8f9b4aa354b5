"""From a configuration to its plan, in one call."""

from __future__ import annotations

from dataclasses import replace

from one_adapter.config.document import Document
from one_adapter.config.model import Gateway
from one_adapter.config.reading import read_gateway
from one_adapter.plan import policy
from one_adapter.plan.ledger import ledger_of
from one_adapter.plan.routes import routing_of
from one_adapter.plan.tasks import tasks_of
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options


def decide(document: Document, options: Options | None = None) -> Plan:
    """The plan of a document the gateway would accept, with the ledger of every leaf.

    >>> from one_adapter.config.document import parse
    >>> text = b'{"services": {"openai": [{"models": ["gpt-4o"], "enabled": true}]}}'
    >>> decide(parse(text, "config.json")).route("gpt-4o").targets[0].upstream.url
    'https://api.openai.com/v1'
    """
    options = options or Options()
    gateway = read_gateway(document, options.gateway)
    plan = plan_of(gateway, options)
    plan = replace(plan, tasks=tasks_of(gateway, plan, options))
    return replace(plan, ledger=ledger_of(document, gateway, plan, options))


def plan_of(gateway: Gateway, options: Options) -> Plan:
    """The plan without ledger and tasks."""
    routing = routing_of(gateway, options)
    host, port = policy.address_of(gateway)
    return Plan(
        any=routing.any,
        routes=routing.routes,
        access=policy.access_of(gateway),
        services=tuple(policy.service_policy(each, gateway) for each in gateway.services if each.enabled),
        breaker=policy.breaker_of(gateway),
        translation=policy.translation_of(gateway),
        host=host,
        port=port,
        log_level=gateway.log_level or ("debug" if gateway.debug else ""),
        tasks=(),
        dialect=gateway.dialect,
    )
