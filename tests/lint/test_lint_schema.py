"""The schema for editors: valid, complete, and of one mind with the decoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from one_adapter.config import defaults
from one_adapter.config.document import parse
from one_adapter.config.fields import ListOf, MapOf, Struct, Type, structs_of
from one_adapter.config.reading import read_gateway
from one_adapter.dialect import CURRENT, DIALECTS
from one_adapter.lint import judge, refused, schema
from one_adapter.lint.keys import own_names
from one_adapter.lint.pages import EXAMPLES
from one_adapter.lint.schema import _merged, _property
from one_adapter.vendors.service_types import CREDENTIALS

SCHEMAS = {version: schema.schema(dialect) for version, dialect in DIALECTS.items()}
VALIDATORS = {version: Draft7Validator(one) for version, one in SCHEMAS.items()}
each_version = pytest.mark.parametrize("version", DIALECTS)
#: What strict Ajv knows; a keyword beside these would make it refuse the schema.
ANNOTATIONS = {"title", "description", "default", "examples", "deprecated"}
CHECKS = {"type", "properties", "additionalProperties", "items", "const", "pattern", "minimum", "minLength"}
KEYWORDS = ANNOTATIONS | CHECKS | {"$schema", "$ref", "definitions", "oneOf", "allOf", "required"}


def parts(part: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema with its path."""
    yield path, part
    for key in ("properties", "definitions"):
        for name, inner in part.get(key, {}).items():
            yield from parts(inner, f"{path}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from parts(part[key], f"{path}/{key}")
    for key in ("oneOf", "allOf"):
        for number, inner in enumerate(part.get(key, [])):
            yield from parts(inner, f"{path}/{key}/{number}")


@each_version
def test_it_is_a_draft_07_schema(version: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[version])
    assert SCHEMAS[version]["$schema"] == Draft7Validator.META_SCHEMA["$schema"]


def every(wanted: Callable[[str], bool] = bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every part of every version's schema whose path is wanted: version, path, part."""
    for version, whole in SCHEMAS.items():
        yield from ((version, path, part) for path, part in parts(whole) if wanted(path or "/"))


def looseness(path: str, part: dict[str, Any]) -> Iterator[str]:
    """What makes a part less strict than it should be, or unfit for draft-07."""
    keys = set(part)
    if keys - KEYWORDS:
        yield "unknown keywords"
    if "$ref" in keys and keys != {"$ref"}:
        yield "draft-07 ignores what stands beside a reference"
    for words, kind in (
        ({"properties", "additionalProperties", "required"}, "object"),
        ({"pattern", "minLength"}, "string"),
        ({"items"}, "array"),
    ):
        if words & keys and part.get("type") != kind:
            yield f"no {kind}"
    if not set(part.get("required", ())) <= set(part.get("properties", ())):
        yield "requires what it does not have"
    for option in part.get("oneOf", ()):
        if not set(option) <= {"const", "description", "deprecated"} or not option.get("description"):
            yield "a choice that is not a described value"
    if path.count("/oneOf/") > 1:
        yield "a choice in a choice"


def test_every_part_is_strict() -> None:
    assert [(*where, fault) for *where, part in every() for fault in looseness(where[1], part)] == []


@pytest.mark.parametrize(
    "part",
    [
        {"format": "uri"},
        {"$ref": "#/definitions/service", "title": "A service"},
        {"type": "string", "properties": {}},
        {"type": "object", "pattern": "^a"},
        {"items": {}},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"oneOf": [{"const": 1}]},
        {"oneOf": [{"description": "A number.", "type": "integer"}]},
    ],
)
def test_a_part_that_is_not_strict_is_found(part: dict[str, Any]) -> None:
    assert len([*looseness("/properties/x", part)]) == 1


def describes(path: str) -> bool:
    """Of a path, whether an editor shows its part when the cursor is on a field."""
    return path.rpartition("/")[0].endswith("/properties") and "/allOf/" not in path


def test_every_field_is_described_for_editors() -> None:
    fields = [*every(describes)]
    assert len(fields) > 100
    for word in ("title", "description", "examples"):
        assert [(*where, word) for *where, part in fields if not part.get(word)] == []
    assert [where for *where, part in fields if not part["description"].endswith(".")] == []
    without_default = {path for _, path, part in fields if "default" not in part}
    assert without_default == {"/properties/api_keys/items/properties/api_key"}


@each_version
def test_the_examples_of_a_field_are_valid(version: str) -> None:
    shared = {"definitions": SCHEMAS[version]["definitions"]}
    fields = [(path, part) for one, path, part in every(describes) if one == version]
    invalid = {
        path: example
        for path, part in fields
        for example in part["examples"]
        if not Draft7Validator({**part, **shared}).is_valid(example)
    }
    assert invalid == {}


def same_fields(wanted: Type, part: dict[str, Any] | None, path: str, whole: dict[str, Any]) -> None:
    assert part is not None, path
    found = _merged(whole, part)
    if isinstance(wanted, str):
        assert found["type"] == {"bool": "boolean"}.get(wanted, wanted), path
    elif isinstance(wanted, ListOf):
        assert found["type"] == "array", path
        same_fields(wanted.item, found["items"], f"{path}/items", whole)
    elif isinstance(wanted, MapOf):
        assert found["type"] == "object", path
        if isinstance(found.get("additionalProperties"), dict):
            same_fields(wanted.value, found["additionalProperties"], f"{path}/*", whole)
    elif isinstance(wanted, Struct):
        assert set(found["properties"]) - {"$schema", "prompt_template"} == set(wanted.fields), path
        for name, inner in wanted.fields.items():
            same_fields(inner, _property(whole, found, name), f"{path}/{name}", whole)


@each_version
def test_schema_and_decoder_know_the_same_fields(version: str) -> None:
    same_fields(structs_of(DIALECTS[version]).gateway, SCHEMAS[version], "", SCHEMAS[version])


@each_version
def test_every_service_type_has_its_own_credentials(version: str) -> None:
    whole = SCHEMAS[version]
    services = whole["properties"]["services"]
    assert sorted(services["properties"]) == sorted(defaults.SERVICE_TYPES)
    assert services["additionalProperties"] is False
    for kind, facts in CREDENTIALS.items():
        known = whole["definitions"][f"{kind}_credentials"]["properties"]
        assert set(known) == {*facts.known, *facts.idle}, kind


@each_version
def test_the_fields_of_a_key_are_those_that_the_judge_knows(version: str) -> None:
    one = {"models": ["m"], "credential_list": [{"api_key": "k"}]}
    (service,) = read_gateway(parse(json.dumps({"services": {"openai": [one]}}).encode(), "c.json")).services
    parts = [SCHEMAS[version]["definitions"][name]["properties"] for name in ("key", "credential_limits")]
    assert {name for part in parts for name in part} == set(own_names(service, DIALECTS[version]))


def test_the_choices_are_those_of_the_gateway() -> None:
    top = SCHEMAS[CURRENT.version]["properties"]
    proxy, service = top["proxy"]["properties"], SCHEMAS[CURRENT.version]["definitions"]["service"]
    for part, words in (
        (top["load_balancing"], defaults.LOAD_BALANCING),
        (top["log_level"], defaults.LOG_LEVELS),
        (proxy["strategy"], defaults.PROXY_STRATEGIES),
        (proxy["type"], (*defaults.PROXY_TYPES, "")),
        (service["properties"]["upstream_protocol"], (*defaults.UPSTREAM_PROTOCOLS, "")),
    ):
        assert {option["const"] for option in part["oneOf"]} == set(words)


GOOD_FILES = sorted(EXAMPLES.glob("*/good.json"))


def test_what_the_gateway_takes_the_schema_takes() -> None:
    files = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in GOOD_FILES}
    assert len(files) > 90
    assert [name for name, file in files.items() if not VALIDATORS[CURRENT.version].is_valid(file)] == []


@pytest.mark.parametrize("value", [5, "text", True, [], {}, [1], {"a": 1}])
@each_version
def test_a_wrong_type_in_a_service_is_refused_by_schema_and_judge_alike(version: str, value: object) -> None:
    by_judge, by_schema = set(), set()
    for name in structs_of(DIALECTS[version]).service.fields:
        config = {"services": {"openai": [{"models": ["m"], name: value}]}}
        document = parse(json.dumps(config).encode(), "config.json")
        if "SOA102" in {one.code for one in judge(document, DIALECTS[version])}:
            by_judge.add(name)
        if "type" in {error.validator for error in VALIDATORS[version].iter_errors(config)}:
            by_schema.add(name)
    assert by_judge == by_schema
    assert by_judge


def test_a_refused_value_is_explained_from_the_schema() -> None:
    document = parse(b"translation: {prompt_template: [a]}\n", "config.yaml")
    (finding,) = [one for one in judge(document) if one.code == "SOA102"]
    assert finding.expected == "text (Prompt template (YAML))"
    assert refused([finding])


def test_a_value_under_a_key_of_another_case_is_explained_too() -> None:
    document = parse(b"Services: {openai: 5}\n", "config.yaml")
    assert [one.message for one in judge(document) if one.code == "SOA102"] == [
        '"openai" must be a list, this is a number'
    ]


def test_a_value_the_schema_does_not_describe_is_explained_by_the_decoder() -> None:
    document = parse(b'{"services": {"nope": [5]}}', "config.json")
    assert 'an element of "nope" must be an object, this is a number' in [
        one.message for one in judge(document)
    ]


def test_of_a_value_under_an_unknown_type_only_the_type_is_told() -> None:
    document = parse(b'{"services": {"nope": 5}}', "config.json")
    assert [one.code for one in judge(document)] == ["SOA220"]
    assert refused(judge(document))
