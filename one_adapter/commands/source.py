"""From a path to a judged configuration and its plan: the way every command begins."""

from __future__ import annotations

from dataclasses import dataclass

import click

from one_adapter.config.document import Document
from one_adapter.config.model import Gateway
from one_adapter.config.others import is_litellm
from one_adapter.config.reading import read_gateway
from one_adapter.config.store import load_source, stale_sibling
from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.no_models import refuse_nothing
from one_adapter.export.litellm.proxy_config import refuse_references
from one_adapter.export.secrets.variables import Secrets, secrets_of
from one_adapter.export.wording import visible
from one_adapter.lint import Finding, judge, refused, render_text
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration the gateway would accept, with what was found in it and decided on it."""

    document: Document
    gateway: Gateway
    findings: tuple[Finding, ...]
    plan: Plan


def accepted(path: str, options: Options) -> Source:
    """Read and judge a configuration, and decide on it.

    Raises `OneAdapterError`: exit code 2 for what cannot be read, exit code 1, with
    the errors on standard error, for what the gateway would refuse.
    """
    document = load_source(path)
    if is_litellm(document):
        what = "this is a configuration of LiteLLM and not of the gateway; litellm --config starts it"
        raise OneAdapterError(f"{document.name}: {what}", 1)
    findings = judge(document, options.gateway)
    if refused(findings):
        errors = tuple(finding for finding in findings if finding.severity == "error")
        click.echo(render_text(errors, document), err=True, nl=False)
        raise OneAdapterError(f"{document.name}: the gateway would refuse this configuration", 1)
    stale = stale_sibling(path, document)
    if stale:
        click.echo(f"Warning: {visible(stale)}", err=True)
    return Source(document, read_gateway(document, options.gateway), findings, decide(document, options))


def exportable(source: Source, pure: bool = False, as_written: bool = False) -> Secrets:
    """The secrets of a plan; with `as_written` also what is no key but a placeholder or the like.

    Raises `OneAdapterError` (exit code 1) where LiteLLM would expand the source, and where there is no model.
    """
    refuse_references(source.document)
    findings = [finding.to_json() for finding in source.findings]
    refuse_nothing(source.document.name, source.plan, findings, pure)
    return secrets_of(source.gateway, source.plan, as_written)
