"""Following a configuration while a proxy runs on it: what `run` watches, and what it makes of a change."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from one_adapter.commands.source import Source, WouldRefuse, exportable, judged
from one_adapter.commands.spoken import say
from one_adapter.config.store import Read, is_store, read_source
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import joined, lines, tr
from one_adapter.language.chosen import speaking
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options
from one_adapter.runtime.reload.generation import Generation
from one_adapter.runtime.reload.naming import generation_of
from one_adapter.runtime.reload.watch import Content, Files, Refused, Reloading, Told, mounted_alone
from one_adapter.runtime.reload.watch import Source as Watched

Command = TypeVar("Command", bound=Callable[..., Any])


class Exported(NamedTuple):
    """An exported file: its text, what that says, and the variables that it names."""

    text: str
    document: Mapping[str, Any]
    environment: Mapping[str, str]


Export = Callable[[Plan, Secrets], Exported]


def watch_option(command: Command) -> Command:
    """Give a command the option by which it is told to watch its file."""
    return click.option(
        "--watch/--no-watch",
        default=None,
        help="Follow changes of CONFIG while it runs, without a restart. Default: on a terminal. SIGHUP has "
        "it read again in any case.",
    )(command)


class Once:
    """A source that cannot be read a second time."""

    pause = 1.0

    def look(self, asked: bool = False) -> Told | None:
        """The reason to who asks."""
        return Told(tr("nothing is reloaded: standard input cannot be read again")) if asked else None

    def refused(self) -> None:
        """Do nothing: it has returned nothing."""


@dataclass(frozen=True)
class Changes:
    """What a change of a configuration comes to.

    `options` are those it is read by; `export` writes a plan as the proxy is to read it; `begun` is the plan
    that the proxy was started on, `given` what of host and port the command line has said instead.
    """

    path: str
    options: Options
    export: Export
    begun: Plan
    given: tuple[str | None, int | None]

    def read(self) -> Content:
        """What the configuration says; raises `OneAdapterError` where it cannot be read."""
        return (read_source(self.path).data,)

    def generation(self, content: Content, number: int) -> Generation:
        """The generation of a content that was read; raises `Refused` for one that is not good."""
        name, kind = (self.path, None) if not is_store(self.path) else (self.path, "json")
        try:
            source = judged(Read(content[0], name, kind), self.options)
            exported = self.exported(source.plan, exportable(source, as_written=True))
            return self.made(source.plan, exported, number)
        except WouldRefuse as problem:
            raise Refused(lines(problem.message, problem.findings), half=problem.broken) from None

    def exported(self, plan: Plan, secrets: Secrets) -> Exported:
        """A plan as the proxy reads it; its comments are English, so that fingerprints are alike."""
        with speaking("en"):
            return self.export(plan, secrets)

    def made(self, plan: Plan, exported: Exported, number: int) -> Generation:
        """The generation of an exported plan."""
        text, document, values = exported
        return generation_of(number, text, values, tuple(self.restarts(plan)), document=document)

    def restarts(self, plan: Plan) -> list[str]:
        """A line about what only a start reads, where that has changed."""
        host, port = self.given
        changed: list[str] = []
        if host is None and (plan.host, plan.access.open) != (self.begun.host, self.begun.access.open):
            changed.append(tr("the address"))
        if port is None and plan.port != self.begun.port:
            changed.append(tr("the port {port}", port=plan.port))
        if plan.log_level != self.begun.log_level:
            changed.append(tr("the log level"))
        told = tr("holds from the next start on: {settings}", settings=joined(changed, " and ", "、"))
        return [told] if changed else []


def reloading_of(changes: Changes, source: Source, exported: Exported, watch: bool) -> Reloading:
    """What a proxy begins with and follows; what cannot be watched is said on standard error."""
    first = changes.made(source.plan, exported, 1)
    watched: Watched = Once()
    if not _is_file(changes.path):
        if watch:
            what = tr("standard input cannot be watched, so changes need a restart.")
            say(tr("Warning: {what}", what=what), err=True)
        return Reloading(first, watched, watch=False)
    paths: Sequence[str] = (
        (changes.path, f"{changes.path}-wal") if is_store(changes.path) else (changes.path,)
    )
    if watch and mounted_alone(changes.path):
        what = tr(
            "{path} is mounted as a single file, which shows no file that takes its place: mount its folder "
            "instead.",
            path=changes.path,
        )
        say(tr("Warning: {what}", what=what), err=True)
    watched = Files(paths, changes.read, changes.generation, first, (source.read.data,))
    return Reloading(first, watched, watch)


def _is_file(path: str) -> bool:
    """Whether a path can be read again: it names a regular file, and no pipe."""
    try:
        return path != "-" and stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False
