"""Findings as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from one_adapter import __version__
from one_adapter.config.document import Span
from one_adapter.finding import Finding
from one_adapter.lint.all_rules import AnyRule, rules_of
from one_adapter.lint.kinds import LITELLM, SIMPLE_ONE_API
from one_adapter.lint.output.as_text import Judged, one_line

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(judged: Sequence[Judged], _colour: bool = False) -> str:
    """A SARIF 2.1.0 log, as code scanning services read it."""
    known = rules_of({one.kind for one in judged} or {SIMPLE_ONE_API})
    numbers = {known_rule.code: index for index, known_rule in enumerate(known)}
    run = {
        "tool": {
            "driver": {
                "name": "one-adapter",
                "semanticVersion": __version__,
                "rules": [_descriptor(known_rule) for known_rule in known],
            }
        },
        "columnKind": "unicodeCodePoints",
        **_versions(judged),
        "results": [_result(one, finding, numbers) for one in judged for finding in one.findings],
    }
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=True, indent=2) + "\n"


def _versions(judged: Sequence[Judged]) -> dict[str, Any]:
    """Of files of LiteLLM: by which version they were judged."""
    versions = {_uri(one.document.name): one.version for one in judged if one.kind == LITELLM}
    return {"properties": {"litellm": versions}} if versions else {}


def _descriptor(known: AnyRule) -> dict[str, Any]:
    title, _, rest = known.doc.partition("\n\n")
    consequences = "\n\nLiteLLM:" if known.code.startswith("LIT") else "\n\nGateway:"
    return {
        "id": known.code,
        "name": "".join(word.capitalize() for word in known.name.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": rest.partition(consequences)[0] or title},
        "help": {"text": known.doc},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }


def _result(one: Judged, finding: Finding, numbers: dict[str, int]) -> dict[str, Any]:
    end_line, end_column = one.document.position(finding.span.end)
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": end_line,
        "endColumn": end_column,
    }
    location = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(one.document.name)}, "region": region},
        "logicalLocations": [{"fullyQualifiedName": finding.pointer or "/"}],
    }
    related = []
    if finding.also:
        text = {"text": finding.also[1]}
        related.append({"physicalLocation": _second(one, finding.also[0]), "message": text})
    return {
        "ruleId": finding.code,
        "ruleIndex": numbers[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": ". ".join(one_line(part) for part in (finding.message, finding.help) if part)},
        "locations": [location],
        **({"relatedLocations": related} if related else {}),
    }


def _second(one: Judged, span: Span) -> dict[str, Any]:
    """The other place a finding speaks of."""
    line, column = one.document.position(span.start)
    region = {"startLine": line, "startColumn": column}
    return {"artifactLocation": {"uri": _uri(one.document.name)}, "region": region}


def _uri(name: str) -> str:
    if name == "-":
        return "stdin"
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
