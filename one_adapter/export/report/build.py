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
from one_adapter.export.litellm.start import EXPORTED, commands_of
from one_adapter.export.pure.costs import pure_costs
from one_adapter.export.pure.plan import pure_plan, unread
from one_adapter.export.report.differences import differences_of
from one_adapter.export.report.hiding import Hider
from one_adapter.export.report.items import items_of, unpriced_of
from one_adapter.export.report.model import GRAVEST, Report, Variable
from one_adapter.export.report.names import names_of
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.export.wording import counted
from one_adapter.finding import Finding
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
        title="standard input" if source_name == "-" else PurePath(source_name).name,
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
        names=names_of(plan),
        variables=tuple(_variables(plan, secrets, pure)),
        commands=commands_of(source_name, plan, pure, exported),
        findings=shown,
    )


def _variables(plan: Plan, secrets: Secrets, pure: bool) -> Iterable[Variable]:
    whose = "clients use it too" if pure else "clients never use it"
    purposes = {MASTER_KEY: f"LiteLLM's own admin key; one-adapter makes one, {whose}"}
    left_out = unread(plan, secrets) if pure else ()
    for name, key in zip(client_key_names(plan.access), plan.access.keys, strict=True):
        allowed = "every model" if "*" in key.models else counted(len(key.models), "model")
        purposes[name] = f"key of clients, for {allowed}"
    for kind, name in secrets.proxies.items():
        purposes[name] = f"address of the {kind.upper()} proxy"
    for url, name in secrets.addresses.items():
        purposes[name] = f"address with user name, password or key, at {split_url(url).host or 'its host'}"
    for (service, parameter, _), name in secrets.queries.items():
        purposes[name] = f"query parameter {parameter} in server_url of service {service}"
    for ref, name in secrets.names.items():
        purposes.setdefault(name, _purpose(ref))
    yield Variable(MASTER_KEY, purposes[MASTER_KEY])
    for name in (name for name in secrets.values if name not in left_out):
        yield Variable(name, purposes.get(name, ""), name in (*secrets.to_create, *secrets.to_fill))


def _purpose(ref: SecretRef) -> str:
    number = f", credential {ref.credential + 1}" if ref.credential else ""
    return f"{ref.field} of service {ref.service}{number}"
