"""`one-adapter doctor`: whether this machine and this configuration are ready for `run`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from one_adapter.commands.options import options_of, reading_options
from one_adapter.commands.sharing import AUTO, NONE
from one_adapter.commands.source import Source, WouldRefuse, judged
from one_adapter.config.defaults import PORT
from one_adapter.config.store import read_source, stale_sibling
from one_adapter.contract import REDIS_URL
from one_adapter.dialect import Dialect
from one_adapter.doctor import configured, installed, place
from one_adapter.doctor.check import Check, lines
from one_adapter.doctor.online import NEEDS_CONFIG
from one_adapter.doctor.online import online as asked
from one_adapter.doctor.redis import redis as redis_check
from one_adapter.errors import OneAdapterError
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - the gateway's own default


@click.command("doctor")
@click.argument("config", required=False, type=click.Path(allow_dash=True))
@click.option("--host", help="The address that run is to listen on. Default: as for run.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port. Default: that of the configuration.")
@click.option(
    "--redis",
    metavar="URL",
    envvar=REDIS_URL,
    show_envvar=True,
    help="A Redis that has to answer.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Connect to each vendor's address, too, to see whether it is found and proves who it is. Nothing is "
    "asked, and no key is sent.",
)
@reading_options
def doctor_command(
    config: str | None,
    host: str | None,
    port: int | None,
    redis: str | None,
    online: bool,
    redirects: str,
    spark: str,
    gateway: Dialect,
) -> None:
    """Say whether this machine, and CONFIG on it, is ready for run.

    A line for each thing that was looked at, with what to do about it. Without --online
    nothing is asked of anybody outside. Exit code 1 when something is wrong.
    """
    if online and config is None:
        raise OneAdapterError(NEEDS_CONFIG)
    checks = list(_installed())
    plan = None
    if config is not None:
        source, found = _configuration(config, options_of(redirects, spark, gateway))
        checks += found
        plan = source.plan if source else None
    if plan is not None or config is None:
        checks.append(place.port(host or _host(plan), port or (plan.port if plan else PORT)))
    if redis and redis not in (AUTO, NONE):
        checks.append(redis_check(redis))
    if online and plan is not None:
        checks += asked(plan)
    for line in lines(checks):
        click.echo(line)
    if any(one.state == "wrong" for one in checks):
        raise SystemExit(1)


def _installed() -> Iterator[Check]:
    yield installed.python()
    yield installed.litellm()
    yield from installed.extras()
    yield installed.redis_program()
    yield installed.temporary()


def _configuration(path: str, options: Options) -> tuple[Source | None, list[Check]]:
    """Judge a configuration; None where there is none that could be run."""
    try:
        source = judged(read_source(path), options)
    except WouldRefuse:
        return None, [configured.refused(path), *place.rights(path)]
    except OneAdapterError as problem:
        return None, [configured.unreadable(problem)]
    serious = sum(1 for finding in source.findings if finding.severity != "info")
    found = [configured.accepted(path, serious), *place.rights(path)]
    stale = stale_sibling(path, source.document)
    return source, [*found, *([configured.stale(stale)] if stale else [])]


def _host(plan: Plan | None) -> str:
    """Where `run` would listen."""
    return LOOPBACK if plan is None or plan.access.open else plan.host or EVERYWHERE
