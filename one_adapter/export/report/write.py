"""A report in the form that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from one_adapter.export.litellm.prices import NO_PRICES, Prices
from one_adapter.export.litellm.start_commands import EXPORTED
from one_adapter.export.report.build import report_of
from one_adapter.export.secrets.variables import Secrets
from one_adapter.finding import Finding
from one_adapter.plan.types import Plan

Format = Literal["markdown", "json", "html"]


def write_report(
    kind: Format,
    source_name: str,
    plan: Plan,
    secrets: Secrets,
    findings: Sequence[Finding],
    pure: bool = False,
    prices: Prices = NO_PRICES,
    exported: tuple[str, str] = EXPORTED,
) -> str:
    """The report as a text of the given kind; the same input gives the same bytes.

    `exported` are the paths of the configuration and of its .env, as whoever reads the report writes them.
    """
    report = report_of(source_name, plan, secrets, findings, pure, prices, exported)
    # Each kind is imported when it is asked for: JSON needs no HTML, and HTML needs the extra.
    if kind == "json":
        from one_adapter.export.report.as_json import json_report

        return json_report(report)
    if kind == "html":
        from one_adapter.export.report.as_html import html_report

        return html_report(report)
    from one_adapter.export.report.as_markdown import markdown_report

    return markdown_report(report)
