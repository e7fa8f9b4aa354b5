"""The `one-adapter` command: each subcommand calls one stage after another and prints."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from one_adapter import __version__
from one_adapter.commands.spoken import complain, with_language
from one_adapter.errors import OneAdapterError, visible
from one_adapter.language import language_of
from one_adapter.language.libraries import spoken

#: Subcommands and where they are defined; a module is imported when its command is asked for.
COMMANDS = {
    "lint": "one_adapter.commands.lint:lint_command",
    "export": "one_adapter.commands.export:export_command",
    "explain": "one_adapter.commands.explain:explain_command",
    "run": "one_adapter.commands.run:run_command",
    "verify": "one_adapter.commands.verify:verify_command",
    "schema": "one_adapter.commands.lint:schema_command",
    "doctor": "one_adapter.commands.doctor:doctor_command",
    "completion": "one_adapter.commands.completion:completion_command",
}


class OnDemand(click.Group):
    """A group whose commands are imported one at a time, so that none pays for another."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
        """Run the command line, in the language that it asks for."""
        words = list(sys.argv[1:] if args is None else args)
        with spoken(language_of(os.environ, words)):
            return super(OnDemand, with_language(self)).main(words, *rest, **more)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None lets click say that there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return with_language(command)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours ends in one sentence and its exit code."""
        try:
            return super().invoke(ctx)
        except OneAdapterError as problem:
            complain(problem)
            ctx.exit(problem.exit_code)
        except click.UsageError as problem:  # it quotes words of the command line
            raise click.UsageError(visible(problem.format_message()), problem.ctx) from None


@with_language
@click.group(cls=OnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="one-adapter")
def cli() -> None:
    """Take a simple-one-api configuration to LiteLLM.

    lint says what the gateway would refuse or misread, export writes a LiteLLM
    proxy configuration, run starts a LiteLLM proxy on it, explain shows where
    every model name leads, verify compares the old side with the new one, doctor
    says whether this machine is ready.

    Exit codes: 0 fine, 1 the configuration has errors, 2 wrong usage or
    unreadable input.
    """


def main() -> None:
    """Run the command line; what is printed is UTF-8 whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    # A command builds one tree, prints it and ends: collecting garbage on the way finds none.
    gc.disable()
    cli(prog_name="one-adapter")
