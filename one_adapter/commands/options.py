"""Options and arguments that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from one_adapter.dialect import CURRENT, DIALECTS, Dialect
from one_adapter.language import tr, translated

if TYPE_CHECKING:
    from one_adapter.plan.vendors import Options

Command = TypeVar("Command", bound=Callable[..., Any])
#: What a variable of the environment is called.
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

config_argument = click.argument("config", type=click.Path(allow_dash=True))


gateway_option = click.option(
    "--gateway",
    type=click.Choice(sorted(DIALECTS, key=lambda version: tuple(map(int, version.split("."))))),
    default=CURRENT.version,
    show_default=True,
    envvar="ONE_ADAPTER_GATEWAY",
    show_envvar=True,
    callback=lambda _context, _option, version: DIALECTS[version],
    help="The version of the gateway that reads the configuration.",
)
"""Which gateway's rules hold; the command gets the `Dialect`."""


class Variable(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic from click 8.2 on
    """The name of a variable of the environment."""

    name = "variable"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; what is none may be a secret, and is not told."""
        if not VARIABLE.fullmatch(str(value)):
            what = tr("it takes the name of a variable, letters, digits and _, not its value.")
            self.fail(translated(what), param, ctx)
        return str(value)


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
    return redirects(spark(gateway_option(command)))


def options_of(redirects: str, spark: str, gateway: Dialect) -> Options:
    """The options as the plan takes them."""
    from one_adapter.plan.vendors import Options  # lint has no use for it

    return Options(redirects=redirects, spark=spark, gateway=gateway)
