"""The report as one HTML page that loads nothing: its style and its picture are inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from one_adapter.export.page.frame import code, page, section, table, text
from one_adapter.export.page.style import STYLE
from one_adapter.export.report.lines import Line, lines_of
from one_adapter.export.report.model import GRAVEST, MEANINGS, Item, Report
from one_adapter.export.report.names import POOLS, Lead, Name, in_pools
from one_adapter.export.report.picture.layout import PLAINER, library
from one_adapter.export.report.picture.scene import picture_of
from one_adapter.export.report.picture.svg import COLOURS, figures
from one_adapter.export.wording import counted, percent
from one_adapter.plan.types import Verdict

LEADS_SHOWN = 4
KINDS = {"chat": "chat", "embedding": "embeddings", "both": "chat, embeddings"}
#: Verdicts whose settings are folded away at first.
FOLDED: tuple[Verdict, ...] = ("mapped", "inert")


def html_report(report: Report) -> str:
    """The text of the page."""
    body = "".join(
        (
            _head(report),
            "<main>",
            _checklist(report.items),
            _routes(report),
            _differences(report),
            _costs(report),
            _names(report),
            _variables(report),
            _start(report),
            _settings(report),
            "</main>",
        )
    )
    return page(f"{report.title}: what becomes of it", body)


def _head(report: Report) -> str:
    answering = sum(name.answers and bool(name.name) for name in report.names)
    what = "stock LiteLLM (--pure)" if report.pure else "LiteLLM with one-adapter"
    total = len(report.rows) or 1
    present = [verdict for verdict in GRAVEST if report.counts[verdict]]
    bars = "".join(
        f'<i class="v-{verdict}" style="flex:{max(report.counts[verdict] / total, 0.012):.4f}"></i>'
        for verdict in reversed(present)
    )
    keys = "".join(
        f'<li class="v-{verdict}" title="{MEANINGS[verdict]}">'
        f"<b>{report.counts[verdict]:,}</b> {verdict}</li>"
        for verdict in reversed(present)
    )
    return (
        f'<header><p class="from">From simple-one-api to {what}</p><h1>{text(report.title)}</h1>'
        f'<p class="lead">{counted(answering, "name")}, {counted(len(report.plan.services), "service")}, '
        f"{counted(len(report.rows), 'setting')}</p>"
        f'<div class="bars">{bars}</div><ul class="keys">{keys}</ul></header>'
    )


def _checklist(items: Sequence[Item]) -> str:
    if not items:
        return section("todo", "To do by hand", '<p class="fine">Nothing.</p>')
    lines = []
    for item in items:
        box = '<input type="checkbox" aria-label="done">' if item.level != "info" else "<span></span>"
        place = f'<span class="place">{item.place}</span>' if item.place else ""
        lines.append(
            f'<li class="{item.level}"><label>{box}<span><b>{item.level}</b> {text(item.text)} '
            f'<span class="quiet">{text(item.code)}</span></span>{place}</label></li>'
        )
    return section("todo", "To do by hand", f'<ul class="todo">{"".join(lines)}</ul>')


def _routes(report: Report) -> str:
    picture = picture_of(report.plan)
    if not picture.scenes:
        return ""
    notes = [
        "The colour is the service’s, the thickness of a line its share.",
        "<em>Slanted</em> names work and are not shown by /v1/models.",
    ]
    if library() is None:
        notes.append(text(PLAINER))
    if picture.left_out:
        notes.append(picture.left_out)
    drawn = "".join(f"<figure>{figure}</figure>" for figure in figures(picture))
    return section("routes", "The routes", f'<p class="quiet">{" ".join(notes)}</p>', drawn)


def _differences(report: Report) -> str:
    changed = [line for line in lines_of(report.rows) if line.row.verdict in ("dropped", "approximated")]
    parts = ['<p class="fine">No setting the gateway reads is lost or changed in meaning.</p>']
    if changed:
        rows = (
            (_place(line), _badge(line.row.verdict), _pointer(line), text(line.row.note)) for line in changed
        )
        parts = [table(("Where", "", "Setting", "What to know"), rows)]
    if report.differences and not report.pure:
        listed = "".join(
            f"<li><code>{each.name}</code> {text(each.title)}</li>" for each in report.differences
        )
        parts.append(
            "<h3>Where clients see something else, on purpose</h3>"
            f'<p class="quiet">Each has its paragraph in docs/differences.md.</p><ul>{listed}</ul>'
        )
    return section("differs", "What differs", *parts)


def _costs(report: Report) -> str:
    if not report.costs:
        return ""
    listed = "".join(f"<li>{text(cost)}</li>" for cost in report.costs)
    return section("pure", "What --pure costs", f"<ul>{listed}</ul>")


def _names(report: Report) -> str:
    rows = (
        (
            code(name.name) if name.name or not report.plan.any else "<em>any name</em>",
            "yes" if name.listed else "no",
            KINDS[name.kind],
            _leads(name),
        )
        for name in report.names
    )
    heads = ("Name", "In /v1/models", "For", "Leads to")
    pools = f'<p class="quiet">{text(POOLS)}</p>' if in_pools(report.names) else ""
    return section("names", "The names your clients can use", table(heads, rows, "names"), pools)


def _leads(name: Name) -> str:
    if not name.answers:
        return '<span class="quiet">nothing: it is left out</span>'
    parts = [f"as {code(name.alias_of)}"] if name.alias_of else []
    parts += _some(name.name, name.leads)
    if name.embeddings:
        parts += ["embeddings:", *_some(name.name, name.embeddings)]
    parts += [f'<span class="quiet">{text(note)}</span>' for note in name.notes]
    return "<br>".join(parts)


def _some(name: str, leads: Sequence[Lead]) -> Iterator[str]:
    for lead in leads[:LEADS_SHOWN]:
        share = "spare" if lead.spare else percent(lead.share)
        number = f" (credential {lead.credential + 1})" if lead.credential is not None else ""
        number = f" (key {code(lead.key)})" if lead.key else number
        model = f" as {code(lead.model)}" if lead.model not in ("", name) else ""
        address = f'<span class="quiet">{text(lead.address)}</span>'
        yield f'<span class="share">{escape(share)}</span> {code(lead.service)}{number} {address}{model}'
    if len(leads) > LEADS_SHOWN:
        yield f'<span class="quiet">and {len(leads) - LEADS_SHOWN:,} more</span>'


def _variables(report: Report) -> str:
    rows = (
        (
            f"<code>{each.name}</code>",
            text(each.purpose),
            '<b class="create">to be created</b>' if each.create else "",
        )
        for each in report.variables
    )
    quiet = '<p class="quiet">Names of environment variables; the values stand in .env, not here.</p>'
    return section("secrets", "The variables it reads", quiet, table(("Variable", "What for", ""), rows))


def _start(report: Report) -> str:
    lines = "\n".join(
        f'<span class="quiet"># {text(each.what)}</span>\n{text(each.line)}' for each in report.commands
    )
    return section("start", "How to start it", f"<pre>{lines}</pre>")


def _settings(report: Report) -> str:
    parts = []
    joined = lines_of(report.rows)
    for verdict in GRAVEST:
        chosen = [line for line in joined if line.row.verdict == verdict]
        if not chosen:
            continue
        rows = (
            (
                _place(line),
                _pointer(line),
                code(line.row.target) if line.row.target else "",
                text(line.row.note),
            )
            for line in chosen
        )
        opened = "" if verdict in FOLDED else " open"
        parts.append(
            f"<details{opened}><summary>{_badge(verdict)} <b>{report.counts[verdict]:,}</b> "
            f'<span class="quiet">{MEANINGS[verdict]}</span></summary>'
            f"{table(('Where', 'Setting', 'Goes to', 'Note'), rows)}</details>"
        )
    return section("settings", "Every setting", *parts)


def _badge(verdict: Verdict) -> str:
    return f'<span class="badge v-{verdict}">{verdict}</span>'


def _place(line: Line) -> str:
    return f'<span class="place">{line.place}</span>'


def _pointer(line: Line) -> str:
    first = code(line.row.pointer or "/")
    if line.number == 1:
        return first
    return f'{first} … {code(line.last)} <span class="quiet">({line.number:,})</span>'


assert STYLE.count(".wire.c") == COLOURS
