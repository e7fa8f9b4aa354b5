"""From a configuration to its plan, in one call."""

from __future__ import annotations

from dataclasses import fields

from one_adapter.config.document import Document
from one_adapter.config.model import Gateway
from one_adapter.config.reading import read_gateway
from one_adapter.plan import policy
from one_adapter.plan.ledger.ledger import ledger_of
from one_adapter.plan.routes import routing_of
from one_adapter.plan.tasks import tasks_of
from one_adapter.plan.types import Decisions, Plan
from one_adapter.plan.understanding import Understanding
from one_adapter.plan.vendors import Options


def decide(document: Document, options: Options | None = None, gateway: Gateway | None = None) -> Plan:
    """The plan of a document the gateway would accept, with the ledger of every leaf.

    `gateway` is what the document says, where that was read before.

    >>> from one_adapter.config.document import parse
    >>> text = b'{"services": {"openai": [{"models": ["gpt-4o"], "enabled": true}]}}'
    >>> decide(parse(text, "config.json")).route("gpt-4o").targets[0].upstream.url
    'https://api.openai.com/v1'
    """
    options = options or Options()
    understanding = Understanding(gateway or read_gateway(document, options.gateway), options)
    decisions = decisions_on(understanding)
    return Plan(
        **{each.name: getattr(decisions, each.name) for each in fields(decisions)},
        tasks=tasks_of(understanding, decisions.access),
        ledger=ledger_of(document, understanding, decisions),
    )


def decisions_on(understanding: Understanding) -> Decisions:
    """The plan without what is told of it: the ledger and the tasks."""
    gateway, routing = understanding.gateway, routing_of(understanding)
    host, port = policy.address_of(gateway)
    return Decisions(
        any=routing.any,
        routes=routing.routes,
        access=policy.access_of(gateway),
        services=tuple(policy.service_policy(each, gateway) for each in gateway.services if each.enabled),
        breaker=policy.breaker_of(gateway),
        translation=policy.translation_of(gateway),
        host=host,
        port=port,
        log_level=gateway.log_level or ("debug" if gateway.debug else ""),
        dialect=gateway.dialect,
    )
