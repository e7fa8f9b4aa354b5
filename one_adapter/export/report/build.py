"""What became of the old file, gathered once whatever form it is written in.

No value of a secret gets in here: of addresses, user name, password and query are
left out, and texts that quote the file are searched for the secrets' values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from one_adapter.contract import MASTER_KEY
from one_adapter.export.litellm.prices import NO_PRICES, Prices
from one_adapter.export.litellm.start_commands import EXPORTED, commands_of
from one_adapter.export.pure.costs import pure_costs
from one_adapter.export.pure.plan import pure_plan, unread
from one_adapter.export.report.differences import differences_of
from one_adapter.export.report.hiding import Hider
from one_adapter.export.report.items import items_of, unpriced_of
from one_adapter.export.report.model import GRAVEST, Report, Variable
from one_adapter.export.report.names import shown_names
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.finding import Finding
from one_adapter.language import Message, tr, trn
from one_adapter.plan.addresses import split_url
from one_adapter.plan.types import VERDICTS, Plan, Row, SecretRef


def report_of(
    source_name: str,
    plan: Plan,
    secrets: Secrets,
    findings: Sequence[Finding],
    pure: bool,
    prices: Prices = NO_PRICES,
    exported: tuple[str, str] = EXPORTED,
) -> Report:
    """Everything a report says about a plan."""
    hide = Hider(plan, secrets)
    whole, plan = plan, pure_plan(plan) if pure else plan
    counts = Counter(row.verdict for row in plan.ledger)
    rows = sorted(plan.ledger, key=lambda row: (GRAVEST.index(row.verdict), row.line, row.column))
    shown = tuple(replace(one, message=hide(one.message), help=hide(one.help)) for one in findings)
    return Report(
        source=source_name,
        title=tr("standard input") if source_name == "-" else PurePath(source_name).name,
        pure=pure,
        plan=plan,
        counts={verdict: counts[verdict] for verdict in VERDICTS},
        rows=tuple(
            Row(row.pointer, row.verdict, hide(row.target), hide(row.note), row.line, row.column)
            for row in rows
        ),
        items=(*items_of(plan, secrets, shown, hide), *unpriced_of(plan, prices, hide)),
        differences=differences_of(plan),
        costs=tuple(pure_costs(whole)) if pure else (),
        names=shown_names(plan),
        variables=tuple(_variables(plan, secrets, pure)),
        commands=commands_of(source_name, plan, pure, exported),
        findings=shown,
    )


def _variables(plan: Plan, secrets: Secrets, pure: bool) -> Iterable[Variable]:
    admin = tr("LiteLLM's own admin key; one-adapter makes one, clients never use it")
    if pure:
        admin = tr("LiteLLM's own admin key; one-adapter makes one, clients use it too")
    purposes = {MASTER_KEY: admin}
    left_out = unread(plan, secrets) if pure else ()
    for name, key in zip(client_key_names(plan.access), plan.access.keys, strict=True):
        purposes[name] = (
            tr("key of clients, for every model")
            if "*" in key.models
            else trn(
                "key of clients, for {count:,} model",
                "key of clients, for {count:,} models",
                len(key.models),
            )
        )
    for kind, name in secrets.proxies.items():
        purposes[name] = tr("address of the {kind} proxy", kind=kind.upper())
    for url, name in secrets.addresses.items():
        host = split_url(url).host or tr("its host")
        purposes[name] = tr("address with user name, password or key, at {host}", host=host)
    for (service, parameter, _), name in secrets.queries.items():
        purposes[name] = tr(
            "query parameter {parameter} in server_url of service {service}",
            parameter=parameter,
            service=service,
        )
    for ref, name in secrets.names.items():
        purposes.setdefault(name, _purpose(ref))
    yield Variable(MASTER_KEY, purposes[MASTER_KEY])
    for name in (name for name in secrets.values if name not in left_out):
        yield Variable(name, purposes.get(name, ""), name in (*secrets.to_create, *secrets.to_fill))


def _purpose(ref: SecretRef) -> Message:
    if not ref.credential:
        return tr("{field} of service {service}", field=ref.field, service=ref.service)
    return tr(
        "{field} of service {service}, credential {number}",
        field=ref.field,
        service=ref.service,
        number=ref.credential + 1,
    )
