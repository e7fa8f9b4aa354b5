"""What the command line asks of a comparison, whatever its form, and the question before it costs money."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from one_adapter.errors import OneAdapterError, visible
from one_adapter.language import tr, translated


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """The options that every form has.

    `models` are patterns of the names to look at, none for all; `max_cost` is in US dollars;
    `has_agreed` says that no question is to be asked.
    """

    models: tuple[str, ...] = ()
    max_requests: int = 200
    max_cost: float | None = None
    concurrency: int = 4
    is_exact: bool = False
    is_shown: bool = False
    has_agreed: bool = False

    def wants(self, model: str) -> bool:
        """Whether a name is to be looked at.

        >>> VerifyOptions(models=("deepseek-*",)).wants("deepseek-chat"), VerifyOptions().wants("any")
        (True, True)
        """
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def agree(self, words: str) -> None:
        """Say what will be asked and what it costs, and go on only if that is wanted.

        Raises `OneAdapterError` (exit code 2) where nobody is there to ask, or somebody says no.
        """
        click.echo(visible(translated(words)), err=True)
        if self.has_agreed:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise OneAdapterError(tr("nobody is there to agree to it: --yes does"))
        try:
            wants_it = click.confirm(translated(tr("Go on?")), err=True)
        except click.Abort:
            wants_it = False
        if not wants_it:
            raise OneAdapterError(tr("nothing was asked"))
