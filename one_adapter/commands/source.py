"""From a path to a judged configuration and its plan: the way every command begins."""

from __future__ import annotations

from dataclasses import dataclass

import click

from one_adapter.commands.spoken import say
from one_adapter.config.document import Document, parse
from one_adapter.config.foreign_files import is_litellm
from one_adapter.config.model import Gateway
from one_adapter.config.reading import read_gateway
from one_adapter.config.store import Read, read_source, stale_sibling
from one_adapter.errors import OneAdapterError
from one_adapter.export.litellm.no_models import refuse_nothing
from one_adapter.export.litellm.proxy_config import refuse_references
from one_adapter.export.secrets.variables import Secrets, secrets_of
from one_adapter.language import tr
from one_adapter.lint import Finding, judge, refused, render_text
from one_adapter.plan.build import decide
from one_adapter.plan.types import Plan
from one_adapter.plan.vendors import Options


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration the gateway would accept, with what was found in it and decided on it."""

    read: Read
    document: Document
    gateway: Gateway
    findings: tuple[Finding, ...]
    plan: Plan


def accepted(path: str, options: Options) -> Source:
    """Read and judge a configuration, and decide on it.

    Raises `OneAdapterError`: exit code 2 for what cannot be read, exit code 1, with
    the errors on standard error, for what the gateway would refuse.
    """
    try:
        source = judged(read_source(path), options)
    except WouldRefuse as problem:
        click.echo(problem.findings, err=True, nl=False)
        raise
    stale = stale_sibling(path, source.document)
    if stale:
        say(tr("Warning: {what}", what=stale), err=True)
    return source


class WouldRefuse(OneAdapterError):  # noqa: N818 - it is what the gateway would do
    """What the gateway would refuse; `findings` as `lint` prints them. `broken`: it has not even the form."""

    def __init__(self, message: str, findings: str, broken: bool) -> None:
        super().__init__(message, 1)
        self.findings = findings
        self.broken = broken


def judged(read: Read, options: Options) -> Source:
    """Judge a configuration that was read, and decide on it, without a word to anybody.

    Raises `OneAdapterError` (exit code 1), of its kind `WouldRefuse` where the gateway would refuse it.
    """
    document = parse(*read)
    if is_litellm(document):
        what = tr(
            "{file}: this is a configuration of LiteLLM and not of the gateway; litellm --config starts it",
            file=document.name,
        )
        raise OneAdapterError(what, 1)
    gateway = read_gateway(document, options.gateway)
    findings = judge(document, options.gateway, gateway)
    if refused(findings):
        errors = tuple(finding for finding in findings if finding.severity == "error")
        told = tr("{file}: the gateway would refuse this configuration", file=document.name)
        raise WouldRefuse(told, render_text(errors, document), document.root is None)
    return Source(read, document, gateway, findings, decide(document, options, gateway))


def exportable(source: Source, pure: bool = False, as_written: bool = False) -> Secrets:
    """The secrets of a plan; with `as_written` also what is no key but a placeholder or the like.

    Raises `OneAdapterError` (exit code 1) where LiteLLM would expand the source, and where there is no model.
    """
    refuse_references(source.document)
    refuse_nothing(source.document.name, source.plan, source.findings, pure)
    return secrets_of(source.gateway, source.plan, as_written)
