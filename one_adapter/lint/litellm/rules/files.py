"""LIT0xx: is the file one that LiteLLM can read at all, and as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from one_adapter.config.node import Node, Span, segments
from one_adapter.config.yaml_1_1 import SECOND_DOCUMENT
from one_adapter.language import tr
from one_adapter.lint.finding import Note
from one_adapter.lint.kinds import CHART_PLACES
from one_adapter.lint.litellm.context import Context
from one_adapter.lint.litellm.rule import rule
from one_adapter.lint.litellm.rules.security import SECRET_NAMES
from one_adapter.lint.litellm.walking import scalars


@rule("LIT001", "invalid-syntax", "error")
def invalid_syntax(context: Context) -> Iterator[Note]:
    """The text is not YAML.

    One character out of place, such as a tab in front of a key, and nothing of the file is read.

    LiteLLM: refuses to start, with its parser's message.
    """
    for problem in context.problems:
        if problem.message != SECOND_DOCUMENT:
            yield Note("", problem.span, problem.message)


@rule("LIT002", "no-mapping", "error")
def no_mapping(context: Context) -> Iterator[Note]:
    """The file is empty, or holds a list or a text where its sections should be.

    A configuration is a mapping with `model_list` and the sections of settings at its top. A file in which
    everything is commented out counts as empty.

    LiteLLM: refuses to start, with `Config cannot be None or Empty` or a Python error.
    """
    root = context.document.configuration
    if root is None or root.kind == "object":
        return
    if root.kind == "null":
        yield Note("", root.span, tr("the file is empty: LiteLLM does not start with it"))
        return
    advice = tr("Put model_list: above it.") if root.kind == "array" else ""
    message = tr("the top of the file must be a mapping with model_list and the settings")
    yield Note("", Span(root.span.start, min(root.span.end, root.span.start + 1)), message, advice)


@rule("LIT003", "duplicate-key", "warning")
def duplicate_key(context: Context) -> Iterator[Note]:
    """A key stands twice in one mapping.

    Often a second `model_list:` or `litellm_settings:` further down, added when the first was out of sight.

    LiteLLM: takes the last one. What stands under the others is gone, without a word.
    """
    for pointer, first, again in context.duplicates:
        line = context.line(first)
        key = segments(pointer)[-1]
        yield Note(
            pointer,
            again,
            tr('"{key}" stands here again, so what line {line} says is lost', key=key, line=line),
            tr("Put both together under one key."),
            also=(first, tr("first here")),
        )


@rule("LIT004", "second-document", "error")
def second_document(context: Context) -> Iterator[Note]:
    """A line of three dashes begins a second YAML document.

    LiteLLM: refuses to start: it takes a file with one document.
    """
    advice = tr("Remove the line ---, or split the file and use include.")
    for problem in context.problems:
        if problem.message == SECOND_DOCUMENT:
            yield Note("", problem.span, problem.message, advice)


@rule("LIT005", "wrapped", "warning")
def wrapped(context: Context) -> Iterator[Note]:
    """The configuration stands one level too deep, as in the values of a Helm chart.

    The charts take it under `proxy_config`; `litellm --config` takes the file as it is.

    LiteLLM: starts with no model, says nothing, and answers every request with an error.
    """
    root = context.document.root
    if root is None or root.kind != "object" or root.get("model_list") is not None:
        return
    # Values of a chart have more in them, or are called so; whoever says --as litellm means --config.
    if not context.told and (len(root.members) > 1 or Path(context.document.name).name.startswith("values")):
        return
    for pointer in CHART_PLACES:
        node = context.document.find(pointer)
        if node is not None and node.kind == "object" and node.get("model_list") is not None:
            parent = context.document.find(pointer.rpartition("/")[0])
            member = next(one for one in parent.members if one.node is node) if parent else None
            yield Note(
                pointer.removeprefix(context.document.at),
                member.key_span if member else node.span,
                tr(
                    "given to litellm --config, this file has no model: they stand under {where}",
                    where=pointer[1:],
                ),
                tr("Right for a Helm chart. For --config, move what stands under it to the top."),
            )
            return


@rule("LIT006", "include-not-found", "error")
def include_not_found(context: Context) -> Iterator[Note]:
    """`include` is not a list of files that are there.

    It is a list, even for one file. A path is looked for beside the file that names it.

    LiteLLM: refuses to start.
    """
    node = context.document.find(f"{context.document.at}/include")
    if node is None:
        return
    if node.kind != "array":
        advice = tr("Write include: [{file}].", file=node.value) if node.kind == "string" else ""
        yield Note("/include", _start(node), tr("include must be a list of files"), advice)
        return
    for index, item in enumerate(node.items):
        if item.kind != "string":
            yield Note(f"/include/{index}", _start(item), tr("include must be a list of files"))
    for span, pointer, reason in context.not_included:
        yield Note(pointer, span, reason)


def _start(node: Node) -> Span:
    return node.span if node.kind not in ("object", "array") else Span(node.span.start, node.span.start + 1)


_SEXAGESIMAL = re.compile(r"[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?$")
_OCTAL = re.compile(r"[-+]?0[0-7]+$")
_EXPONENT = re.compile(r"[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$")
_WORDS = {"y": "y", "n": "n", "yes": "yes", "no": "no", "on": "on", "off": "off"}
#: Where LiteLLM makes a number or a truth value of any text by itself.
_NUMBERS = re.compile(r"cost|_per_|budget|timeout|ttl|threshold|similarity|interval")


@rule("LIT007", "yaml-surprise", "warning")
def yaml_surprise(context: Context) -> Iterator[Note]:
    """YAML reads this value as something else than it looks like.

    LiteLLM's YAML is version 1.1: `12:30` is the number 750, `010` is 8, a date is no text, and `on`, `yes`,
    `no` and `off` are true or false. `1e-6` is the other way round: a text, for want of a point.

    LiteLLM: uses the value YAML gives it.
    """
    for pointer, node in scalars(context):
        if (node.kind == "string" and not node.value[:1].isdigit()) or SECRET_NAMES.search(pointer.lower()):
            continue  # of a number that is a password nothing is shown
        written = context.source(node.span)
        if node.kind == "number" and _SEXAGESIMAL.match(written):
            said = tr("YAML reads {text} as the number {number}", text=written, number=node.value)
            yield Note(pointer, node.span, said, tr("Put it in quotes."))
        elif node.kind == "number" and _OCTAL.match(written) and written.lstrip("+-0"):
            said = tr("YAML reads {text} as octal: it is {number}", text=written, number=node.value)
            yield Note(pointer, node.span, said, tr("Put it in quotes, or leave the zero away."))
        elif node.kind == "date" and not pointer.endswith("/api_version"):
            said = tr("YAML makes a date of {text}, not a text", text=written)
            yield Note(pointer, node.span, said, tr("Put it in quotes."))
        elif node.kind == "bool" and written.lower() in _WORDS and _is_a_name(pointer):
            said = tr("YAML reads {text} as {value}", text=written, value="true" if node.value else "false")
            yield Note(pointer, node.span, said, tr("Put it in quotes."))
        elif node.kind == "string" and _EXPONENT.match(written) and not _NUMBERS.search(pointer):
            said = tr("{text} has no point, so YAML makes a text of it, not a number", text=written)
            yield Note(pointer, node.span, said, tr("Write it with a point, such as 1.0e-6."))


def _is_a_name(pointer: str) -> bool:
    """Whether words are wanted here: elsewhere `on` may well be meant as true."""
    keys = segments(pointer)
    named = keys[-1] in ("model_name", "model", "id", "guardrail_name", "mode")
    return named or keys[0] == "environment_variables" or keys[-1].isdecimal()
