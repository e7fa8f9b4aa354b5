"""The plan for people and programs: a table, JSON, or a Mermaid graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from one_adapter.export.secrets.variables import client_key_names
from one_adapter.export.table import printable, table
from one_adapter.finding import Finding
from one_adapter.language import enumerated, tr, translated, wrapped
from one_adapter.plan.addresses import without_password
from one_adapter.plan.pools import after, pools_of
from one_adapter.plan.routes import RANDOM
from one_adapter.plan.types import LimitPolicy, Limits, Plan, Route, ServicePolicy, Target


def explain_json(plan: Plan, findings: Iterable[Finding]) -> dict[str, Any]:
    """The plan in its public, stable form, without secrets."""
    return {
        "gateway": plan.dialect.version,
        "any": None if plan.any is None else _route(plan.any),
        "models": {
            route.name: {"listed": route.listed, "kind": route.kind, **_route(route)} for route in plan.routes
        },
        "access": {
            "open": plan.access.open,
            "keys": [
                {"env": name, "models": list(key.models)}
                for name, key in zip(client_key_names(plan.access), plan.access.keys, strict=True)
            ],
        },
        "services": {service.id: _service(service) for service in plan.services},
        "findings": [finding.to_json() for finding in findings],
        "ledger": [
            {"pointer": row.pointer, "verdict": row.verdict, "target": row.target, "note": row.note}
            for row in plan.ledger
        ],
    }


def _route(route: Route) -> dict[str, Any]:
    shown: dict[str, Any] = {"order": route.order, "targets": _targets(route.targets)}
    if route.embedding_targets is not None:
        shown["embedding_targets"] = _targets(route.embedding_targets)
    if route.notes:
        shown["notes"] = list(route.notes)
    return shown


def _targets(targets: tuple[Target, ...]) -> list[dict[str, Any]]:
    pools = pools_of(targets)
    return [
        {
            "share": round(float(target.share), 6),
            **_place(target),
            "provider": target.upstream.provider,
            "url": without_password(target.upstream.url),
            "model": target.upstream.model,
            "then": [_place(each) for each in after(target, pools)],
        }
        for target in targets
    ]


def _place(target: Target) -> dict[str, Any]:
    key = {"key": target.key} if target.key else {}
    return {"service": target.service, "credential": target.credential, **key}


def _limit(limit: LimitPolicy | None) -> dict[str, float] | None:
    return None if limit is None else limit.numbers


def _limits(limits: Limits) -> dict[str, dict[str, float]]:
    return {name: limit.numbers for name, limit in limits.items()}


def _service(service: ServicePolicy) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "limit": _limit(service.limit),
        "timeout": service.timeout,
        "proxy": None
        if service.proxy is None
        else [kind for kind in ("http", "https", "socks5") if getattr(service.proxy, kind)],
    }
    if service.model_limits:
        shown["model_limits"] = _limits(service.model_limits)
    if service.embedding_limit:
        shown["embedding_limit"] = _limit(service.embedding_limit)
    if service.pooled:
        shown["keys"] = [
            {
                "key": each.key,
                "name": each.name,
                "enabled": each.enabled,
                "limit": _limit(each.limit),
                "model_limits": _limits(each.model_limits),
            }
            for each in service.credentials
        ]
    elif any(each.limit or each.model_limits for each in service.credentials):
        shown["credential_limits"] = [_limit(each.limit) for each in service.credentials]
        if any(each.model_limits for each in service.credentials):
            shown["credential_model_limits"] = [_limits(each.model_limits) for each in service.credentials]
    return shown


#: More targets than this are told as a number in the overview; `--model` shows them all.
SHOWN_TARGETS = 6
#: What an order does, in a sentence.
ORDERS = {
    "first": tr("the first service and its first key answer"),
    "random": tr("services and keys are drawn at random"),
    "rr": tr("services take turns, and so do the keys of each"),
    "hash": tr(
        "a hash of the name chooses the service, one of the service's id its key: always the same ones"
    ),
}
ANY_NAME = tr("(any name)")
HEADS = (tr("NAME"), tr("SHARE"), tr("SERVICE"), tr("UPSTREAM"), tr("MODEL"))


def rows_of(plan: Plan, model: str | None = None) -> list[Route]:
    """The routes to show: all of them, or those a request for `model` would take."""
    everything = [] if plan.any is None else [plan.any]
    if model is None:
        return everything + list(plan.routes)
    found = plan.route(model)
    return everything or ([found] if found else [])


def explain_text(plan: Plan, model: str | None = None) -> str:
    """A table a person reads at a glance: name, share, service, upstream address and model.

    It is written in the chosen language, as is the graph.
    """
    rows: list[list[str]] = []
    for route in rows_of(plan, model):
        rows += _route_rows(route, model is not None)
    if not rows:
        named = tr("no name {name!r} is served", name=printable(model)) if model else ""
        return translated(named or tr("no name is served"))
    shown = table(HEADS, rows, right=frozenset([1]))
    return "\n".join([shown, *_remarks(plan, rows_of(plan, model))])


def _remarks(plan: Plan, routes: list[Route]) -> list[str]:
    """What the table cannot show of pools of keys: the order, what comes next, and what shares depend on."""
    several = [route for route in routes if len(route.targets) > 1 and route.name != RANDOM]
    if not plan.dialect.pools or not several:
        return []
    order = several[0].order
    lines: list[str] = [tr("Order {order}: {what}.", order=order, what=ORDERS[order])]
    shown = {target.service for route in routes for target in route.targets if target.places}
    for service in (each for each in plan.services if each.id in shown):
        lines.append(_followers(service))
    notes = dict.fromkeys(note for route in routes for note in route.notes)
    lines += [tr("{note}.", note=note) for note in notes]
    said = (printable(translated(line)) for line in lines)
    return ["", *(part for line in said for part in wrapped(line, 80, "  "))]


def _followers(service: ServicePolicy) -> str:
    """Which key answers when another one of the service fails, and which are switched off."""
    on = [each.key for each in service.credentials if each.enabled]
    off = [tr("{key} is off", key=each.key) for each in service.credentials if not each.enabled]
    told = {"service": service.id, "keys": enumerated(on)}
    follow = tr("{service}: a key that fails is followed by the next of {keys}", **told)
    if len(on) > 1:
        follow = tr(
            "{service}: a key that fails is followed by the next of {keys}, then {first} again",
            **told,
            first=on[0],
        )
    return tr("{what}; {off}.", what=follow, off=enumerated(off)) if off else tr("{what}.", what=follow)


def _route_rows(route: Route, whole: bool) -> list[list[str]]:
    name = route.name or ANY_NAME
    targets = route.targets or route.embedding_targets or ()
    if not targets:
        return [[name, "-", "-", tr("(no upstream)"), "-"]]
    if len(targets) > SHOWN_TARGETS and not whole:
        services = len({target.service for target in targets})
        told = tr("{count} services", count=services), tr("{count} upstreams", count=len(targets))
        return [[name, "100%", *told, tr("(see --model)")]]
    return [
        [name if first else "", _percent(target), _service_name(target), _url(target), target.upstream.name]
        for first, target in ((index == 0, target) for index, target in enumerate(targets))
    ]


def _percent(target: Target) -> str:
    if target.spare:
        return tr("spare")
    share = float(target.share) * 100
    return f"{share:.0f}%" if abs(share - round(share)) < 0.05 else f"{share:.1f}%"


def _service_name(target: Target) -> str:
    if target.places:
        return f"{target.service} {target.key}"
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
    on_failure = translated(tr("when it fails"))
    for route in rows_of(plan, model):
        targets = route.targets or route.embedding_targets or ()
        pools = pools_of(targets)
        for target in targets:
            left = names.setdefault(route.name or ANY_NAME, f"n{len(names)}")
            middle = services.setdefault(_mermaid_name(target), f"s{len(services)}")
            label = f"{_url(target)} {target.upstream.name}".strip()
            right = upstreams.setdefault(label, f"u{len(upstreams)}")
            edges[f"  {left} -->|{translated(_percent(target))}| {middle}"] = None
            edges[f"  {middle} --> {right}"] = None
            for each in after(target, pools)[:1]:
                following = services.setdefault(_mermaid_name(each), f"s{len(services)}")
                edges[f"  {middle} -.->|{on_failure}| {following}"] = None
    lines += [f'  {key}(["{_mermaid(name)}"])' for name, key in names.items()]
    lines += [f'  {key}["{_mermaid(name)}"]' for name, key in services.items()]
    lines += [f'  {key}[["{_mermaid(name)}"]]' for name, key in upstreams.items()]
    return "\n".join([*lines, *edges])


def _mermaid_name(target: Target) -> str:
    return _service_name(target) if target.places else target.service


def _mermaid(text: str) -> str:
    """`text` as Mermaid's quoted labels take it."""
    shown = printable(translated(text)).replace("#", "#35;")
    for char, code in (('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        shown = shown.replace(char, code)
    return shown
