"""How many workers `run` starts, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from one_adapter.language import tr, translated
from one_adapter.runtime.workers.cpus import cpus

Command = TypeVar("Command", bound=Callable[..., Any])
#: More than any machine has use for.
MOST = 256
GRACE_SECONDS = 30


class Workers(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic from click 8.2 on
    """A number of processes, or `auto`."""

    name = "workers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if value == "auto":
            return min(cpus(), MOST)
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if not 1 <= number <= MOST:
            what = tr("{value!r} is neither auto nor a number from 1 to {most}.", value=value, most=MOST)
            self.fail(translated(what), param, ctx)
        return number


def worker_options(command: Command) -> Command:
    """Give a command the options by which it is told."""
    workers = click.option(
        "--workers",
        type=Workers(),
        default="1",
        show_default=True,
        metavar="N|auto",
        help="Processes that share the port; auto: as many as there are processors for this one.",
    )
    grace = click.option(
        "--grace",
        type=click.FloatRange(min=0),
        default=GRACE_SECONDS,
        show_default=True,
        help="Seconds that open requests get when it is told to end; told again, it ends at once.",
    )
    return workers(grace(command))
