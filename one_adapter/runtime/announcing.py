"""The lines by which a running proxy says what becomes of it."""

from __future__ import annotations

import click

from one_adapter.language import translated


def announce(text: str) -> None:
    """Say something on standard error, as a line of ours among LiteLLM's."""
    click.echo(f"one-adapter: {translated(text)}", err=True)
