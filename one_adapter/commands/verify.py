"""`one-adapter verify`: whether the new side behaves as the old one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from one_adapter.commands.options import options_of, reading_options
from one_adapter.commands.spoken import say
from one_adapter.dialect import Dialect
from one_adapter.errors import OneAdapterError, reason_of
from one_adapter.language import sentences, tr, translated
from one_adapter.verify.options import VerifyOptions

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from one_adapter.plan.vendors import Options
    from one_adapter.verify.result import Verification

FORMATS = ("text", "json", "html", "junit")


@click.command("verify")
@click.argument("config", required=False, type=click.Path(allow_dash=True))
@click.option("--old", metavar="URL", help="The server as it was, which runs already: the old gateway.")
@click.option("--new", metavar="URL", help="The server as it is to be, which runs already: the new proxy.")
@click.option(
    "--old-key-env",
    metavar="NAME",
    help="The environment variable with the old server's key; without it, a terminal is asked.",
)
@click.option(
    "--new-key-env", metavar="NAME", help="The same for the new server; without it, the old server's key."
)
@click.option(
    "--exported",
    metavar="FILE",
    type=click.Path(),
    help="Compare CONFIG with this LiteLLM file, exported from it and perhaps edited. Nothing is called.",
)
@click.option(
    "--old-binary",
    metavar="PATH",
    type=click.Path(),
    help="Your simple-one-api program: it runs on a private copy of CONFIG and is compared as well.",
)
@click.option("--check-keys", is_flag=True, help="Ask each vendor of CONFIG whether its key still works.")
@click.option("--models", multiple=True, metavar="GLOB", help="Only names like this one; may be repeated.")
@click.option(
    "--max-requests",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="Requests of models in all, both sides together.",
)
@click.option(
    "--max-cost", type=click.FloatRange(0), metavar="USD", help="Refuse to start above this estimate."
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="Names that are asked at a time; those of one model one after another.",
)
@click.option("--yes", is_flag=True, help="Don't ask before requests that may cost money.")
@click.option("--exact", is_flag=True, help="Compare the answers' words too.")
@click.option("--show", is_flag=True, help="Show the answers' words in what differs.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to tell it."
)
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(), help="Where to write; - is standard output."
)
@reading_options
def verify_command(
    config: str | None,
    old: str | None,
    new: str | None,
    old_key_env: str | None,
    new_key_env: str | None,
    exported: str | None,
    old_binary: str | None,
    check_keys: bool,
    models: tuple[str, ...],
    max_requests: int,
    max_cost: float | None,
    concurrency: int,
    yes: bool,
    exact: bool,
    show: bool,
    form: str,
    output: str | None,
    redirects: str,
    spark: str,
    gateway: Dialect,
) -> None:
    """Say whether the new proxy behaves as the old gateway.

    \b
    verify CONFIG                   the proxy on CONFIG against an echo: nothing leaves the machine
    verify CONFIG --old-binary PATH the same, and your gateway program beside it
    verify CONFIG --exported FILE   CONFIG against an exported file: nothing is started
    verify CONFIG --check-keys      which of CONFIG's keys still work
    verify --old URL --new URL      two servers that run, with the real vendors behind them

    Exit code 0: the same. 1: different. 2: could not compare, or not all. What differs
    on purpose is named (docs/differences.md) and not counted.
    """
    wanted = VerifyOptions(models, max_requests, max_cost, concurrency, exact, show, yes)
    if old or new:
        if config or exported or old_binary or check_keys:
            raise _wrong(tr("--old and --new compare two servers; CONFIG and its options are another form."))
        if not (old and new):
            raise _wrong(tr("Give both --old and --new."))
        found = _servers(old, new, old_key_env, new_key_env, wanted)
    elif config is None:
        raise _wrong(tr("Name a configuration, or two servers with --old and --new."))
    elif sum(map(bool, (exported, old_binary, check_keys))) > 1:
        raise _wrong(tr("--exported, --old-binary and --check-keys are three forms: give one of them."))
    else:
        options = options_of(redirects, spark, gateway)
        if exported:
            found = _exported(config, exported, options, wanted)
        elif check_keys:
            found = _keys(config, options, wanted)
        else:
            found = _configuration(config, old_binary, options, wanted)
    _write(found, form, output)
    sys.exit(found.exit_code)


def _wrong(usage: str) -> click.UsageError:
    return click.UsageError(translated(usage))


def _servers(
    old: str, new: str, old_key: str | None, new_key: str | None, wanted: VerifyOptions
) -> Verification:
    from one_adapter.verify.servers.client import server_at
    from one_adapter.verify.servers.session import compare_servers

    first = _key(old_key, "old")
    second = _key(new_key, "new") if new_key else first
    sides = server_at(old, first), server_at(new, second)
    try:
        with _Bar() as bar:
            return compare_servers(*sides, wanted, bar.show)
    except KeyboardInterrupt:
        raise OneAdapterError(tr("it was interrupted before anything was compared")) from None


def _key(variable: str | None, side: str) -> str:
    """A side's key: from the environment, or, on a terminal, from whoever sits there; "" for none."""
    if variable is not None:
        if variable not in os.environ:
            told = {
                "old": tr("no variable {name} is set, which should hold the old side's key", name=variable),
                "new": tr("no variable {name} is set, which should hold the new side's key", name=variable),
            }
            raise OneAdapterError(told[side])
        return os.environ[variable].strip()
    if not sys.stdin.isatty():
        return ""
    old, new = tr("Key of the old side (nothing for none)"), tr("Key of the new side (nothing for none)")
    words = translated(old if side == "old" else new)
    try:
        key: str = click.prompt(words, default="", hide_input=True, show_default=False, err=True)
    except click.Abort:
        raise OneAdapterError(tr("nothing was asked")) from None
    return key.strip()


class _Bar:
    """A bar on standard error, where that is a terminal, from the first question answered on."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, done: int, total: int) -> None:
        """Draw it."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            label = translated(tr("Asking both sides"))
            self._bar = click.progressbar(length=total, label=label, file=sys.stderr)
        self._bar.update(done - self._bar.pos)


def _configuration(
    config: str, old_binary: str | None, options: Options, wanted: VerifyOptions
) -> Verification:
    from one_adapter.commands.source import accepted, exportable
    from one_adapter.verify.configuration import Configuration, verify_configuration

    source = accepted(config, options)
    secrets = exportable(source, as_written=True)
    reading = ["--redirects", options.redirects, "--spark", options.spark]
    reading += ["--gateway", options.gateway.version]
    given = Configuration(config, source.document, source.gateway, source.plan, secrets, reading)
    return verify_configuration(given, wanted, old_binary or "")


def _exported(config: str, exported: str, options: Options, wanted: VerifyOptions) -> Verification:
    from one_adapter.commands.source import accepted, exportable
    from one_adapter.verify.exported import verify_exported

    source = accepted(config, options)
    return verify_exported(source.document.name, source.plan, exportable(source), exported, wanted)


def _keys(config: str, options: Options, wanted: VerifyOptions) -> Verification:
    from one_adapter.commands.source import accepted, exportable
    from one_adapter.verify.credentials.check import check_keys

    source = accepted(config, options)
    return check_keys(source.document.name, source.plan, exportable(source), wanted)


def _write(found: Verification, form: str, output: str | None) -> None:
    from one_adapter.verify.output import FORMATS as RENDERERS
    from one_adapter.verify.output.as_text import summary

    text = RENDERERS[form](found)
    if output in (None, "-"):
        click.echo(text, nl=False)
        return
    try:
        Path(str(output)).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as problem:
        raise OneAdapterError(tr("{path}: {reason}", path=output, reason=reason_of(problem))) from None
    say(sentences(summary(found), tr("{path} has it all.", path=output)))
