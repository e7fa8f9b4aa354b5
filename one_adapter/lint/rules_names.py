"""SOA32x: model names."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.node import Node
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.registry import rule


@rule("SOA320", "wildcard-in-name", "warning")
def wildcard_in_name(context: Context) -> Iterator[Note]:
    """A model name has an asterisk in it.

    Gateway: takes it for a plain character. `gpt-*` is one model with a strange name. (In
    `multi_content_models` an asterisk at the end does stand for anything, and in `supported_models`
    a lone `*` means every model.)

    LiteLLM: takes it for a wildcard, which would open names that were closed. The export leaves the name out.
    """
    for pointer, node, _ in context.listed_names:
        if "*" in node.value:
            yield context.note(
                pointer, "an asterisk in a model name is a plain character, no wildcard", "Name each model."
            )
    for service in context.gateway.services:
        for key in service.model_redirect:
            if "*" in key:
                yield context.key_note(
                    context.redirect(service, key),
                    "an asterisk in a redirect is a plain character, no wildcard",
                    "Name each model.",
                )


@rule("SOA321", "padded-name", "info")
def padded_name(context: Context) -> Iterator[Note]:
    """A model name has blanks around it, or is nothing but blanks.

    Gateway: trims the names of a list, and drops the empty ones. What clients send is never trimmed.

    LiteLLM: gets the trimmed name.
    """
    for pointer, node, _ in context.listed_names:
        if not node.value.strip():
            yield context.note(pointer, "this name is empty and does not count", "Remove it.")
        elif node.value != node.value.strip():
            yield context.note(pointer, "the blanks around this name are taken away", "Remove them.")


@rule("SOA322", "look-alike-names", "warning")
def look_alike_names(context: Context) -> Iterator[Note]:
    """Two model names differ only by case.

    Names are compared exactly, so these are two models. Often one of the two is a slip.

    Gateway: knows `Model-A` and `model-a` apart.

    LiteLLM: does so as well.
    """
    first: dict[str, tuple[str, Node]] = {}
    for pointer, node, on in context.listed_names:
        name = node.value.strip()
        if not on or not name:
            continue
        before = first.setdefault(name.lower(), (name, node))
        if before[0] != name:
            line, column = context.document.position(before[1].span.start)
            yield context.note(
                pointer,
                f'"{name}" and "{before[0]}" are two models to the gateway',
                f"If they are meant to be one, write both alike; the first: line {line}, column {column}.",
                also=(before[1].span, "first here"),
            )


@rule("SOA323", "model-called-random", "warning")
def model_called_random(context: Context) -> Iterator[Note]:
    """A service lists a model called `random`.

    Gateway: `random` is its own word for "any model"; the service cannot be reached by it, and
    `/v1/models` shows the name twice.

    LiteLLM: the exported group `random` draws from all models, as in the gateway.
    """
    for pointer, node, on in context.listed_names:
        if on and node.value.strip() == "random":
            yield context.note(
                pointer,
                'the gateway keeps "random" for itself: it means any model',
                "Give it an alias by model_redirect.",
            )


@rule("SOA324", "repeated-name", "info")
def repeated_name(context: Context) -> Iterator[Note]:
    """A list names the same model twice.

    Gateway: counts it once.

    LiteLLM: gets it once.
    """
    seen: dict[tuple[str, str], Node] = {}
    for pointer, node, _ in context.listed_names:
        name = node.value.strip()
        key = (pointer.rpartition("/")[0], name)
        if name and key in seen:
            line, column = context.document.position(seen[key].span.start)
            yield context.note(
                pointer,
                f'"{name}" is in this list already',
                f"Remove one; the first is in line {line}, column {column}.",
                also=(seen[key].span, "first here"),
            )
        seen.setdefault(key, node)
