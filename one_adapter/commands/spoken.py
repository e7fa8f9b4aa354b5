"""Commands as they show themselves to who calls them: their help in the language of the command."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from copy import copy
from typing import TypeVar

import click

from one_adapter.errors import OneAdapterError, visible
from one_adapter.language import LANGUAGES, chosen, looked_up, tr, translated, width, wrapped
from one_adapter.language.chosen import OPTION, VARIABLE

AnyCommand = TypeVar("AnyCommand", bound=click.Command)
_DOMAIN = "help"


def say(text: str, err: bool = False) -> None:
    """Print a line for a person, in their language; what it quotes cannot act on the terminal."""
    click.echo(visible(translated(text)), err=err)


def complain(problem: OneAdapterError) -> None:
    """Print what is wrong, on standard error."""
    say(tr("Error: {problem}", problem=problem.message), err=True)


def with_language(command: AnyCommand) -> AnyCommand:
    """The command with the option that chooses the language, and with its help in the chosen one."""
    if not any(OPTION in parameter.opts for parameter in command.params):
        command.params.append(_option())
    return command if chosen() == "en" else _translated(command)


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a command's help, each with its line ends."""
    return inspect.cleandoc(text).split("\n\n") if text else []


def _option() -> click.Option:
    # What it says is read before anything is parsed, by `language_of`: here it is only judged.
    return click.Option(
        [OPTION],
        type=click.Choice(LANGUAGES),
        envvar=VARIABLE,
        show_envvar=True,
        expose_value=False,
        help="The language of what is said to people. Default: as the locale has it.",
    )


def _translated(command: AnyCommand) -> AnyCommand:
    """A copy of the command that shows its help in the chosen language."""
    command = copy(command)
    command.context_class = _Context
    if hasattr(command, "_help_option"):  # click makes `--help` once, in the language of then
        command._help_option = None
    said = [looked_up(paragraph, _DOMAIN) for paragraph in paragraphs(command.help)]
    command.help = "\n\n".join(said)
    command.short_help = said[0].partition("。")[0] if said else None
    command.params = [_parameter(one) for one in command.params]
    return command


def _parameter(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    option = copy(parameter)
    option.help = looked_up(parameter.help, _DOMAIN)
    return option


class _Formatter(click.HelpFormatter):
    """Help in Chinese, whose columns and lines are measured in cells of the terminal."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called; what click puts after the first word is a blank too many."""
        super().write_usage(prog, args, prefix or translated(tr("Usage: ")))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a list."""
        self.write(f"{heading}：\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, each in lines of the page's width but where it is marked to keep its own."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            lines = paragraph.strip("\n").splitlines()
            kept = bool(lines) and lines[0].strip() == "\b"
            lines = lines[1:] if kept else wrapped(" ".join(lines), self.width - self.current_indent)
            self.write("\n" * bool(number) + "".join(f"{indent}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of terms, each with what is said of it."""
        rows = list(rows)
        first = min(max(width(term) for term, _ in rows), col_max) + col_spacing
        for term, about in rows:
            self.write(f"{'':>{self.current_indent}}{term}")
            gap = first - width(term)
            if gap < col_spacing:
                self.write("\n")
                gap = first + self.current_indent
            following = "\n" + " " * (first + self.current_indent)
            self.write(" " * gap + following.join(wrapped(about, max(self.width - first - 2, 10))) + "\n")


class _Context(click.Context):
    formatter_class = _Formatter
