"""A command run in the tests' own process, its standard error apart from its standard output."""

from __future__ import annotations

from click.testing import CliRunner


def runner() -> CliRunner:
    """A runner that keeps the two apart; click before 8.2 has to be told."""
    try:
        return CliRunner(mix_stderr=False)
    except TypeError:
        return CliRunner()
