"""SOA227 to SOA231: what the gateway refuses in a key of a credential_list, whatever is switched off."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config.reading import trim
from one_adapter.dialect import Dialect
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import ID, key_entries, key_id, read_limit, read_model_limits
from one_adapter.lint.finding import Note
from one_adapter.lint.go.values import Place
from one_adapter.lint.rule import rule
from one_adapter.lint.rules.refused_services import bad_id


def _pools(dialect: Dialect) -> bool:
    return dialect.pools


@rule("SOA227", "bad-key-id", "error", _pools)
def bad_key_id(context: Context) -> Iterator[Note]:
    """The `id` of a key in `credential_list` has characters in it that the gateway does not take.

    Letters, digits, dot, underscore and dash, beginning with a letter or a digit, as for services. A key
    without an id is called `key-1`, `key-2`, and so on, by its place.

    Gateway: 0.12 ends with `services.openai.0.credential_list.0.id: must be a stable identifier …`, 0.10
    does nothing with it.

    LiteLLM: the id becomes part of the deployment's `model_info`.
    """
    for key in key_entries(context):
        without = tr("Remove it; the key then gets an id by itself.")
        yield from bad_id(context, key.at("id"), key_id(context, key), without)


@rule("SOA228", "duplicate-key-id", "error", _pools)
def duplicate_key_id(context: Context) -> Iterator[Note]:
    """Two keys of one service have the same id.

    A key without an id has one too: `key-` and its number in the list. Keys of different services may
    share an id.

    Gateway: 0.12 ends with `services.openai.0.credential_list.1.id: duplicate credential id …`, 0.10 does
    nothing with it.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    seen: dict[tuple[str, str], Place] = {}
    for key in key_entries(context):
        written = key_id(context, key)
        ident = written or f"key-{key.number}"
        where = key.at("id") if written else key.place
        first = seen.setdefault((key.service.pointer, ident), where)
        if first is not where and ID.fullmatch(ident):
            line, column = context.document.position(first.span.start)
            note = context.place_note(
                where,
                tr('the id "{id}" is already taken in this list', id=ident)
                if written
                else tr(
                    'the id "{id}" (the one it gets without an id of its own) is already taken in this list',
                    id=ident,
                ),
                tr(
                    "Choose another id; the first is in line {line}, column {column}.",
                    line=line,
                    column=column,
                ),
            )
            yield note._replace(also=(first.span, tr("taken here")))


@rule("SOA229", "key-switch-not-boolean", "error", _pools)
def key_switch_not_boolean(context: Context) -> Iterator[Note]:
    """`enabled` of a key in `credential_list` is neither true nor false.

    Without it a key is switched on. In YAML `yes`, `off` and their like are text here, unlike in the
    `enabled` of a service.

    Gateway: 0.12 ends with `services.openai.0.credential_list.0.enabled: must be a boolean`, 0.10 does
    nothing with it.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for key in key_entries(context):
        node = key.node("enabled")
        if node is not None and node.kind != "bool":
            off = str(node.value).strip().lower() in ("false", "0", "no", "off", "n", "none")
            advice = tr("Write {word}, without quotes.", word="false" if off else "true")
            what = tr("enabled of a key must be true or false")
            yield context.place_note(key.at("enabled"), what, advice, tr("true or false"))


@rule("SOA230", "key-limit-unreadable", "error", _pools)
def key_limit_unreadable(context: Context) -> Iterator[Note]:
    """The `limit` of a key in `credential_list` is no limit: an object of numbers.

    Gateway: 0.12 ends with `services.openai.0.credential_list.0.limit: must be an object containing numeric
    limit values`, 0.10 takes what is a number in it.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for key in key_entries(context):
        for refusal in read_limit(context, key)[1]:
            if refusal.place.pointer not in context.refused_pointers:
                from one_adapter.lint.schema import explain_plainly  # only a file with such a value needs it

                said, expected, advice = explain_plainly(refusal)
                yield context.place_note(refusal.place, said, advice, expected)


@rule("SOA231", "blank-limit-name", "error", _pools)
def blank_limit_name(context: Context) -> Iterator[Note]:
    """A key's `model_limits` has a limit for a model without a name.

    In the `model_limits` of a service such an entry is dropped without a word.

    Gateway: 0.12 ends with `services.openai.0.credential_list.0.model_limits: model names must not be
    empty`, 0.10 does nothing with it.

    LiteLLM: never sees it; `export` and `run` stop here as well.
    """
    for key in key_entries(context):
        limits, _ = read_model_limits(context, key)
        for name, (_, _, span) in limits.items():
            if not trim(name):
                place = Place(f"{key.at('model_limits').pointer}/{name}", span)
                yield context.place_note(
                    place, tr("this limit is for a model without a name"), tr("Name the model.")
                )
