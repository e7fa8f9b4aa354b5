"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from one_adapter.export.formatting import visible
from one_adapter.export.report import sections
from one_adapter.export.report.model import GRAVEST, LEVEL_WORDS, MEANINGS, VERDICT_WORDS, Item, Report
from one_adapter.export.report.names import POOLS, in_pools
from one_adapter.export.report.sections import Table, changed_settings, counts_of, pointer
from one_adapter.language import enumerated, tr, translated

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown_report(report: Report) -> str:
    """The text of the report; it ends with a newline."""
    parts = (
        _head(report),
        _checklist(report.items),
        _differences(report),
        _costs(report),
        _names(report),
        _section(sections.VARIABLES, *_table(sections.variables_table(report, PEN))),
        _start(report),
        _settings(report),
    )
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def code(text: str) -> str:
    r"""`text` as code, also inside a table, whatever it holds.

    >>> print(code("a|b"), code("a`b"), code(""))
    `a\|b` ``a`b`` (empty)
    """
    shown = visible(translated(text)).replace("|", "\\|")
    if not shown.strip():
        return translated(tr("(blank)") if shown else tr("(empty)"))
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    r"""`text` as plain words in the chosen language: nothing in it is markup.

    >>> print(prose("<b> a_b"))
    \<b\> a\_b
    """
    return _SPECIAL.sub(r"\\\1", visible(translated(text)))


class _Pen:
    """Markdown's `sections.Pen`."""

    text, code = staticmethod(prose), staticmethod(code)

    def muted(self, made: str) -> str:
        return made

    def remark(self, made: str) -> str:
        return f"*{made}*"

    emphasis = remark

    def strong(self, made: str) -> str:
        return f"**{made}**"

    def share(self, words: str) -> str:
        return translated(words)

    def address(self, words: str) -> str:
        return f"→ {code(words)}"

    def alias(self, made: str, leads: str) -> str:
        return translated(tr("{alias}: {leads}", alias=made, leads=leads))

    place = muted


PEN = _Pen()


def _section(title: str, *lines: str) -> list[str]:
    return [f"## {translated(title)}", "", *lines]


def _table(table: Table) -> list[str]:
    heads = "".join(f" {translated(head)} |" if head else " |" for head in table.heads)
    lines = [f"|{heads}", f"|{'---|' * len(table.heads)}"]
    return lines + [f"| {' | '.join(row)} |" for row in table.rows]


def _head(report: Report) -> list[str]:
    counts = [
        tr("{count:,} {verdict}", count=report.counts[verdict], verdict=VERDICT_WORDS[verdict])
        for verdict in GRAVEST
        if report.counts[verdict]
    ]
    names, services, settings = counts_of(report)
    what = tr("stock LiteLLM (`--pure`)") if report.pure else tr("LiteLLM with one-adapter")
    title = translated(tr("{title}: what becomes of it", title=prose(report.title)))
    told = tr("{settings}: {counts}.", settings=settings, counts=enumerated(counts) if counts else tr("none"))
    return [
        f"# {title}",
        "",
        translated(tr("{names} of {services}, for {what}.", names=names, services=services, what=what)),
        translated(told),
    ]


def _checklist(items: Sequence[Item]) -> list[str]:
    lines = []
    for item in items:
        place = f" ({item.place})" if item.place else ""
        mark = "- [ ] " if item.level != "info" else "- "
        level = f"**{translated(LEVEL_WORDS[item.level])}** " if item.level != "info" else ""
        lines.append(f"{mark}{level}{prose(item.text)}{place} {code(item.code)}")
    return _section(sections.TO_DO, *(lines or [translated(sections.NOTHING_TO_DO)]))


def _differences(report: Report) -> list[str]:
    lines = [translated(sections.NOTHING_LOST)]
    if changed := changed_settings(report):
        rows = (
            (
                line.place,
                pointer(line, PEN),
                translated(VERDICT_WORDS[line.row.verdict]),
                prose(line.row.note),
            )
            for line in changed
        )
        lines = _table(Table((tr("Where"), tr("Setting"), tr("Verdict"), tr("What to know")), rows))
    if report.differences and not report.pure:
        told = tr(
            "Where clients see something else on purpose ({page} has each):", page=sections.DIFFERENCES_PAGE
        )
        lines += ["", translated(told), ""]
        named = (tr("{name}: {title}", name=code(each.name), title=each.title) for each in report.differences)
        lines += [f"- {translated(each)}" for each in named]
    return _section(sections.DIFFERENCES, *lines)


def _costs(report: Report) -> list[str]:
    if not report.costs:
        return []
    return _section(tr("What `--pure` costs"), *(f"- {prose(cost)}" for cost in report.costs))


def _names(report: Report) -> list[str]:
    pools = ["", translated(POOLS)] if in_pools(report.names) else []
    return _section(sections.NAMES, *_table(sections.names_table(report, PEN)), *pools)


def _start(report: Report) -> list[str]:
    lines = ["```sh"]
    for command in report.commands:
        lines += [f"# {translated(command.what)}", visible(command.line)]
    return _section(sections.START, *lines, "```")


def _settings(report: Report) -> list[str]:
    lines = [f"## {translated(sections.SETTINGS)}"]
    for verdict, table in sections.settings_tables(report, PEN):
        title = tr("{verdict}: {count:,}", verdict=VERDICT_WORDS[verdict], count=report.counts[verdict])
        meaning = tr("{meaning}.", meaning=MEANINGS[verdict])
        lines += ["", f"### {translated(title)}", "", translated(meaning), "", *_table(table)]
    return lines
