"""`one-adapter run`: a LiteLLM proxy on the gateway's configuration and port."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import click

from one_adapter.commands.options import config_argument, options_of, reading_options
from one_adapter.commands.recording import recorded, recording_options
from one_adapter.commands.reloading import Changes, Export, Exported, reloading_of, watch_option
from one_adapter.commands.sharing import Sharing, sharing, sharing_options
from one_adapter.commands.source import accepted, exportable
from one_adapter.commands.spoken import say
from one_adapter.commands.workers import worker_options
from one_adapter.contract import MASTER_KEY, SECTION
from one_adapter.dialect import Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.export.explain.as_text import explain_text
from one_adapter.export.files import new_master_key
from one_adapter.export.litellm.prices import prices_of
from one_adapter.export.litellm.proxy_config import environment, proxy_config
from one_adapter.export.secrets.variables import Secrets
from one_adapter.export.table import printable
from one_adapter.language import enumerated, tr, translated
from one_adapter.plan.types import Plan, Route, Target, Upstream
from one_adapter.runtime.host.profile import choices
from one_adapter.runtime.reload.naming import loaded
from one_adapter.runtime.workers.parent import ends_with

LOOPBACK = "127.0.0.1"
#: What a dry run sends where a token would have to be fetched from the vendor.
DRY_RUN_KEY = "dry-run"
#: How many names stand in one line about the ways they go.
SHOWN = 6


@click.command("run", context_settings={"ignore_unknown_options": False})
@config_argument
@click.option("--host", help="Address to listen on. Default: the configuration's; loopback without a key.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the port of the configuration.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Nothing leaves the machine: a local server answers with what each vendor would have received.",
)
@click.option(
    "--echo-port",
    type=click.IntRange(1, 65535),
    hidden=True,
    help="A dry run whose answers come from a server that listens there already, on loopback: `verify`'s.",
)
@click.option(
    "--profile",
    default="fast",
    show_default=True,
    metavar="CHOICES",
    help="fast: the choices of docs/performance.md; stock: none of them, LiteLLM as it comes; "
    "'fast,-log' leaves one out.",
)
@click.option(
    "--no-relay",
    is_flag=True,
    help="Have LiteLLM make every call, also where a vendor speaks the client's own protocol.",
)
@recording_options
@worker_options
@watch_option
@sharing_options
@reading_options
@click.argument("litellm_args", nargs=-1, type=click.UNPROCESSED)
def run_command(
    config: str,
    host: str | None,
    port: int | None,
    dry_run: bool,
    echo_port: int | None,
    profile: str,
    no_relay: bool,
    access_log: str | None,
    metrics: bool,
    metrics_port: int | None,
    workers: int,
    grace: float,
    watch: bool | None,
    redis: str | None,
    approximate: bool,
    redirects: str,
    spark: str,
    gateway: Dialect,
    litellm_args: tuple[str, ...],
) -> None:
    """Run a LiteLLM proxy on CONFIG, with the gateway's port, names and keys.

    CONFIG is a simple-one-api file (JSON or YAML), the gateway's config.db, or - for
    standard input. What follows -- goes to LiteLLM's own command line.
    """
    if echo_port is not None:  # a comparison's, which may be killed
        ends_with(os.getppid(), signal.SIGTERM)()
    choices(profile)
    os.environ |= recorded(access_log, metrics, metrics_port)
    options = options_of(redirects, spark, gateway)
    source = accepted(config, options)
    secrets = exportable(source, as_written=True)
    from one_adapter.runtime.host import launch  # after the judgement: an error costs no start
    from one_adapter.runtime.host.starting import Starting

    gc.enable()  # a proxy lives long, unlike the other commands
    plan = source.plan
    where = host or default_host(plan)
    number = port or plan.port
    _explain(plan, warnings(plan, where, dry_run or echo_port is not None))
    terminal = sys.stderr if sys.stderr.isatty() else None
    master = os.environ.get(MASTER_KEY) or new_master_key()
    sealed = _echo() if dry_run and echo_port is None else echo_port
    if sealed is not None and workers > 1:
        say(tr("Dry run: one worker, because a process that is sealed starts no other."))
        workers = 1
    share = sharing(plan, workers, redis, approximate)
    export = exporting(share, sealed, not no_relay, master)
    changes = Changes(config, options, export, plan, (host, port))
    exported = changes.exported(plan, secrets)
    _say(ways(loaded(proxy_config(plan, secrets, relay=not no_relay)) if sealed else exported.document))
    following = reloading_of(changes, source, exported, terminal is not None if watch is None else watch)
    first = following.first
    del exported  # a large one takes megabytes, and nobody needs it while the proxy runs
    _say(share.lines(plan))
    serve = partial(launch.serve, first.config, first.environment, where, number, litellm_args, profile)
    with share.running(), Starting(f"http://{_shown(where)}:{number}/v1", terminal) as words:
        code = serve(sealed, words, workers, grace, share.server, reloading=following)
    if code:
        raise OneAdapterError(tr("the proxy ended by itself"), code)


def exporting(share: Sharing, sealed: int | None, relay: bool, master: str) -> Export:
    """How a plan is written, now and for every change; `sealed` is the port of a dry run's echo.

    Prices are those of now: the LiteLLM that runs has them too, and reading its list stops every thread.
    """
    prices = prices_of()

    def export(plan: Plan, secrets: Secrets) -> Exported:
        if sealed is not None:
            plan, secrets = on_loopback(plan, secrets, sealed)
        plan, shared = share.plan(plan), share.settings
        text = proxy_config(plan, secrets, relay=relay, prices=prices, watch=False, redis=shared)
        return Exported(text, loaded(text), {**environment(secrets, master), **share.environment})

    return export


def _explain(plan: Plan, warnings: Iterable[str]) -> None:
    for told in warnings:
        say(told, err=True)
    click.echo(explain_text(plan))


def _say(lines: Iterable[str]) -> None:
    click.echo("".join(f"{translated(line)}\n" for line in lines), nl=False)


def _echo() -> int:
    """Start the server that stands in for every vendor; return its port."""
    from one_adapter.runtime.dryrun import echo

    port = echo.start().port
    say(tr("Dry run: no call leaves this machine; answers say what the vendor would have received."))
    return port


def default_host(plan: Plan) -> str:
    """Where to listen when nobody says: as the gateway does, but never open to a network."""
    return LOOPBACK if plan.access.open else plan.host or "0.0.0.0"  # noqa: S104 - the gateway's own default


def warnings(plan: Plan, where: str, dry_run: bool) -> list[str]:
    """What a person should know before it runs, line by line."""
    lines: list[str] = []
    for task in plan.tasks:
        if task.level != "info" and (task.code != "open-proxy" or where != LOOPBACK):
            told = tr("Error: {problem}", problem=task.message)
            lines.append(tr("Warning: {what}", what=task.message) if task.level == "warning" else told)
    if not dry_run and lacks_google(plan):
        what = tr(
            "Google-Auth, without which no token is had for services of type vertexai, is not installed: "
            "pip install 'google-auth[requests]'"
        )
        lines.append(tr("Warning: {what}", what=what))
    return lines


def lacks_google(plan: Plan) -> bool:
    """Whether a service asks for a token from Google, and what asks for it is not there."""
    return any(one.type == "vertexai" for one in plan.services) and find_spec("google") is None


def ways(document: Mapping[str, Any]) -> list[str]:
    """Say of how many of an exported file's names the answers are relayed, and why the others' are not.

    A dry run tells of the file that names the vendors, and not of the one with the echo in their place.
    """
    from one_adapter.runtime.gateway.config import read_config

    try:
        from one_adapter.runtime.relay.standing import aside, relayed
    except ImportError:  # a copy of the package without the relay
        return []
    own = document["general_settings"][SECTION]
    own = {name: value for name, value in own.items() if name != "redis"}  # its URL is nothing of a way
    config = read_config(document["model_list"], own, None, {})
    reasons = aside(config)
    every = len(config.groups)
    count = every - sum(map(len, reasons.values()))
    lines: list[str] = [
        "",
        tr("Relayed, without LiteLLM's translation: {count} of {every} names.", count=count, every=every),
    ]
    for reason, names in reasons.items():
        lines.append(tr("Through LiteLLM, as {reason}: {names}.", reason=reason, names=_several(names)))
    for kind in ("messages", "responses"):
        names = relayed(config, kind)
        if names:
            told = _several(names)
            lines.append(
                tr("Relayed all the same where clients call /v1/{kind}: {names}.", kind=kind, names=told)
            )
    return lines


def _several(names: list[str]) -> str:
    first = enumerated([*map(printable, names[:SHOWN])])
    if len(names) <= SHOWN:
        return first
    return tr("{names} and {count} more", names=first, count=len(names) - SHOWN)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104
        return LOOPBACK
    return f"[{host}]" if ":" in host else host


def on_loopback(plan: Plan, secrets: Secrets, port: int) -> tuple[Plan, Secrets]:
    """The plan and its secrets with the echo at a port of loopback in the place of every vendor."""
    from one_adapter.runtime.dryrun.echo import through_echo

    base = f"http://127.0.0.1:{port}"
    return through(plan, lambda url: through_echo(base, url)), replace(secrets, addresses={})


def through(plan: Plan, stand_in: Callable[[str], str]) -> Plan:
    """The plan with every upstream's address replaced and without proxies: no call leaves the machine."""

    def upstream(one: Upstream) -> Upstream:
        if one.provider == "huoshan":  # its adapter would fetch a key from the vendor first
            one = replace(one, provider="openai", by_reference=(), keys=(("api_key", one.by_reference[0]),))
        url = one.url
        if one.provider == "vertex_ai":  # LiteLLM would fetch a token from Google first
            given = dict(one.parameters)
            project, location = given["vertex_project"], given["vertex_location"]
            url += f"/v1/projects/{project}/locations/{location}/publishers/google"
            one = replace(one, provider="gemini", keys=(), parameters=(("api_key", DRY_RUN_KEY),))
        return replace(one, url=stand_in(url))

    def targets(several: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(replace(target, upstream=upstream(target.upstream)) for target in several)

    def route(one: Route) -> Route:
        embeddings = one.embedding_targets
        return replace(
            one,
            targets=targets(one.targets),
            embedding_targets=None if embeddings is None else targets(embeddings),
        )

    direct = tuple(replace(one, proxy=None) for one in plan.services)
    routes = tuple(route(one) for one in plan.routes)
    return replace(plan, services=direct, any=plan.any and route(plan.any), routes=routes)
