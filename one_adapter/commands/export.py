"""`one-adapter export`: the configuration as files for LiteLLM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import click

from one_adapter.commands.options import config_argument, options_of, reading_options
from one_adapter.commands.source import Source, accepted, exportable
from one_adapter.contract import MASTER_KEY
from one_adapter.dialect import Dialect
from one_adapter.errors import OneAdapterError, visible
from one_adapter.export.env_file import FORMATS, STOCK, env_file
from one_adapter.export.env_merge import merged, read_env
from one_adapter.export.files import (
    ENV_NAME,
    is_folder,
    is_stream,
    new_master_key,
    read_old,
    refuse_what_is_there,
    write_folder,
    write_new,
    write_stream,
)
from one_adapter.export.proxy_config import environment, proxy_config
from one_adapter.export.secrets import Secrets, inlined


@click.command("export")
@config_argument
@click.option(
    "--output",
    "-o",
    metavar="FILE|DIR",
    help="Write there instead of standard output. A name without an ending is a folder, "
    "made when it is missing; into it go config.yaml and .env.",
)
@click.option(
    "--secrets",
    "secrets_as",
    type=click.Choice(["env", "inline"]),
    default="env",
    show_default=True,
    help="Refer to secrets by environment variables, or write their values into the YAML.",
)
@click.option(
    "--env-format",
    type=click.Choice(FORMATS),
    default="shell",
    show_default=True,
    help="Who reads the .env: a shell (. ./.env), or docker run --env-file, which takes quotes for values.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--report", metavar="FILE", help="Say what became of every setting: .md, .json or .html.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a setting was approximated or dropped.")
@click.option("--pure", is_flag=True, help="Stock LiteLLM only: nothing of one-adapter at run time.")
@reading_options
def export_command(
    config: str,
    output: str | None,
    secrets_as: str,
    env_format: str,
    force: bool,
    report: str | None,
    strict: bool,
    pure: bool,
    redirects: str,
    spark: str,
    gateway: Dialect,
) -> None:
    """Write CONFIG as a LiteLLM proxy configuration.

    CONFIG is a simple-one-api file (JSON or YAML), the gateway's config.db, or - for
    standard input. YAML goes to standard output unless --output says otherwise.
    """
    from one_adapter.export.report import strict_rows

    source = accepted(config, options_of(redirects, spark, gateway))
    secrets = exportable(source, pure)
    told = None
    if report is not None:
        if not is_stream(report):
            refuse_what_is_there(Path(report), force)
        told = _report(source, secrets, report, pure)
    text = proxy_config(source.plan, secrets, pure)
    values = environment(secrets, new_master_key())
    if secrets_as == "inline":
        text = inlined(text, {name: value for name, value in values.items() if name != MASTER_KEY})
        _say_what_stays(values, text)
    inline = secrets_as == "inline"
    kept: tuple[str, ...] = ()
    in_folder = output is not None and not is_stream(output) and is_folder(output)
    if output is not None and in_folder:
        old = read_env(read_old(Path(output) / ENV_NAME), env_format) if force else {}
        values, kept = merged({**values, **STOCK}, old)
        env = env_file(env_format, values, secrets.to_create, secrets.to_fill)
        write_folder(output, text, env, force, private=inline)
    else:
        _write(output or "-", text, force, private=inline)
    if report is not None and told is not None:
        _write(report, told, force)
    _tell(source, secrets, output is not None, kept, () if in_folder or inline else tuple(values), pure)
    lost = strict_rows(source.plan, pure) if strict else ()
    if lost:
        count = len(lost)
        what = "1 setting was" if count == 1 else f"{count} settings were"
        raise OneAdapterError(f"{source.document.name}: {what} approximated or dropped (--strict)", 1)


def _tell(
    source: Source, secrets: Secrets, to_file: bool, kept: Sequence[str], unwritten: Sequence[str], pure: bool
) -> None:
    """What a person must know, on standard error: losses, things to do, variables not written anywhere."""
    from one_adapter.export.report import pure_costs, summary_lines

    for line in summary_lines(source.plan, secrets) if to_file else ():
        click.echo(line, err=True)
    if kept:
        click.echo(f"Kept of the old .env: {', '.join(map(visible, kept))} (it is .env.bak now)", err=True)
    if unwritten:
        click.echo(f"Variables it reads: {', '.join(unwritten)}. With -o FOLDER they go to .env.", err=True)
    for cost in pure_costs(source.plan) if pure else ():
        click.echo(f"--pure: {visible(cost)}", err=True)


def _say_what_stays(values: Mapping[str, str], text: str) -> None:
    """Name the variables that the proxy reads by itself, whatever is written into the file."""
    staying = [name for name in values if re.search(rf"\b{name}\b", text)]
    if staying:
        click.echo(f"Still read from the environment: {', '.join(staying)}", err=True)


def _write(target: str, text: str, force: bool, private: bool = False) -> None:
    if is_stream(target):
        write_stream(target, text)
    else:
        write_new(Path(target), text, force, private)


_REPORTS: Mapping[str, Literal["markdown", "json", "html"]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
}


def report_kind(path: str) -> Literal["markdown", "json", "html"]:
    """What kind of report a file's name asks for; a stream gets Markdown.

    Raises `OneAdapterError` (exit code 2) for any other ending.
    """
    if is_stream(path):
        return "markdown"
    kind = _REPORTS.get(Path(path).suffix.lower())
    if kind is None:
        raise OneAdapterError(f"{path}: a report's name ends in .md, .json or .html")
    return kind


def _report(source: Source, secrets: Secrets, report: str, pure: bool) -> str:
    from one_adapter.export.report import write_report

    return write_report(
        report_kind(report),
        source.document.name,
        source.plan,
        secrets,
        [finding.to_json() for finding in source.findings],
        pure,
    )
