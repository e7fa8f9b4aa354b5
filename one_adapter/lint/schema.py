"""The JSON schema: where it is kept, and what it says about a value of the wrong type.

Most files have no such value, and jsonschema takes longer to import than a whole
lint to run. So the decoder finds the values, and the schema is asked to explain them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from one_adapter.config import fields
from one_adapter.config.document import Document, segments
from one_adapter.config.fields import AnyValue, ListOf, MapOf, Struct, Type, known_name
from one_adapter.config.node import Node
from one_adapter.dialect import CURRENT, Dialect
from one_adapter.language import Message, tr
from one_adapter.lint.go.values import Refusal

Schema = dict[str, Any]

FILE_NAME = "simple-one-api.schema.json"
#: What is otherwise in the schema of an older version: a JSON merge patch (RFC 7396).
PATCH_NAME = "simple-one-api.{version}.patch.json"

#: JSON Schema's words for types, as a person says them.
WORDS = {
    "array": tr("a list"),
    "object": tr("an object"),
    "string": tr("text"),
    "number": tr("a number"),
    "integer": tr("a whole number"),
    "boolean": tr("true or false"),
}
_FOUND = {
    "array": tr("a list"),
    "object": tr("an object"),
    "string": tr("text"),
    "number": tr("a number"),
    "bool": tr("a boolean"),
    "null": "null",
}
_SCALARS = {"string": "string", "bool": "boolean", "integer": "integer", "number": "number"}


def schema_text(dialect: Dialect = CURRENT) -> str:
    """The schema of a version of the gateway, a JSON text; the current one's as it is shipped.

    >>> schema_text().startswith("{")
    True
    """
    if dialect is CURRENT:
        return _shipped(FILE_NAME)
    return json.dumps(schema(dialect), ensure_ascii=False, indent=2) + "\n"


def _shipped(name: str) -> str:
    here = Path(__file__).resolve().parent
    # A wheel has the schema beside this module; a checkout keeps it at the top, where editors find it.
    place = here / name if (here / name).exists() else here.parent.parent / "schemas" / name
    return place.read_text(encoding="utf-8")


def schema(dialect: Dialect = CURRENT) -> Schema:
    """The schema of a version of the gateway, read once."""
    return _of_version(dialect.version)


@cache
def _of_version(version: str) -> Schema:
    whole: Schema = json.loads(_shipped(FILE_NAME))
    if version != CURRENT.version:
        _merge(whole, json.loads(_shipped(PATCH_NAME.format(version=version))))
    return whole


def _merge(whole: Schema, patch: Schema) -> None:
    for key, value in patch.items():
        if value is None:
            whole.pop(key)
        elif isinstance(value, dict):
            _merge(whole[key], value)
        else:
            whole[key] = value


def explain_type(document: Document, refusal: Refusal, dialect: Dialect) -> tuple[str, str, str]:
    """What is wrong with a refused value: one sentence, what was expected, what to do."""
    name, part = _described(document, refusal.place.pointer, dialect)
    wanted = _wanted(part, refusal, dialect)
    title = Message(part.get("title", "") if part else "", {})
    said = tr(
        "{name} must be {wanted}, this is {found}",
        name=name,
        wanted=wanted,
        found=_FOUND[refusal.node.kind],
    )
    return said, tr("{wanted} ({title})", wanted=wanted, title=title) if title else wanted, _advice(refusal)


def explain_plainly(refusal: Refusal) -> tuple[str, str, str]:
    """The same of a value that the schema has no part for: by the decoder's own words."""
    name = segments(refusal.place.pointer)[-1]
    wanted = WORDS[_json_type(refusal.expected)]
    found = _FOUND[refusal.node.kind]
    if refusal.kind == "range":
        found = tr("too large") if refusal.expected == "number" else tr("one with a fraction, or too large")
    return (
        tr("{name} must be {wanted}, this is {found}", name=name, wanted=wanted, found=found),
        wanted,
        _advice(refusal),
    )


def _wanted(part: Schema | None, refusal: Refusal, dialect: Dialect) -> str:
    """The type the schema asks for, or the decoder's where the schema has no objection."""
    if part is not None:
        from jsonschema import Draft7Validator  # 70 ms, for files with a wrong type only

        validator = Draft7Validator({**part, "definitions": schema(dialect)["definitions"]})
        for error in validator.iter_errors(refusal.node.value):
            if (
                error.validator == "type"
                and not error.absolute_path
                and isinstance(error.validator_value, str)
            ):
                return WORDS[error.validator_value]
    return WORDS[_json_type(refusal.expected)]


def _json_type(wanted: Type) -> str:
    if isinstance(wanted, str):
        return _SCALARS[wanted]
    return "array" if isinstance(wanted, ListOf) else "object"


def _described(document: Document, pointer: str, dialect: Dialect) -> tuple[str, Schema | None]:
    """How a value is called, and the part of the schema that describes it."""
    wanted: Type = fields.structs_of(dialect).gateway
    whole = schema(dialect)
    part: Schema | None = whole
    name: str = tr("this")
    for step in segments(pointer):
        if isinstance(wanted, Struct):
            field = known_name(wanted, step, document.format) or known_name(wanted, step, "json")
            if field is None:
                return name, None
            wanted, name = wanted.fields[field], field
            part = _property(whole, part, wanted_key(whole, part, field, document))
        elif isinstance(wanted, MapOf):
            wanted, name = wanted.value, f'"{step}"'
            part = _property(whole, part, step)
        elif isinstance(wanted, ListOf):
            name = tr("an element of {name}", name=name)
            wanted = wanted.item
            part = _merged(whole, part).get("items") if part else None
    return name, _merged(whole, part) if part else None


def wanted_key(whole: Schema, part: Schema | None, field: str, document: Document) -> str:
    """The schema's name for a field: YAML's own spelling where the schema has both."""
    spelt = "prompt_template" if field == "promptTemplate" and document.format == "yaml" else field
    return spelt if part and spelt in _merged(whole, part).get("properties", {}) else field


def _property(whole: Schema, part: Schema | None, key: str) -> Schema | None:
    if part is None:
        return None
    merged = _merged(whole, part)
    found = merged.get("properties", {}).get(key, merged.get("additionalProperties"))
    return found if isinstance(found, dict) else None


def _merged(whole: Schema, part: Schema) -> Schema:
    """A part of the schema with its references followed and its alternatives laid over each other."""
    while "$ref" in part:
        part = whole["definitions"][part["$ref"].rpartition("/")[2]]
    if "allOf" not in part:
        return part
    merged: Schema = {}
    for piece in part["allOf"]:
        more = _merged(whole, piece)
        both = {**merged.get("properties", {}), **more.get("properties", {})}
        merged = {**merged, **more, "properties": both}
    return {**merged, "title": part.get("title", merged.get("title", ""))}


def _advice(refusal: Refusal) -> str:
    wanted, node = refusal.expected, refusal.node
    if isinstance(wanted, ListOf):
        return _list_advice(wanted, node)
    if wanted == "string" and node.kind in ("number", "bool"):
        return tr("Put it in quotes.")
    if wanted == "bool" and node.kind == "string" and node.value.strip().lower() in ("true", "false"):
        return tr("Write {word}, without quotes.", word=node.value.strip().lower())
    if wanted == "bool" and node.kind == "number" and node.value in (0, 1):
        return tr("Write {word}.", word="true" if node.value else "false")
    if wanted in ("integer", "number") and node.kind == "string" and node.value.strip().isdecimal():
        return tr("Write {word}, without quotes.", word=node.value.strip())
    if refusal.place.pointer.lower() == "/services" and node.kind == "array":
        return tr('Put the list under a type: {{"openai": […]}}.')
    if isinstance(wanted, (MapOf, Struct)) and node.kind == "array" and len(node.items) == 1:
        return tr("Take away the square brackets.")
    return ""


def _list_advice(wanted: ListOf, node: Node) -> str:
    if isinstance(wanted.item, AnyValue) or node.kind in ("string", "object"):
        return tr("Put it into square brackets, even if it is the only one.")
    return ""
