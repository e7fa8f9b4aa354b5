"""`one-adapter completion`: what a shell needs to complete the commands, as click writes it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM, VARIABLE = "one-adapter", "_ONE_ADAPTER_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print what has SHELL complete commands, options and files.

    \b
    bash: echo 'eval "$(one-adapter completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(one-adapter completion zsh)"' >> ~/.zshrc
    fish: one-adapter completion fish | source
    """
    of_shell = get_completion_class(shell)
    assert of_shell is not None
    root = click.get_current_context().find_root().command
    asked = of_shell(root, {}, PROGRAM, VARIABLE)
    # Not `source()`, which starts a bash to ask for its version.
    click.echo(asked.source_template % asked.source_vars())
