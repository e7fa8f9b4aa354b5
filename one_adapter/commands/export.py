"""`one-adapter export`: the configuration as files for LiteLLM."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from one_adapter.commands.deploying import check_options, deploy_options, deployed
from one_adapter.commands.options import Variable, config_argument, options_of, reading_options
from one_adapter.commands.source import Source, accepted, exportable
from one_adapter.commands.spoken import say
from one_adapter.contract import REFERENCE
from one_adapter.dialect import Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.export.files import (
    CONFIG_NAME,
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
from one_adapter.export.litellm.prices import CHOICES, Prices, prices_of
from one_adapter.export.litellm.proxy_config import environment, proxy_config
from one_adapter.export.litellm.start_commands import EXPORTED, start_line
from one_adapter.export.pure.plan import unread
from one_adapter.export.secrets.env_file import FORMATS, STOCK, env_file
from one_adapter.export.secrets.env_merge import merged, read_env
from one_adapter.export.secrets.variables import Secrets
from one_adapter.language import enumerated, tr, trn
from one_adapter.plan.types import Plan
from one_adapter.runtime.gateway.sharing import check_url


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
@click.option(
    "--prices",
    type=click.Choice(CHOICES),
    default="litellm",
    show_default=True,
    help="Have spend counted by LiteLLM's price list where it has the vendor's model, or count none at all.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Have the proxy follow changes of the exported file, and of the .env beside it, without a restart.",
)
@click.option(
    "--redis",
    type=Variable(),
    metavar="VARIABLE",
    help="Have all proxies share limits, breakers and turns through the Redis whose URL is in VARIABLE.",
)
@deploy_options
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
    prices: str,
    watch: bool,
    redis: str | None,
    deploy: tuple[str, str] | None,
    workers: int,
    ui: bool,
    redirects: str,
    spark: str,
    gateway: Dialect,
) -> None:
    """Write CONFIG as a LiteLLM proxy configuration.

    CONFIG is a simple-one-api file (JSON or YAML), the gateway's config.db, or - for
    standard input. YAML goes to standard output unless --output says otherwise.
    With --deploy the configuration stays as it is, and what runs it is written.
    """
    if pure and (watch or redis):
        what = "--watch" if watch else "--redis"
        raise OneAdapterError(
            tr("{option} is one-adapter's doing at run time, of which --pure leaves nothing.", option=what)
        )
    check_options(deploy[0] if deploy else None)
    source = accepted(config, options_of(redirects, spark, gateway))
    if deploy is not None:
        secrets = exportable(source, as_written=True)
        for line in (*deployed(source, *deploy, workers, ui, force), *_remarks(source, secrets, True, False)):
            say(line, err=True)
        _fail_if_strict(source, False, strict)
        return
    secrets = exportable(source, pure)
    counted_by = prices_of(prices)
    told = None
    if report is not None:
        if not is_stream(report):
            refuse_what_is_there(Path(report), force)
        told = _report(source, secrets, report, pure, counted_by, _exported(output, env_format))
    inline, secrets = secrets_as == "inline", _with_redis(secrets, redis)

    def text_with(values: Mapping[str, str]) -> str:
        shown, shared = values if inline else {}, {"redis": f"{REFERENCE}{redis}"} if redis else {}
        return proxy_config(
            source.plan, secrets, pure, prices=counted_by, values=shown, watch=watch or None, redis=shared
        )

    written = _export(source, secrets, text_with, output or "-", inline, env_format, force, pure)
    if report is not None and told is not None:
        _write(report, told, force)
    for line in (*written, *_remarks(source, secrets, output is not None, pure)):
        say(line, err=True)
    _fail_if_strict(source, pure, strict)


def _fail_if_strict(source: Source, pure: bool, strict: bool) -> None:
    from one_adapter.export.report.summary import strict_rows

    lost = strict_rows(source.plan, pure) if strict else ()
    if lost:
        what = trn(
            "{file}: {count} setting was approximated or dropped (--strict)",
            "{file}: {count} settings were approximated or dropped (--strict)",
            len(lost),
            file=source.document.name,
        )
        raise OneAdapterError(what, 1)


def _with_redis(secrets: Secrets, variable: str | None) -> Secrets:
    """The secrets with the URL of a Redis among them: as this process has it, else to be filled in."""
    if variable is None:
        return secrets
    if variable in (*environment(secrets, ""), *STOCK):
        raise OneAdapterError(
            tr("--redis {variable}: this variable holds something else.", variable=variable)
        )
    url = os.environ.get(variable, "")
    if url:
        check_url(url, variable)
    else:
        what = tr(
            "{variable} is to hold the URL of the Redis, which begins with redis://, rediss:// or unix://.",
            variable=variable,
        )
        say(what, err=True)
    return replace(secrets, values={**secrets.values, variable: url})


def _export(
    source: Source,
    secrets: Secrets,
    text_with: Callable[[Mapping[str, str]], str],
    output: str,
    inline: bool,
    env_format: str,
    force: bool,
    pure: bool,
) -> list[str]:
    """Write the configuration; return what was written and how it is started, for a person."""
    left_out = unread(source.plan, secrets) if pure else ()
    every = environment(secrets, new_master_key())
    values = {name: value for name, value in every.items() if name not in left_out}
    if is_stream(output) or not is_folder(output):
        text = text_with(values)
        _write(output, text, force, private=inline)
        started = [tr("Written: {output}", output=output), _start(source.plan, output, env_format)]
        names = enumerated(list(values))
        needs = [tr("Variables it reads: {names}. With -o FOLDER they go to .env.", names=names)]
        return [
            *(started if not is_stream(output) else ()),
            *(_what_stays(values, text) if inline else needs),
        ]
    config, env = str(Path(output) / CONFIG_NAME), str(Path(output) / ENV_NAME)
    old = read_env(read_old(Path(env)), env_format) if force else {}
    merge = merged({**values, **STOCK}, old)
    text = text_with(merge.values)
    write_folder(
        output, text, env_file(env_format, merge.values, secrets.to_create, secrets.to_fill), force, inline
    )
    lines = [
        tr("Written: {config} and {env}", config=config, env=env),
        _start(source.plan, output, env_format),
    ]
    if env_format != "shell":
        lines += [tr("with the variables of {env}, which docker run --env-file reads", env=env)]
    if merge.kept:
        kept = enumerated(merge.kept)
        lines += [tr("Kept of the old .env: {names} (it is .env.bak now)", names=kept)]
    return [*lines, *(_what_stays(values, text) if inline else ())]


def _start(plan: Plan, output: str, env_format: str) -> str:
    return tr("Start it: {command}", command=start_line(plan, *_exported(output, env_format)))


def _remarks(source: Source, secrets: Secrets, to_file: bool, pure: bool) -> list[str]:
    """What a person must know: losses, things to do, what `--pure` costs."""
    from one_adapter.export.pure.costs import pure_costs
    from one_adapter.export.report.summary import summary_lines

    lines = summary_lines(source.plan, secrets, pure) if to_file else []
    return lines + ([tr("--pure: {cost}", cost=cost) for cost in pure_costs(source.plan)] if pure else [])


def _what_stays(values: Mapping[str, str], text: str) -> list[str]:
    """A line about the variables that the proxy reads by itself, whatever is written into the file."""
    staying = [name for name in values if re.search(rf"\b{name}\b", text)]
    told = tr("Still read from the environment: {names}", names=enumerated(staying))
    return [told] if staying else []


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
        raise OneAdapterError(tr("{path}: a report's name ends in .md, .json or .html", path=path))
    return kind


def _exported(output: str | None, env_format: str) -> tuple[str, str]:
    """The paths of what is written, for a command: its .env is one only where a shell can read it."""
    if output is None or is_stream(output):
        return EXPORTED
    if not is_folder(output):
        return output, ""
    config, env = (str(Path(output) / name) for name in (CONFIG_NAME, ENV_NAME))
    return config, env if env_format == "shell" else ""


def _report(
    source: Source, secrets: Secrets, report: str, pure: bool, prices: Prices, exported: tuple[str, str]
) -> str:
    from one_adapter.export.report.write import write_report

    return write_report(
        report_kind(report),
        source.document.name,
        source.plan,
        secrets,
        source.findings,
        pure,
        prices,
        exported,
    )
