"""The plan for people and programs: a table, JSON, or a Mermaid graph."""

from __future__ import annotations

from typing import Any

from one_adapter.export.secrets import client_key_names
from one_adapter.plan.addresses import without_password
from one_adapter.plan.types import LimitPolicy, Plan, Route, ServicePolicy, Target


def explain_json(plan: Plan, findings: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan in its public, stable form, without secrets."""
    return {
        "any": None if plan.any is None else {"targets": _targets(plan.any.targets)},
        "models": {route.name: _route(route) for route in plan.routes},
        "access": {
            "open": plan.access.open,
            "keys": [
                {"env": name, "models": list(key.models)}
                for name, key in zip(client_key_names(plan.access), plan.access.keys, strict=True)
            ],
        },
        "services": {service.id: _service(service) for service in plan.services},
        "findings": findings,
        "ledger": [
            {"pointer": row.pointer, "verdict": row.verdict, "target": row.target, "note": row.note}
            for row in plan.ledger
        ],
    }


def _route(route: Route) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "listed": route.listed,
        "kind": route.kind,
        "targets": _targets(route.targets),
    }
    if route.embedding_targets is not None:
        shown["embedding_targets"] = _targets(route.embedding_targets)
    return shown


def _targets(targets: tuple[Target, ...]) -> list[dict[str, Any]]:
    return [
        {
            "share": round(float(target.share), 6),
            "service": target.service,
            "credential": target.credential,
            "provider": target.upstream.provider,
            "url": without_password(target.upstream.url),
            "model": target.upstream.model,
        }
        for target in targets
    ]


def _limit(limit: LimitPolicy | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {"kind": limit.kind, "per_window": limit.per_window, "wait_seconds": limit.wait_seconds}


def _service(service: ServicePolicy) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "limit": _limit(service.limit),
        "timeout": service.timeout,
        "proxy": None
        if service.proxy is None
        else [kind for kind in ("http", "https", "socks5") if getattr(service.proxy, kind)],
    }
    if any(service.credential_limits):
        shown["credential_limits"] = [_limit(limit) for limit in service.credential_limits]
    if service.embedding_limit:
        shown["embedding_limit"] = _limit(service.embedding_limit)
    return shown
