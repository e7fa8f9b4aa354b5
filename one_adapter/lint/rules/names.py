"""SOA32x: model names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from one_adapter.config.model import Service
from one_adapter.config.node import Node
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule


@rule("SOA320", "wildcard-in-name", "warning")
def wildcard_in_name(context: Context) -> Iterator[Note]:
    """A model name, or a name in a redirect, has an asterisk in it.

    Gateway: takes it for a plain character. `gpt-*` is one model with a strange name. To redirect every name
    there is the word `all`. (In
    `multi_content_models` an asterisk at the end does stand for anything, and in `supported_models`
    a lone `*` means every model.)

    LiteLLM: takes it for a wildcard, which would open names that were closed. The export leaves the name out.
    """
    for pointer, node, _ in context.listed_names:
        if "*" in node.value:
            yield context.note(
                pointer,
                tr("an asterisk in a model name is a plain character, no wildcard"),
                tr("Name each model."),
            )
    yield from _in_redirects(context, None, context.gateway.model_redirect)
    for service in context.gateway.services:
        yield from _in_redirects(context, service, service.model_redirect)


def _in_redirects(context: Context, service: Service | None, pairs: Mapping[str, str]) -> Iterator[Note]:
    """Wildcards in redirects. A value may be a listed name, of which the list's own finding speaks."""
    listed = service.models if service else ()
    for key, value in pairs.items():
        if _is_wildcard(key):
            everything = service is None and not key.strip("*.^$()")
            yield context.key_note(
                context.redirect(service, key),
                tr(
                    '"{key}" is no pattern in a redirect: it stands for a model of exactly this name', key=key
                ),
                tr('To catch every name, write "all".') if everything else tr("Name each model."),
            )
        elif "*" in value and value not in listed:
            yield context.note(
                context.redirect(service, key),
                tr("an asterisk in a redirect is a plain character, no wildcard"),
                tr("Name one model."),
            )


def _is_wildcard(key: str) -> bool:
    """Whether a key is meant as a pattern: with asterisks, or as a regular expression."""
    return "*" in key or key.endswith(".+") or (key.startswith("^") and key.endswith("$"))


@rule("SOA321", "padded-name", "info")
def padded_name(context: Context) -> Iterator[Note]:
    """A model name has blanks around it, or is nothing but blanks.

    Gateway: trims the names of a list, and drops the empty ones. What clients send is never trimmed.

    LiteLLM: gets the trimmed name.
    """
    for pointer, node, _ in context.listed_names:
        if not node.value.strip():
            yield context.note(pointer, tr("this name is empty and does not count"), tr("Remove it."))
        elif node.value != node.value.strip():
            yield context.note(pointer, tr("the blanks around this name are taken away"), tr("Remove them."))


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
                tr('"{name}" and "{other}" are two models to the gateway', name=name, other=before[0]),
                tr(
                    "If they are meant to be one, write both alike; the first: line {line}, column {column}.",
                    line=line,
                    column=column,
                ),
                also=(before[1].span, tr("first here")),
            )


@rule("SOA323", "model-called-random", "warning")
def model_called_random(context: Context) -> Iterator[Note]:
    """A service lists a model called `random`.

    Gateway: `random` is its own word for "any model"; the service cannot be reached by it, and
    `/v1/models` shows the name twice in 0.10.

    LiteLLM: the exported group `random` draws from all models, as in the gateway.
    """
    for pointer, node, on in context.listed_names:
        if on and node.value.strip() == "random":
            yield context.note(
                pointer,
                tr('the gateway keeps "random" for itself: it means any model'),
                tr("Give it an alias by model_redirect."),
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
                tr('"{name}" is in this list already', name=name),
                tr("Remove one; the first is in line {line}, column {column}.", line=line, column=column),
                also=(seen[key].span, tr("first here")),
            )
        seen.setdefault(key, node)
