"""What `run` is told to record of the requests it serves."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import click

from one_adapter.commands.spoken import say
from one_adapter.errors import OneAdapterError
from one_adapter.language import tr
from one_adapter.runtime.record.variables import LOG, NUMBERS, PORT
from one_adapter.runtime.record.writer import STANDARD, Writer

Command = TypeVar("Command", bound=Callable[..., Any])


def recording_options(command: Command) -> Command:
    """Give a command the options by which it is told."""
    for option in (
        click.option(
            "--metrics-port",
            type=click.IntRange(1, 65535),
            envvar=PORT,
            help="Tell the numbers at this port of 127.0.0.1, too, without a key.",
        ),
        click.option(
            "--metrics",
            is_flag=True,
            envvar=NUMBERS,
            help="Tell Prometheus what happens: GET /metrics, with the master key.",
        ),
        click.option(
            "--access-log",
            metavar="FILE",
            envvar=LOG,
            help="Write a line of JSON for each request to FILE (- is standard output): no key, no word.",
        ),
    ):
        command = option(command)
    return command


def recorded(access_log: str | None, metrics: bool, port: int | None) -> dict[str, str]:
    """The variables that tell the processes of the proxy.

    Raises `OneAdapterError` where the file cannot be written, or what tells numbers is not installed.
    """
    found = {}
    if access_log:
        found[LOG] = access_log if access_log == STANDARD else str(Path(access_log).absolute())
        Writer(found[LOG], say).check()
    if metrics or port:
        if find_spec("prometheus_client") is None:
            raise OneAdapterError(tr("What tells numbers is not installed: pip install prometheus-client."))
        found[NUMBERS] = "1"
    if port:
        found[PORT] = str(port)
    return found
