"""`one-adapter explain`: where every model name leads."""

from __future__ import annotations

import click

from one_adapter.commands.options import config_argument, options_of, reading_options
from one_adapter.commands.source import Source, accepted
from one_adapter.dialect import Dialect
from one_adapter.errors import OneAdapterError
from one_adapter.export.explain.as_text import explain_json, explain_mermaid, explain_text, rows_of
from one_adapter.export.formatting import json_text
from one_adapter.language import tr


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
def explain_command(
    config: str, model: str | None, form: str, redirects: str, spark: str, gateway: Dialect
) -> None:
    """Show where every model name of CONFIG leads: share, service, upstream address and model.

    CONFIG is a simple-one-api file (JSON or YAML), the gateway's config.db, or - for
    standard input. Exit code 1: the gateway would refuse it, or does not know the model.
    """
    source = accepted(config, options_of(redirects, spark, gateway))
    if model is not None and form != "json":
        _refuse_unknown(source, model)
    if form == "json":
        plan = explain_json(source.plan, source.findings)
        if model is not None:
            plan["models"] = {name: route for name, route in plan["models"].items() if name == model}
        click.echo(json_text(plan, indent=1))
        if model is not None:
            _refuse_unknown(source, model)
    else:
        draw = explain_text if form == "text" else explain_mermaid
        click.echo(draw(source.plan, model))


def _refuse_unknown(source: Source, model: str) -> None:
    """Raise `OneAdapterError` (exit code 1), with the nearest name, for a model nobody answers."""
    if rows_of(source.plan, model):
        return
    from difflib import get_close_matches  # only for a name with a slip in it

    close = get_close_matches(model, [route.name for route in source.plan.routes][:1_000], 1, 0.6)
    file = source.document.name
    if close:
        what = tr(
            "{file}: the gateway knows no model {model!r}; did you mean {near!r}?",
            file=file,
            model=model,
            near=close[0],
        )
    else:
        what = tr("{file}: the gateway knows no model {model!r}", file=file, model=model)
    raise OneAdapterError(what, 1)
