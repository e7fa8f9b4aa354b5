"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from one_adapter.export.report.lines import Line, lines_of
from one_adapter.export.report.model import GRAVEST, MEANINGS, Item, Report
from one_adapter.export.report.names import POOLS, Lead, Name, in_pools
from one_adapter.export.wording import counted, percent, visible

#: How many upstreams of one name a table cell holds.
LEADS_SHOWN = 4
KINDS = {"chat": "chat", "embedding": "embeddings", "both": "chat, embeddings"}
DIFFERENCES_PAGE = "docs/differences.md"
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown_report(report: Report) -> str:
    """The text of the report; it ends with a newline."""
    sections = (
        _head(report),
        _checklist(report.items),
        _differences(report),
        _costs(report),
        _names(report),
        _variables(report),
        _start(report),
        _settings(report),
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def code(text: str) -> str:
    r"""`text` as code, also inside a table, whatever it holds.

    >>> print(code("a|b"), code("a`b"), code(""))
    `a\|b` ``a`b`` (empty)
    """
    shown = visible(text).replace("|", "\\|")
    if not shown.strip():
        return "(blank)" if shown else "(empty)"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    r"""`text` as plain words: nothing in it is markup.

    >>> print(prose("<b> a_b"))
    \<b\> a\_b
    """
    return _SPECIAL.sub(r"\\\1", visible(text))


def _head(report: Report) -> list[str]:
    present = [verdict for verdict in GRAVEST if report.counts[verdict]]
    counts = ", ".join(f"{report.counts[verdict]:,} {verdict}" for verdict in present)
    answering = sum(name.answers and bool(name.name) for name in report.names)
    services = counted(len(report.plan.services), "service")
    what = "stock LiteLLM (`--pure`)" if report.pure else "LiteLLM with one-adapter"
    return [
        f"# {prose(report.title)}: what becomes of it",
        "",
        f"{counted(answering, 'name')} of {services}, for {what}.",
        f"{counted(len(report.rows), 'setting')}: {counts or 'none'}.",
    ]


def _checklist(items: Sequence[Item]) -> list[str]:
    if not items:
        return ["## To do by hand", "", "Nothing."]
    lines = ["## To do by hand", ""]
    for item in items:
        place = f" ({item.place})" if item.place else ""
        mark = "- [ ] " if item.level != "info" else "- "
        level = f"**{item.level}** " if item.level != "info" else ""
        lines.append(f"{mark}{level}{prose(item.text)}{place} {code(item.code)}")
    return lines


def _differences(report: Report) -> list[str]:
    lines = ["## What differs", ""]
    changed = [line for line in lines_of(report.rows) if line.row.verdict in ("dropped", "approximated")]
    if changed:
        lines += ["| Where | Setting | Verdict | What to know |", "|---|---|---|---|"]
        for line in changed:
            lines.append(f"| {line.place} | {_pointer(line)} | {line.row.verdict} | {prose(line.row.note)} |")
    else:
        lines.append("No setting the gateway reads is lost or changed in meaning.")
    if report.differences and not report.pure:
        lines += ["", f"Where clients see something else on purpose ({DIFFERENCES_PAGE} has each):", ""]
        lines += [f"- {code(difference.name)}: {difference.title}" for difference in report.differences]
    return lines


def _costs(report: Report) -> list[str]:
    if not report.costs:
        return []
    return ["## What `--pure` costs", "", *(f"- {prose(cost)}" for cost in report.costs)]


def _names(report: Report) -> list[str]:
    lines = [
        "## The names your clients can use",
        "",
        "| Name | In /v1/models | For | Leads to |",
        "|---|---|---|---|",
    ]
    for name in report.names:
        listed = "yes" if name.listed else "no"
        shown = code(name.name) if name.name or not report.plan.any else "*any name*"
        lines.append(f"| {shown} | {listed} | {KINDS[name.kind]} | {_leads(name)} |")
    if in_pools(report.names):
        lines += ["", POOLS]
    return lines


def _leads(name: Name) -> str:
    if not name.answers:
        return "nothing: it is left out"
    alias = f"as {code(name.alias_of)}: " if name.alias_of else ""
    parts = [*_some(name.name, name.leads)]
    if name.embeddings:
        parts += ["embeddings:", *_some(name.name, name.embeddings)]
    parts += [f"*{prose(note)}*" for note in name.notes]
    return alias + "<br>".join(parts)


def _some(name: str, leads: Sequence[Lead]) -> Iterator[str]:
    for lead in leads[:LEADS_SHOWN]:
        share = "spare" if lead.spare else percent(lead.share)
        number = f" (credential {lead.credential + 1})" if lead.credential is not None else ""
        number = f" (key {code(lead.key)})" if lead.key else number
        model = f" as {code(lead.model)}" if lead.model not in ("", name) else ""
        yield f"{share} {code(lead.service)}{number} → {code(lead.address)}{model}"
    if len(leads) > LEADS_SHOWN:
        yield f"and {len(leads) - LEADS_SHOWN:,} more"


def _variables(report: Report) -> list[str]:
    lines = ["## The variables it reads", "", "| Variable | What for | |", "|---|---|---|"]
    for each in report.variables:
        create = "**to be created**" if each.create else ""
        lines.append(f"| `{each.name}` | {prose(each.purpose)} | {create} |")
    return lines


def _start(report: Report) -> list[str]:
    lines = ["## How to start it", "", "```sh"]
    for command in report.commands:
        lines += [f"# {command.what}", visible(command.line)]
    return [*lines, "```"]


def _settings(report: Report) -> list[str]:
    lines = ["## Every setting"]
    for verdict in GRAVEST:
        chosen = [line for line in lines_of(report.rows) if line.row.verdict == verdict]
        if not chosen:
            continue
        lines += ["", f"### {verdict}: {report.counts[verdict]:,}", "", f"{MEANINGS[verdict]}.", ""]
        lines += ["| Where | Setting | Goes to | Note |", "|---|---|---|---|"]
        for line in chosen:
            target = code(line.row.target) if line.row.target else ""
            lines.append(f"| {line.place} | {_pointer(line)} | {target} | {prose(line.row.note)} |")
    return lines


def _pointer(line: Line) -> str:
    first = code(line.row.pointer or "/")
    return f"{first} … {code(line.last)} ({line.number:,})" if line.number > 1 else first
