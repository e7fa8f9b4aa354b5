"""`one-adapter explain`: where every model name leads."""

from __future__ import annotations

import click

from one_adapter.commands.options import config_argument, options_of, reading_options
from one_adapter.commands.source import accepted
from one_adapter.errors import OneAdapterError
from one_adapter.export.explain import explain_json, explain_mermaid, explain_text, rows_of
from one_adapter.export.wording import json_text


@click.command("explain")
@config_argument
@click.option("--model", "-m", metavar="NAME", help="Only what a request for this name would take.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "mermaid"]),
    default="text",
    show_default=True,
    help="A table, the whole plan for programs, or a Mermaid flowchart.",
)
@reading_options
def explain_command(config: str, model: str | None, form: str, redirects: str, spark: str) -> None:
    """Show where every model name of CONFIG leads: share, service, upstream address and model.

    CONFIG is a simple-one-api file (JSON or YAML), the gateway's config.db, or - for
    standard input. Exit code 1: the gateway would refuse it, or does not know the model.
    """
    source = accepted(config, options_of(redirects, spark))
    if form == "json":
        plan = explain_json(source.plan, [finding.to_json() for finding in source.findings])
        if model is not None:
            plan["models"] = {name: route for name, route in plan["models"].items() if name == model}
        click.echo(json_text(plan, indent=1))
    else:
        draw = explain_text if form == "text" else explain_mermaid
        click.echo(draw(source.plan, model))
    if model is not None and not rows_of(source.plan, model):
        raise OneAdapterError(f"{source.document.name}: the gateway knows no model {model!r}", 1)
