"""The commands `lint` and `schema`."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from one_adapter.commands.options import gateway_option
from one_adapter.commands.spoken import complain, say
from one_adapter.dialect import Dialect
from one_adapter.language import tr, translated, trn

if TYPE_CHECKING:
    from one_adapter.config.document import Document
    from one_adapter.finding import Finding
    from one_adapter.lint.judging import Choice, Judge
    from one_adapter.lint.output.as_text import Judged

#: The names of `lint/output/formats.py`, told here so that `--help` imports no linter.
FORMS = ("text", "json", "github", "sarif")
#: Those of `lint/kinds.py` and `lint/litellm/tables.py`, for the same reason.
KINDS = ("simple-one-api", "litellm")
LITELLM_VERSIONS = ("1.105", "1.106", "1.108", "1.109", "1.110")
DOUBTFUL = tr("judged as a configuration of simple-one-api; --as litellm says otherwise")


class Asked(NamedTuple):
    """What the command line of `lint` says."""

    files: tuple[str, ...]
    form: str | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fail_on: str
    gateway: Dialect
    kind: str | None
    litellm: str
    env_files: tuple[str, ...]
    env: bool
    fix: bool
    unsafe: bool
    diff: bool
    explain: str | None


@click.command("lint")
@click.argument("files", nargs=-1, type=click.Path(), metavar="FILE…")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="How to print; text, or github inside GitHub Actions.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    help="Only these rules: a code, a name, or SOA3 for all that begin so.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE[:POINTER]",
    help="Not these rules, or not at this place and below.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@gateway_option
@click.option(
    "--as",
    "kind",
    type=click.Choice(KINDS),
    help="Whose configuration the files are; found out from their keys where it is not said.",
)
@click.option(
    "--litellm",
    type=click.Choice(LITELLM_VERSIONS),
    default=LITELLM_VERSIONS[-1],
    show_default=True,
    help="The version of LiteLLM that its files are judged by.",
)
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(),
    metavar="ENV",
    help="A file that sets the variables which os.environ/NAME asks for; only names are read from it.",
)
@click.option(
    "--env",
    is_flag=True,
    help="Take the variables of this process for those that LiteLLM will have, beside any --env-file.",
)
@click.option(
    "--fix", is_flag=True, help="Put right in the file what can mean but one thing, and say what is left."
)
@click.option(
    "--unsafe",
    is_flag=True,
    help="With --fix or --diff: move settings of LiteLLM's, too, to the section that reads them.",
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--explain", metavar="CODE", help="Print a rule's page; all lists the rules.")
def lint_command(**given: Any) -> None:
    """Say what simple-one-api or LiteLLM would refuse or misread in its configuration, and what to do.

    FILE is a configuration of either, a folder to search, or - for standard input. The exit code is 1 when
    there are errors (the program would refuse the file), 2 when a file cannot be read, and 0 otherwise.
    """
    from one_adapter.errors import OneAdapterError

    asked = Asked(**given)
    try:
        code = _explain(asked.explain) if asked.explain else _lint(asked)
    except OneAdapterError as error:
        complain(error)
        code = error.exit_code
    sys.exit(code)


@click.command("schema")
@gateway_option
@click.option("--litellm", is_flag=True, help="Of LiteLLM's configuration instead, as export writes it.")
@click.option("--strict", is_flag=True, help="With --litellm: refuse keys that LiteLLM passes over.")
def schema_command(gateway: Dialect, litellm: bool, strict: bool) -> None:
    """Print the JSON schema of the configuration, for editors."""
    if strict and not litellm:
        raise click.UsageError(tr("--strict goes with --litellm: the other schema is strict as it is."))
    if litellm:
        from one_adapter.lint.litellm.schema import schema_text as litellm_text

        click.echo(litellm_text(strict), nl=False)
        return
    from one_adapter.lint.schema import schema_text

    click.echo(schema_text(gateway), nl=False)


def _explain(word: str) -> int:
    from one_adapter.lint.all_rules import rule_named
    from one_adapter.lint.pages import page, table

    click.echo(table() if word == "all" else page(rule_named(word)), nl=False)
    return 0


def _lint(asked: Asked) -> int:
    from one_adapter.errors import OneAdapterError
    from one_adapter.finding import SEVERITIES
    from one_adapter.lint.finding import at_least
    from one_adapter.lint.inputs import documents
    from one_adapter.lint.judging import Judge, each_once
    from one_adapter.lint.kinds import LITELLM
    from one_adapter.lint.selection import chosen, read_patterns
    from one_adapter.lint.variables import names_in

    if not asked.files:
        raise click.UsageError(
            translated(tr("Name a configuration file, a folder, or - for standard input."))
        )
    if asked.unsafe and not (asked.fix or asked.diff):
        raise click.UsageError(translated(tr("--unsafe goes with --fix or --diff.")))
    selected, ignored = read_patterns(asked.select, "--select"), read_patterns(asked.ignore, "--ignore")

    def choice(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return chosen(found, selected, ignored)

    variables = names_in(asked.env_files, os.environ if asked.env else None)
    judge = Judge(asked.gateway, asked.litellm, variables, asked.kind == LITELLM, asked.env)
    wanted: list[Document] = []
    unreadable = False
    for document in documents(asked.files, asked.kind):
        if isinstance(document, OneAdapterError):
            unreadable = True
            complain(document)
            continue
        if not _is_wanted(document, asked):
            continue
        wanted.append(_put_right(document, judge, choice, asked))
    if asked.diff:
        return 2 if unreadable else 0
    judged = each_once([judge(document, choice) for document in wanted])
    if judged or not unreadable:
        _print(judged, asked.form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"))
    if unreadable:
        return 2
    severity = next(known for known in SEVERITIES if known == asked.fail_on)
    return 1 if any(at_least(one.findings, severity) for one in judged) else 0


def _is_wanted(document: Document, asked: Asked) -> bool:
    """Whether a file is one to judge; what is odd about it is said."""
    from one_adapter.config.store import stale_sibling
    from one_adapter.lint.kinds import is_doubtful, neither

    stale = stale_sibling(document.name, document)
    if stale:
        say(tr("Warning: {what}", what=stale), err=True)
    other = neither(document) if asked.kind is None else None
    if other:
        what = tr("this is {kind}, and is not judged", kind=other)
        say(tr("Note: {name}: {what}", name=document.name, what=what), err=True)
    elif asked.kind is None and is_doubtful(document):
        say(tr("Note: {name}: {what}", name=document.name, what=DOUBTFUL), err=True)
    return not other


def _put_right(document: Document, judge: Judge, choice: Choice, asked: Asked) -> Document:
    """The document, after it was put right where the user wants that."""
    if not (asked.fix or asked.diff):
        return document
    from one_adapter.lint.fixing import diff, fixed, write

    one = fixed(document, lambda other: judge(other)[0].findings, choice, asked.unsafe)
    if asked.diff:
        click.echo(diff(one), nl=False)
    elif one.after is not one.before:
        write(one)
        done = trn(
            "{name}: {count} finding put right",
            "{name}: {count} findings put right",
            count=one.gone,
            name=document.name,
        )
        say(done, err=True)
    return one.after


def _print(judged: list[Judged], form: str) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that knows no Chinese still gets the findings.
        sys.stdout.reconfigure(errors="backslashreplace")
    from one_adapter.lint.output.formats import FORMATS

    colour = form == "text" and _colour()
    click.echo(FORMATS[form](judged, colour), nl=False, color=colour)


def _colour() -> bool:
    """Colours are for people: only on a terminal, and not when NO_COLOR says no."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
