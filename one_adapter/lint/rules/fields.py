"""SOA1xx: keys and types."""

from __future__ import annotations

from collections.abc import Iterator

from one_adapter.config import defaults
from one_adapter.config.fields import ListOf, MapOf, Struct, Type, known_name
from one_adapter.config.node import Node, escape
from one_adapter.language import tr
from one_adapter.lint.context import Context
from one_adapter.lint.entries import types_of
from one_adapter.lint.finding import Note
from one_adapter.lint.go.values import Record
from one_adapter.lint.rule import rule
from one_adapter.lint.rules.refused_services import services_without_models

#: Keys that say something to an editor and not to the gateway.
_FOR_EDITORS = ("$schema",)


def known_objects(context: Context) -> Iterator[tuple[Struct, Node, str]]:
    """Every object of the document whose fields the gateway knows, with its table and pointer."""
    if context.document.root is not None:
        yield from _below(context.structs.gateway, context.document.root, "", context.document.format)


def _below(wanted: Type, node: Node, pointer: str, form: str) -> Iterator[tuple[Struct, Node, str]]:
    if isinstance(wanted, ListOf):
        if isinstance(wanted.item, Struct):
            for index, item in enumerate(node.items):
                yield from _below(wanted.item, item, f"{pointer}/{index}", form)
    elif isinstance(wanted, MapOf):
        if isinstance(wanted.value, (Struct, ListOf)):
            for member in node.members:
                yield from _below(wanted.value, member.node, f"{pointer}/{escape(member.key)}", form)
    elif isinstance(wanted, Struct) and node.kind == "object":
        yield wanted, node, pointer
        for member in node.members:
            name = known_name(wanted, member.key, form)
            if name is not None and member.node.kind in ("object", "array"):
                yield from _below(wanted.fields[name], member.node, f"{pointer}/{escape(member.key)}", form)


@rule("SOA101", "unknown-field", "warning")
def unknown_field(context: Context) -> Iterator[Note]:
    """The gateway does not know this field.

    Most often a slip of the keyboard (`modles` for `models`), a field that belongs somewhere else
    (`api_key` in a service: it belongs in its `credentials`), or a word that another program has for it
    (`base_url` for `server_url`).

    Gateway: keeps the field in its store and does nothing with it.

    LiteLLM: nothing is exported for it; the export's report lists it as inert.
    """
    form = context.document.format
    without_models = {place.pointer for _, place in services_without_models(context)}
    for struct, node, pointer in known_objects(context):
        for member in node.members:
            other_case = known_name(struct, member.key, "json") and member.key not in struct.fields
            if known_name(struct, member.key, form) or other_case:
                continue
            if pointer == "" and member.key in _FOR_EDITORS:
                continue
            from one_adapter.lint.hints.misplaced import (
                advice_for,  # only a file with a slip in it pays for this
            )

            advice = advice_for(struct, member, form, context.dialect)
            if advice.means == "models" and pointer in without_models:
                continue  # of the missing models another rule speaks already
            yield Note(
                f"{pointer}/{escape(member.key)}",
                member.key_span,
                tr('the gateway knows no field "{key}" {where}', key=member.key, where=_where(pointer)),
                advice.says,
                severity=advice.severity,
            )


def _where(pointer: str) -> str:
    parts = pointer.split("/")[1:]
    if not parts:
        return tr("at the top level")
    if parts[0].lower() == "services" and len(parts) == 3:
        return tr("in a service")
    named = [part for part in parts if not part.isdecimal()]
    return tr("in {field}", field=named[-1])


@rule("SOA102", "wrong-type", "error")
def wrong_type(context: Context) -> Iterator[Note]:
    """A value has a type the gateway's parser does not take there.

    In JSON a text is not a number and `"true"` is not `true`. In YAML a number or boolean
    becomes text by itself where text is wanted; a text in quotes never becomes a number.

    Gateway: ends with `cannot unmarshal …`. Nothing else of the file is read.

    LiteLLM: never sees the file; `export` and `run` stop here as well.
    """
    # Of a type that there is not another rule speaks.
    unknown = {place.pointer for name, place, _, _ in types_of(context) if name not in defaults.SERVICE_TYPES}
    for refusal in context.refusals:
        if refusal.kind == "type" and refusal.place.pointer and refusal.place.pointer not in unknown:
            from one_adapter.lint.schema import explain_type  # jsonschema is only loaded for this

            said, expected, advice = explain_type(context.document, refusal, context.dialect)
            yield context.place_note(refusal.place, said, advice, expected)


@rule("SOA103", "number-out-of-range", "error")
def number_out_of_range(context: Context) -> Iterator[Note]:
    """A number is too large for its field, or has a fraction where a whole number is wanted.

    Times are whole seconds. In JSON even `30.0` and `3e1` are refused for them; in YAML a fraction
    is cut off. No number may be beyond what 64 bits hold.

    Gateway: ends with `cannot unmarshal number … into Go struct field … of type int`.

    LiteLLM: never sees the file; `export` and `run` stop here as well.
    """
    for refusal in context.refusals:
        if refusal.kind != "range":
            continue
        value = refusal.node.value
        whole = refusal.expected == "integer" and abs(value) < 1 << 63
        what = (
            tr("this must be a whole number, written without a point or exponent")
            if whole
            else tr("this number is too large")
        )
        advice = tr("Write {number}.", number=int(value)) if whole and value == int(value) else ""
        yield context.place_note(
            refusal.place, what, advice, tr("a whole number") if whole else tr("a 64-bit number")
        )


@rule("SOA104", "key-case", "warning")
def key_case(context: Context) -> Iterator[Note]:
    """A key is written in another case than the gateway's own.

    It works in JSON and fails silently in YAML, so it breaks on the day somebody converts the file.

    Gateway: JSON keys match in any case. YAML keys match exactly: there `Services:` is an unknown
    field, and the gateway starts with no service at all.

    LiteLLM: its own YAML keys match exactly. What the gateway understood is exported.
    """
    form = context.document.format
    for struct, node, pointer in known_objects(context):
        for member in node.members:
            name = known_name(struct, member.key, "json")
            if name is None or member.key in (name, struct.written(name, form)):
                continue
            spelt = struct.written(name, form)
            does = (
                tr("JSON takes it, YAML would not")
                if form == "json"
                else tr("in YAML the gateway does not see it")
            )
            yield Note(
                f"{pointer}/{escape(member.key)}",
                member.key_span,
                tr('"{key}" is "{field}" in another case; {does}', key=member.key, field=spelt, does=does),
                tr("Write {field}.", field=spelt),
            )


@rule("SOA105", "params-range-unread", "warning")
def params_range_unread(context: Context) -> Iterator[Note]:
    """`params_range` has no effect.

    It looks as if it kept temperature, top_p and max_tokens within bounds.

    Gateway: parses it and never looks at it again; no request is changed.

    LiteLLM: nothing is exported for it. A deployment's `litellm_params` can set a fixed
    temperature or max_tokens, but LiteLLM has no ranges.
    """
    place = context.record.places.get("params_range")
    node = context.find(place.pointer) if place else None
    if place and node is not None and node.members:
        yield context.key_note(
            place.pointer,
            tr("the gateway never reads params_range; no request is kept within these bounds"),
            tr("Remove it, or set fixed values in the clients."),
        )


@rule("SOA107", "statistics-unkept", "info", lambda dialect: dialect.statistics)
def statistics_unkept(context: Context) -> Iterator[Note]:
    """The gateway's `statistics` have no counterpart in one-adapter.

    Gateway: 0.12 writes a row for every call, for its web console: model, tokens, status, no texts. It does
    so without this field, too. 0.10 knows no statistics.

    LiteLLM: nothing is exported for it. LiteLLM's own spend logs show usage by key and model, on its admin
    page and under `/spend/logs`; they need a database (`DATABASE_URL`).
    """
    found = context.record.values.get("statistics")
    if isinstance(found, Record) and found.values.get("enabled", True):
        yield context.key_note(
            context.record.at("statistics").pointer,
            tr("one-adapter keeps no statistics"),
            tr("LiteLLM's spend logs show usage; they need a database (DATABASE_URL)."),
        )


@rule("SOA106", "yaml-only-value", "error")
def yaml_only_value(context: Context) -> Iterator[Note]:
    """A YAML value has no form in JSON.

    YAML knows numbers that are not finite (`.inf`, `.nan`) and keys that are no text (`1:`, `true:`).
    The gateway copies every configuration by way of JSON, which has neither.

    Gateway: ends with `json: unsupported value` or `unsupported type: map[interface {}]interface {}`.

    LiteLLM: never sees the file; `export` and `run` stop here as well.
    """
    for refusal in context.refusals:
        if refusal.kind != "form":
            continue
        if refusal.key:
            message = tr("the key {key} is no text, and the gateway cannot keep it", key=refusal.key)
            yield context.place_note(
                refusal.place, message, tr('Put it in quotes: "{key}".', key=refusal.key)
            )
        else:
            yield context.place_note(refusal.place, tr("the gateway cannot keep a number that is not finite"))
