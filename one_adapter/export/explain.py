"""The plan for people and programs: a table, JSON, or a Mermaid graph."""

from __future__ import annotations

from typing import Any

from one_adapter.export.secrets import client_key_names
from one_adapter.export.table import printable, table
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


#: More targets than this are told as a number in the overview; `--model` shows them all.
SHOWN_TARGETS = 6
ANY_NAME = "(any name)"


def rows_of(plan: Plan, model: str | None = None) -> list[Route]:
    """The routes to show: all of them, or those a request for `model` would take."""
    everything = [] if plan.any is None else [plan.any]
    if model is None:
        return everything + list(plan.routes)
    found = plan.route(model)
    return everything or ([found] if found else [])


def explain_text(plan: Plan, model: str | None = None) -> str:
    """A table a person reads at a glance: name, share, service, upstream address and model."""
    rows: list[list[str]] = []
    for route in rows_of(plan, model):
        rows += _route_rows(route, model is not None)
    if not rows:
        return f"no name {printable(model)!r} is served" if model else "no name is served"
    return table(["NAME", "SHARE", "SERVICE", "UPSTREAM", "MODEL"], rows, right=frozenset([1]))


def _route_rows(route: Route, whole: bool) -> list[list[str]]:
    name = route.name or ANY_NAME
    targets = route.targets or route.embedding_targets or ()
    if not targets:
        return [[name, "-", "-", "(no upstream)", "-"]]
    if len(targets) > SHOWN_TARGETS and not whole:
        services = len({target.service for target in targets})
        return [[name, "100%", f"{services} services", f"{len(targets)} upstreams", "(see --model)"]]
    return [
        [name if first else "", _percent(target), _service_name(target), _url(target), target.upstream.name]
        for first, target in ((index == 0, target) for index, target in enumerate(targets))
    ]


def _percent(target: Target) -> str:
    if target.spare:
        return "spare"
    share = float(target.share) * 100
    return f"{share:.0f}%" if abs(share - round(share)) < 0.05 else f"{share:.1f}%"


def _service_name(target: Target) -> str:
    return f"{target.service} #{target.credential + 1}" if target.credential else target.service


def _url(target: Target) -> str:
    return without_password(target.upstream.url)


def explain_mermaid(plan: Plan, model: str | None = None) -> str:
    """The routes as a Mermaid flowchart: names, services, upstreams."""
    lines = ["flowchart LR"]
    names: dict[str, str] = {}
    services: dict[str, str] = {}
    upstreams: dict[str, str] = {}
    edges: dict[str, None] = {}
    for route in rows_of(plan, model):
        for target in route.targets or route.embedding_targets or ():
            left = names.setdefault(route.name or ANY_NAME, f"n{len(names)}")
            middle = services.setdefault(target.service, f"s{len(services)}")
            label = f"{_url(target)} {target.upstream.name}".strip()
            right = upstreams.setdefault(label, f"u{len(upstreams)}")
            edges[f"  {left} -->|{_percent(target)}| {middle}"] = None
            edges[f"  {middle} --> {right}"] = None
    lines += [f'  {key}(["{_mermaid(name)}"])' for name, key in names.items()]
    lines += [f'  {key}["{_mermaid(name)}"]' for name, key in services.items()]
    lines += [f'  {key}[["{_mermaid(name)}"]]' for name, key in upstreams.items()]
    return "\n".join([*lines, *edges])


def _mermaid(text: str) -> str:
    """`text` as Mermaid's quoted labels take it."""
    shown = printable(text).replace("#", "#35;")
    for char, code in (('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        shown = shown.replace(char, code)
    return shown
