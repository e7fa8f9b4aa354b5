"""The report as one HTML page that loads nothing: its style and its picture are inside."""

from __future__ import annotations

from collections.abc import Sequence

from one_adapter.export.page.frame import code, page, section, table, text
from one_adapter.export.page.style import STYLE
from one_adapter.export.report import sections
from one_adapter.export.report.lines import Line
from one_adapter.export.report.model import GRAVEST, LEVEL_WORDS, MEANINGS, VERDICT_WORDS, Item, Report
from one_adapter.export.report.names import POOLS, in_pools
from one_adapter.export.report.picture.layout import PLAINER, library
from one_adapter.export.report.picture.scene import picture_of
from one_adapter.export.report.picture.svg import COLOURS, figures
from one_adapter.export.report.sections import changed_settings, counts_of, pointer
from one_adapter.language import changed, enumerated, sentences, tr, translated
from one_adapter.plan.types import Verdict

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
    return page(tr("{title}: what becomes of it", title=report.title), body)


class _Pen:
    """HTML's `sections.Pen`."""

    text, code = staticmethod(text), staticmethod(code)

    def muted(self, made: str) -> str:
        return f'<span class="quiet">{made}</span>'

    remark = muted

    def emphasis(self, made: str) -> str:
        return f"<em>{made}</em>"

    def strong(self, made: str) -> str:
        return f'<b class="create">{made}</b>'

    def share(self, words: str) -> str:
        return f'<span class="share">{text(words)}</span>'

    def address(self, words: str) -> str:
        return self.muted(text(words))

    def alias(self, made: str, leads: str) -> str:
        return f"{made}<br>{leads}"

    def place(self, words: str) -> str:
        return f'<span class="place">{words}</span>'


PEN = _Pen()


def _head(report: Report) -> str:
    what = tr("stock LiteLLM (--pure)") if report.pure else tr("LiteLLM with one-adapter")
    way = text(tr("From simple-one-api to {what}", what=what))
    total = len(report.rows) or 1
    present = [verdict for verdict in reversed(GRAVEST) if report.counts[verdict]]
    bars = "".join(
        f'<i class="v-{verdict}" style="flex:{max(report.counts[verdict] / total, 0.012):.4f}"></i>'
        for verdict in present
    )
    keys = "".join(
        f'<li class="v-{verdict}" title="{text(MEANINGS[verdict])}">'
        f"<b>{report.counts[verdict]:,}</b> {text(VERDICT_WORDS[verdict])}</li>"
        for verdict in present
    )
    return (
        f'<header><p class="from">{way}</p><h1>{text(report.title)}</h1>'
        f'<p class="lead">{text(enumerated(counts_of(report)))}</p>'
        f'<div class="bars">{bars}</div><ul class="keys">{keys}</ul></header>'
    )


def _checklist(items: Sequence[Item]) -> str:
    if not items:
        return section("todo", sections.TO_DO, f'<p class="fine">{text(sections.NOTHING_TO_DO)}</p>')
    lines, done = [], text(tr("done"))
    for item in items:
        box = f'<input type="checkbox" aria-label="{done}">' if item.level != "info" else "<span></span>"
        place = PEN.place(item.place) if item.place else ""
        lines.append(
            f'<li class="{item.level}"><label>{box}<span><b>{text(LEVEL_WORDS[item.level])}</b> '
            f"{text(item.text)} {PEN.muted(text(item.code))}</span>{place}</label></li>"
        )
    return section("todo", sections.TO_DO, f'<ul class="todo">{"".join(lines)}</ul>')


def _routes(report: Report) -> str:
    picture = picture_of(report.plan, report.names)
    if not picture.scenes:
        return ""
    notes = sentences(
        tr("The colour is the service’s, the thickness of a line its share."),
        tr("<em>Slanted</em> names work and are not shown by /v1/models."),
        changed(PLAINER, text) if library() is None else "",
        picture.left_out,
    )
    drawn = "".join(f'<figure tabindex="0">{figure}</figure>' for figure in figures(picture))
    return section("routes", tr("The routes"), f'<p class="quiet">{translated(notes)}</p>', drawn)


def _differences(report: Report) -> str:
    parts = [f'<p class="fine">{text(sections.NOTHING_LOST)}</p>']
    if lines := changed_settings(report):
        rows = ((*_judged(line), pointer(line, PEN), text(line.row.note)) for line in lines)
        parts = [table((tr("Where"), "", tr("Setting"), tr("What to know")), rows)]
    if report.differences and not report.pure:
        listed = "".join(
            f"<li><code>{each.name}</code> {text(each.title)}</li>" for each in report.differences
        )
        heading = text(tr("Where clients see something else, on purpose"))
        told = text(tr("Each has its paragraph in {page}.", page=sections.DIFFERENCES_PAGE))
        parts.append(f'<h3>{heading}</h3><p class="quiet">{told}</p><ul>{listed}</ul>')
    return section("differs", sections.DIFFERENCES, *parts)


def _judged(line: Line) -> tuple[str, str]:
    return PEN.place(line.place), _badge(line.row.verdict)


def _costs(report: Report) -> str:
    if not report.costs:
        return ""
    listed = "".join(f"<li>{text(cost)}</li>" for cost in report.costs)
    return section("pure", sections.COSTS, f"<ul>{listed}</ul>")


def _names(report: Report) -> str:
    pools = f'<p class="quiet">{text(POOLS)}</p>' if in_pools(report.names) else ""
    return section("names", sections.NAMES, table(*sections.names_table(report, PEN), "names"), pools)


def _variables(report: Report) -> str:
    told = tr("Names of environment variables; the values stand in .env, not here.")
    rows = table(*sections.variables_table(report, PEN))
    return section("secrets", sections.VARIABLES, f'<p class="quiet">{text(told)}</p>', rows)


def _start(report: Report) -> str:
    lines = "\n".join(
        f'<span class="quiet"># {text(each.what)}</span>\n{text(each.line)}' for each in report.commands
    )
    return section("start", sections.START, f"<pre>{lines}</pre>")


def _settings(report: Report) -> str:
    parts = (
        f"<details{'' if verdict in FOLDED else ' open'}><summary>{_badge(verdict)} "
        f"<b>{report.counts[verdict]:,}</b> {PEN.muted(text(MEANINGS[verdict]))}</summary>"
        f"{table(*rows)}</details>"
        for verdict, rows in sections.settings_tables(report, PEN)
    )
    return section("settings", sections.SETTINGS, *parts)


def _badge(verdict: Verdict) -> str:
    return f'<span class="badge v-{verdict}">{text(VERDICT_WORDS[verdict])}</span>'


assert STYLE.count(".wire.c") == COLOURS
