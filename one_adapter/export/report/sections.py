"""The sections that a report has in every form for people, written once: a form brings the pen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from one_adapter.export.formatting import names_words, percent, services_words, settings_words
from one_adapter.export.report.lines import Line, lines_of
from one_adapter.export.report.model import GRAVEST, KIND_WORDS, Report
from one_adapter.export.report.names import Lead, Name
from one_adapter.language import Message, tr, translated
from one_adapter.plan.types import Verdict

#: How many upstreams of one name a table's cell holds.
LEADS_SHOWN = 4

TO_DO, NOTHING_TO_DO = tr("To do by hand"), tr("Nothing.")
DIFFERENCES = tr("What differs")
NOTHING_LOST = tr("No setting the gateway reads is lost or changed in meaning.")
DIFFERENCES_PAGE = "docs/differences.md"
COSTS = tr("What --pure costs")
NAMES = tr("The names your clients can use")
VARIABLES = tr("The variables it reads")
START = tr("How to start it")
SETTINGS = tr("Every setting")


class Pen(Protocol):
    """How a form writes words: `text` and `code` take any text, the others what one of these two made."""

    def text(self, words: str) -> str:
        """Plain words in the chosen language."""

    def code(self, words: str) -> str:
        """A name, or what else stands in the file."""

    def muted(self, made: str) -> str:
        """What is there for completeness."""

    def remark(self, made: str) -> str:
        """What is said of the lines before it."""

    def emphasis(self, made: str) -> str:
        """Words in a name's place."""

    def strong(self, made: str) -> str:
        """What is still to be done."""

    def share(self, words: str) -> str:
        """A share, before what has it."""

    def address(self, words: str) -> str:
        """Where a service calls, after its name."""

    def alias(self, made: str, leads: str) -> str:
        """For which name another one stands, before where that leads."""

    def place(self, words: str) -> str:
        """A line and a column."""


class Table(NamedTuple):
    """Headings, which are texts, and rows of cells that a pen has written."""

    heads: Sequence[str]
    rows: Iterable[Sequence[str]]


class Counts(NamedTuple):
    """How much there is of what a report begins with."""

    names: Message
    services: Message
    settings: Message


def counts_of(report: Report) -> Counts:
    """The names that lead somewhere, the services and the settings."""
    answering = sum(name.answers and bool(name.name) for name in report.names)
    return Counts(
        names_words(answering), services_words(len(report.plan.services)), settings_words(len(report.rows))
    )


def changed_settings(report: Report) -> list[Line]:
    """The settings that are lost, or mean something else."""
    return [line for line in lines_of(report.rows) if line.row.verdict in ("dropped", "approximated")]


def names_table(report: Report, pen: Pen) -> Table:
    """Every name clients can send, and where it leads."""
    rows = (
        (
            pen.code(name.name)
            if name.name or not report.plan.any
            else pen.emphasis(pen.text(tr("any name"))),
            pen.text(tr("yes") if name.listed else tr("no")),
            pen.text(KIND_WORDS[name.kind]),
            _leads(name, pen),
        )
        for name in report.names
    )
    return Table((tr("Name"), tr("In /v1/models"), tr("For"), tr("Leads to")), rows)


def _leads(name: Name, pen: Pen) -> str:
    if not name.answers:
        return pen.muted(pen.text(tr("nothing: it is left out")))
    parts = [*_some(name.name, name.leads, pen)]
    if name.embeddings:
        parts += [pen.text(tr("embeddings:")), *_some(name.name, name.embeddings, pen)]
    parts += [pen.remark(pen.text(note)) for note in name.notes]
    leads = "<br>".join(parts)
    if not name.alias_of:
        return leads
    return pen.alias(translated(tr("as {name}", name=pen.code(name.alias_of))), leads)


def _some(name: str, leads: Sequence[Lead], pen: Pen) -> Iterator[str]:
    for lead in leads[:LEADS_SHOWN]:
        share = pen.share(tr("spare") if lead.spare else percent(lead.share))
        number = ""
        if lead.key:
            number = translated(tr(" (key {key})", key=pen.code(lead.key)))
        elif lead.credential is not None:
            number = translated(tr(" (credential {number})", number=lead.credential + 1))
        model = ""
        if lead.model not in ("", name):
            model = translated(tr(" as {model}", model=pen.code(lead.model)))
        yield f"{share} {pen.code(lead.service)}{number} {pen.address(lead.address)}{model}"
    if len(leads) > LEADS_SHOWN:
        yield pen.muted(pen.text(tr("and {count:,} more", count=len(leads) - LEADS_SHOWN)))


def variables_table(report: Report, pen: Pen) -> Table:
    """The variables that the exported file reads, and which of them are still to be created."""
    rows = (
        (
            pen.code(each.name),
            pen.text(each.purpose),
            pen.strong(pen.text(tr("to be created"))) if each.create else "",
        )
        for each in report.variables
    )
    return Table((tr("Variable"), tr("What for"), ""), rows)


def settings_tables(report: Report, pen: Pen) -> Iterator[tuple[Verdict, Table]]:
    """Every setting, by what became of it, the gravest first."""
    lines = lines_of(report.rows)
    for verdict in GRAVEST:
        rows = [
            (
                pen.place(line.place),
                pointer(line, pen),
                pen.code(line.row.target) if line.row.target else "",
                pen.text(line.row.note),
            )
            for line in lines
            if line.row.verdict == verdict
        ]
        if rows:
            yield verdict, Table((tr("Where"), tr("Setting"), tr("Goes to"), tr("Note")), rows)


def pointer(line: Line, pen: Pen) -> str:
    """Where a setting stands, or the first and the last of several, and how many they are."""
    first = pen.code(line.row.pointer or "/")
    if line.number == 1:
        return first
    return f"{first} … {pen.code(line.last)} {pen.muted(f'({line.number:,})')}"
