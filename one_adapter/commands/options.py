"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from one_adapter.plan.vendors import Options

Command = TypeVar("Command", bound=Callable[..., Any])

config_argument = click.argument("config", type=click.Path(allow_dash=True))


def reading_options(command: Command) -> Command:
    """Add the options that decide how a configuration is read."""
    redirects = click.option(
        "--redirects",
        type=click.Choice(["smart", "literal"]),
        default="smart",
        show_default=True,
        help="Take a model_redirect that plainly stands the other way round as meant, or to the letter.",
    )
    spark = click.option(
        "--spark",
        type=click.Choice(["websocket", "http"]),
        default="websocket",
        show_default=True,
        help="How xinghuo services are called: the websocket the old credentials are sure to open, or the "
        "OpenAI-shaped address with API_KEY:API_SECRET, which has tools.",
    )
    return redirects(spark(command))


def options_of(redirects: str, spark: str) -> Options:
    """The options as the plan takes them."""
    return Options(redirects=redirects, spark=spark)
