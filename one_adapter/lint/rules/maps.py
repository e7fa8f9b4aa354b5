"""SOA309 and SOA325: names that never count, because nothing leads to them or they are several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from one_adapter.config.model import Service
from one_adapter.config.node import escape
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.finding import Note
from one_adapter.lint.rule import rule

#: Among more names than this nobody is asked "did you mean": it would take seconds.
_MOST_COMPARED = 1_000
_SEVERAL = re.compile(r"[^,;，；、|\s]+(?:\s*[,;，；、|\n]\s*[^,;，；、|\s]+)+\s*[,;，；、]?")


@rule("SOA309", "dead-model-map", "warning")
def dead_model_map(context: Context) -> Iterator[Note]:
    """A key of `model_map` is no model of its service.

    The map is looked up by the model's name as the service lists it, or by what its `model_redirect` makes of
    what the client sends. Often the two spellings differ by a dash, or key and value are the wrong way round.

    Gateway: never looks the key up; the vendor gets the name as it is listed.

    LiteLLM: so does the export.
    """
    for service in context.gateway.services:
        if not service.model_map:
            continue
        reached = _reached(service)
        base = context.field(service.pointer, "model_map")
        chained = set(service.model_map.values())
        for key, value in service.model_map.items():
            if key not in reached and key not in chained:
                what = tr('no model of this service is called "{key}", so this never counts', key=key)
                yield context.key_note(f"{base}/{escape(key)}", what, _right_key(key, value, service))


def _reached(service: Service) -> set[str]:
    """Every name the map may be asked for: as listed, or as a redirect makes it."""
    names = {*service.models, *service.embedding_models, *service.model_redirect}
    return {service.model_redirect.get(name, name) for name in names} | names


def _right_key(key: str, value: str, service: Service) -> str:
    from one_adapter.lint.hints.words import squeezed  # only a file with a slip in it pays for this

    names = [*service.models, *service.embedding_models]
    if value in names:
        return tr(
            'The key is the model\'s name here, the value what the vendor gets: write "{value}": "{key}".',
            value=value,
            key=key,
        )
    same = [name for name in names if squeezed(name) == squeezed(key)]
    if not same and len(names) <= _MOST_COMPARED:
        from difflib import get_close_matches  # only a file with a slip in it pays for this

        same = get_close_matches(key, names, 1, 0.7)
    return tr("Did you mean {name}?", name=same[0]) if same else tr('Name a model of the "models" beside it.')


@rule("SOA325", "several-names-in-one", "warning")
def several_names_in_one(context: Context) -> Iterator[Note]:
    """Several model names stand in one text.

    A list has each name in quotes of its own: `["gpt-4o", "gpt-4o-mini"]`.

    Gateway: takes the text for the name of one model, which no client asks for.

    LiteLLM: gets the same name.
    """
    for pointer, node, _ in context.listed_names:
        if len(node.value) < 10_000 and _SEVERAL.fullmatch(node.value.strip()):
            parts = [part for part in re.split(r"[,;，；、|\s]+", node.value) if part]
            shown = ", ".join([*(f'"{part}"' for part in parts[:3]), *(["…"] if parts[3:] else [])])
            yield context.note(
                pointer,
                tr("these are several names in one text"),
                tr("Write {names}.", names=shown),
            )
