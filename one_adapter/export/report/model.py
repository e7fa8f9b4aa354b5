"""What a report says, whatever form it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from one_adapter.export.litellm.start_commands import Command
from one_adapter.export.report.differences import Difference
from one_adapter.export.report.names import Name
from one_adapter.finding import Finding
from one_adapter.language import tr
from one_adapter.plan.types import Kind, Level, Plan, Row, Verdict

#: What a reader should look at first.
GRAVEST: tuple[Verdict, ...] = ("dropped", "approximated", "emulated", "mapped", "inert")
MEANINGS: Mapping[Verdict, str] = {
    "mapped": tr("LiteLLM has the same thing by itself"),
    "emulated": tr("works, and needs one-adapter in the proxy"),
    "approximated": tr("the same intent with other semantics"),
    "inert": tr("the gateway reads it and does nothing, or it says what holds anyway"),
    "dropped": tr("lost; the note says why and what to do"),
}
#: The words of a plan as people read them.
VERDICT_WORDS: Mapping[Verdict, str] = {
    "mapped": tr("mapped"),
    "emulated": tr("emulated"),
    "approximated": tr("approximated"),
    "inert": tr("inert"),
    "dropped": tr("dropped"),
}
LEVEL_WORDS: Mapping[Level, str] = {"error": tr("error"), "warning": tr("warning"), "info": tr("info")}
KIND_WORDS: Mapping[Kind, str] = {
    "chat": tr("chat"),
    "embedding": tr("embeddings"),
    "both": tr("chat, embeddings"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do or to know by hand, with its place in the file ("" where it has none)."""

    level: Level
    code: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable the exported file reads: its name and what it is for, never its value."""

    name: str
    purpose: str
    create: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, in the order it says it."""

    source: str
    title: str
    pure: bool
    plan: Plan
    counts: Mapping[Verdict, int]
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    differences: tuple[Difference, ...]
    costs: tuple[str, ...]
    names: tuple[Name, ...]
    variables: tuple[Variable, ...]
    commands: tuple[Command, ...]
    findings: tuple[Finding, ...]
