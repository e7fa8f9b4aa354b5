"""`export --deploy`: the configuration with what runs it elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from one_adapter.commands.source import Source
from one_adapter.commands.workers import MOST
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.export.deploy.deployment import DeploymentRequest, misplaced
from one_adapter.export.deploy.systemd import program_of
from one_adapter.export.deploy.writing import KINDS, deploy
from one_adapter.language import Message

Command = TypeVar("Command", bound=Callable[..., Any])
#: What a deployment has no use for: it runs the gateway's file, and these are about an exported one.
OF_EXPORTED = ("output", "secrets_as", "env_format", "report", "pure", "prices", "watch", "redis")
#: What there is without --deploy.
OF_DEPLOYMENTS = ("workers", "ui")


def deploy_options(command: Command) -> Command:
    """Give a command the options by which a deployment is asked for."""
    for option in (
        click.option(
            "--ui",
            is_flag=True,
            help="With --deploy compose: LiteLLM's admin pages beside the proxy, and a PostgreSQL for both.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, MOST),
            default=1,
            help="With --deploy: how many processes serve, in Kubernetes how many pods.",
        ),
        click.option(
            "--deploy",
            type=(click.Choice([*KINDS]), str),
            metavar=f"{'|'.join(KINDS)} DIR",
            default=None,
            help="Write into DIR what runs CONFIG itself, as `run` does: for Docker Compose, for LiteLLM's "
            "Helm chart, or for systemd.",
        ),
    ):
        command = option(command)
    return command


def check_options(kind: str | None) -> None:
    """Raise `OneAdapterError` for options that belong to the other way of exporting, or to another kind.

    `kind` is that of the deployment which is asked for; None: none is.
    """
    context = click.get_current_context()
    wrong = OF_EXPORTED if kind else OF_DEPLOYMENTS
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in wrong:
            raise misplaced(max(option.opts, key=len), kind)
    if context.params["ui"] and kind != "compose":
        raise misplaced("--ui", kind, of="compose")


def deployed(source: Source, kind: str, folder: str, workers: int, ui: bool, force: bool) -> list[Message]:
    """Write the deployment of a configuration into a folder; return what is to be said of it."""
    reading = tuple(_reading(click.get_current_context()))
    name = f"config.{source.document.format}"
    where = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they were given
    program = program_of(sys.executable)
    request = DeploymentRequest(source.read.data, name, source.plan, where, workers, ui, reading, program)
    return deploy(kind, request, force)


def _reading(context: click.Context) -> Iterator[str]:
    """The options that say how the configuration is read, where they are not the default."""
    for name, usual in (("gateway", CURRENT.version), ("redirects", "smart"), ("spark", "websocket")):
        value = context.params[name]
        said = value.version if isinstance(value, Dialect) else value
        if said != usual:
            yield from (f"--{name}", said)
