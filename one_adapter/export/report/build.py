"""What became of the old file, gathered once and written as Markdown, JSON or HTML.

No value of a secret gets in here: of addresses, user name, password and query are
left out, and texts that quote the file are searched for the secrets' values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import unquote

from one_adapter.contract import MASTER_KEY
from one_adapter.export.litellm.deployments import groups_of
from one_adapter.export.litellm.prices import NO_PRICES, Prices
from one_adapter.export.litellm.start import EXPORTED, Command, commands_of
from one_adapter.export.pure.costs import pure_costs
from one_adapter.export.pure.plan import pure_plan, unread
from one_adapter.export.report.differences import Difference, differences_of
from one_adapter.export.report.lines import lines_of
from one_adapter.export.report.names import Name, names_of
from one_adapter.export.secrets.variables import Secrets, client_key_names
from one_adapter.export.wording import counted, visible
from one_adapter.plan.addresses import HIDDEN, split_url
from one_adapter.plan.types import VERDICTS, Level, Plan, Row, SecretRef, Verdict

__all__ = ["pure_costs", "report_of", "strict_rows", "summary_lines", "write_report"]

Format = Literal["markdown", "json", "html"]

#: What a reader should look at first.
GRAVEST: tuple[Verdict, ...] = ("dropped", "approximated", "emulated", "mapped", "inert")
MEANINGS: Mapping[Verdict, str] = {
    "mapped": "LiteLLM has the same thing by itself",
    "emulated": "works, and needs one-adapter in the proxy",
    "approximated": "the same intent with other semantics",
    "inert": "the gateway reads it and does nothing, or it says what holds anyway",
    "dropped": "lost; the note says why and what to do",
}
#: Findings of the linter, by name, that say what a task of the plan says too.
TOLD_BY_TASK = {
    "control-character-in-key": "credential-unusable",
    "default-models-retired": "model-retired",
    "malformed-credential": "credential-unusable",
    "masked-credential": "credential-unusable",
    "no-default-address": "no-address",
    "placeholder-credential": "credential-unusable",
    "proxy-covers-nothing": "proxy-unused",
    "redirects-reversed": "redirects-turned",
    "retired-model": "model-retired",
    "several-keys-in-one": "credential-unusable",
    "variable-for-credential": "credential-unusable",
    "vendor-ended": "vendor-ended",
    "wildcard-in-name": "wildcard-name",
}
#: Shorter values are words rather than secrets, and are not searched for in texts.
SHORTEST_SECRET = 6
#: How many lost or changed settings the terminal names.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do or to know by hand, with its place in the file ("" where it has none)."""

    level: Level
    code: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable the exported file reads: its name and what it is for, never its value."""

    name: str
    purpose: str
    create: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, in the order it says it."""

    source: str
    title: str
    pure: bool
    plan: Plan
    counts: Mapping[Verdict, int]
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    differences: tuple[Difference, ...]
    costs: tuple[str, ...]
    names: tuple[Name, ...]
    variables: tuple[Variable, ...]
    commands: tuple[Command, ...]
    findings: tuple[Mapping[str, Any], ...]


def write_report(
    kind: Format,
    source_name: str,
    plan: Plan,
    secrets: Secrets,
    findings: list[dict[str, Any]],
    pure: bool = False,
    prices: Prices = NO_PRICES,
    exported: tuple[str, str] = EXPORTED,
) -> str:
    """The report as a text of the given kind; the same input gives the same bytes.

    `exported` are the paths of the configuration and of its .env, as whoever reads the report writes them.
    """
    report = report_of(source_name, plan, secrets, findings, pure, prices, exported)
    # Each kind is imported when it is asked for: JSON needs no HTML, and HTML needs the extra.
    if kind == "json":
        from one_adapter.export.report.as_json import json_report

        return json_report(report)
    if kind == "html":
        from one_adapter.export.report.as_html import html_report

        return html_report(report)
    from one_adapter.export.report.as_markdown import markdown_report

    return markdown_report(report)


def report_of(
    source_name: str,
    plan: Plan,
    secrets: Secrets,
    findings: Sequence[Mapping[str, Any]],
    pure: bool,
    prices: Prices = NO_PRICES,
    exported: tuple[str, str] = EXPORTED,
) -> Report:
    """Everything a report says about a plan."""
    hide = _Hider(plan, secrets)
    whole, plan = plan, pure_plan(plan) if pure else plan
    counts = Counter(row.verdict for row in plan.ledger)
    rows = sorted(plan.ledger, key=lambda row: (GRAVEST.index(row.verdict), row.line, row.column))
    shown = tuple({**finding, **_hidden(finding, hide)} for finding in findings)
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
        items=(*_items(plan, secrets, shown, hide), *_unpriced(plan, prices, hide)),
        differences=differences_of(plan),
        costs=tuple(pure_costs(whole)) if pure else (),
        names=names_of(plan),
        variables=tuple(_variables(plan, secrets, pure)),
        commands=commands_of(source_name, plan, pure, exported),
        findings=shown,
    )


def strict_rows(plan: Plan, pure: bool = False) -> list[Row]:
    """The rows `--strict` fails for: what is approximated or dropped, gravest first."""
    ledger = pure_plan(plan).ledger if pure else plan.ledger
    bad = [row for row in ledger if row.verdict in ("dropped", "approximated")]
    return sorted(bad, key=lambda row: (GRAVEST.index(row.verdict), row.line, row.column))


def summary_lines(plan: Plan, secrets: Secrets, pure: bool = False) -> list[str]:
    """A few lines for the terminal after an export: the counts, what is lost, what must be created."""
    hide = _Hider(plan, secrets)
    plan = pure_plan(plan) if pure else plan
    counts = Counter(row.verdict for row in plan.ledger)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    lines = [f"{counted(len(plan.ledger), 'setting')}: {', '.join(parts)}"] if parts else []
    bad = strict_rows(plan)
    joined = lines_of(bad)
    for line in joined[:SHOWN]:
        row = line.row
        more = f" and {line.number - 1} more beside it" if line.number > 1 else ""
        lines.append(visible(f"  {row.verdict} {line.place} {row.pointer}{more}: {hide(row.note)}"))
    if len(joined) > SHOWN:
        left = sum(line.number for line in joined[SHOWN:])
        lines.append(f"  and {left} more; --report FILE names them all")
    lines += [visible(f"  to do: {hide(task.message)}") for task in plan.tasks if task.level != "info"]
    if secrets.to_fill:
        lines.append(f"  to be filled in: {', '.join(secrets.to_fill)}")
    if secrets.to_create:
        lines.append(f"  to be created and filled in: {', '.join(secrets.to_create)}")
    return lines


class _Hider:
    """Replaces the values of secrets in a text."""

    def __init__(self, plan: Plan, secrets: Secrets) -> None:
        texts: set[str] = set()
        for value in secrets.values.values():
            texts.update((value, *_passwords(value)) if "://" in value else (value, *value.split(":")))
        for route in plan.routes:
            for target in route.targets:
                texts.update(value for _, value in target.upstream.query)
        found = {text for text in texts if len(text) >= SHORTEST_SECRET}
        self.texts = sorted(found, key=lambda text: (-len(text), text))
        self.hidden: dict[str, str] = {}  # most notes are the same few sentences

    def __call__(self, text: str) -> str:
        if text not in self.hidden:
            shown = text
            for secret in self.texts:
                if secret in shown:
                    shown = shown.replace(secret, HIDDEN)
            self.hidden[text] = shown
        return self.hidden[text]


def _passwords(url: str) -> tuple[str, str]:
    """The password in an address, as written and as meant."""
    written = split_url(url).userinfo.partition(":")[2]
    return written, unquote(written)


def _hidden(finding: Mapping[str, Any], hide: _Hider) -> dict[str, str]:
    return {key: hide(str(finding.get(key, ""))) for key in ("message", "help")}


def _items(
    plan: Plan, secrets: Secrets, findings: Iterable[Mapping[str, Any]], hide: _Hider
) -> Iterable[Item]:
    """Tasks and findings, errors first; what is nothing to do comes last."""
    places = _places(plan)
    items = [
        Item(task.level, task.code, hide(task.message), places.get(task.pointer, "")) for task in plan.tasks
    ]
    items += [
        Item("warning", "secret-missing", f"{name} is empty in the old file: fill it in.")
        for name, value in secrets.values.items()
        if not value and name not in (*secrets.to_create, *secrets.to_fill, *client_key_names(plan.access))
    ]
    told = {(task.code, task.pointer.lower()) for task in plan.tasks}
    for finding in findings:
        if finding["severity"] == "info" or _is_told(finding, told):
            continue
        text = ". ".join(part.rstrip(".") for part in (finding["message"], finding["help"]) if part) + "."
        place = f"{finding['line']}:{finding['column']}"
        items.append(Item(finding["severity"], str(finding["code"]), text, place))
    levels: tuple[Level, ...] = ("error", "warning", "info")
    yield from sorted(items, key=lambda item: levels.index(item.level))


def _unpriced(plan: Plan, prices: Prices, hide: _Hider) -> Iterable[Item]:
    """The models for which spend is counted as nothing, unless nobody wants it counted."""
    names = prices.unpriced(groups_of(plan)) if prices.names else ()
    if names:
        told = (
            f"LiteLLM's price list has nothing for {counted(len(names), 'model')} at its address: the price "
            f"is written as 0; put yours there to have the spend counted: {', '.join(names)}."
        )
        yield Item("info", "price-unknown", hide(told))


def _is_told(finding: Mapping[str, Any], told: set[tuple[str, str]]) -> bool:
    """Whether a task at or above a finding's place says the same."""
    code, pointer = TOLD_BY_TASK.get(finding["name"]), finding["pointer"].lower()
    while code and pointer:
        if (code, pointer) in told:
            return True
        pointer = pointer.rpartition("/")[0]
    return False


def _places(plan: Plan) -> dict[str, str]:
    """Line and column of the first leaf at or below each pointer; the whole file has no place."""
    places: dict[str, str] = {}
    for row in plan.ledger:
        pointer = row.pointer
        while pointer:
            places.setdefault(pointer, f"{row.line}:{row.column}")
            pointer = pointer.rpartition("/")[0]
    return places


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
