"""Writes the JSON schema of LiteLLM's configuration out of the linter's tables.

It is made for editors: it knows every name, refuses none, and asks for types only where nothing else is ever
right. `one-adapter schema --litellm --strict` closes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from litellm_tables import by_hand

from one_adapter.lint.litellm.tables import NEWEST, Key, tables

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "schemas" / "litellm-config.schema.json"
Part = dict[str, Any]

#: A value that comes from a variable, whatever its type.
_VARIABLE = {"type": "string", "pattern": "^os\\.environ/"}
#: LiteLLM makes numbers of such texts.
_NUMBER = {"type": "string", "pattern": "^(os\\.environ/.+|[-+]?[0-9][0-9_.eE+-]*)$"}
#: The tables that are objects of the file, by the key that holds them where the key's type does not tell.
_HELD: dict[str, Part] = {
    "mcp_servers": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/definitions/mcp_server"}},
    "retry_policy": {"$ref": "#/definitions/retry_policy"},
    "allowed_fails_policy": {"$ref": "#/definitions/allowed_fails_policy"},
    "vector_store_registry": {"type": ["array", "null"]},
}
#: Words that complete a key: (table, key) -> the list, and whether other words are right as well.
_WORDS = {
    ("router_settings", "routing_strategy"): ("strategies", False),
    ("router_settings", "optional_pre_call_checks"): ("pre_call_checks", True),
    ("litellm_settings", "callbacks"): ("callbacks", True),
    ("litellm_settings", "success_callback"): ("callbacks", True),
    ("litellm_settings", "failure_callback"): ("callbacks", True),
    ("guardrail_params", "guardrail"): ("guardrails", True),
    ("guardrail_params", "mode"): ("guardrail_modes", True),
    ("cache_params", "type"): ("cache_types", True),
}
#: Tables whose keys are no part of a file.
_NO_PART = ("overwrites", "top")


def schema() -> Part:
    """The schema, draft-07."""
    known = tables(NEWEST)
    names = sorted(known.every_table())
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "LiteLLM proxy configuration",
        "description": f"config.yaml of the LiteLLM proxy, as version {NEWEST} reads it.",
        **_object("top"),
        "definitions": {name: _object(name) for name in names if name not in _NO_PART},
    }


def _object(table: str) -> Part:
    keys = tables(NEWEST).keys(table)
    needed = [key.name for key in keys.values() if key.required and table == "deployment"]
    required = {"required": sorted(needed)} if needed else {}
    kind = "object" if table in ("top", "deployment", "litellm_params") else ["object", "null"]
    properties = {name: _property(table, key) for name, key in sorted(keys.items())}
    return {"type": kind, "properties": properties, **required}


def _property(table: str, key: Key) -> Part:
    says = by_hand()["says"].get(table, {}).get(key.name)
    told: Part = {"description": says} if says else {}
    if key.since:
        told["$comment"] = f"since LiteLLM {key.since}"
    if table == "model_info" and key.name == "id":
        return told
    return {**told, **_checked(table, key)}


def _checked(table: str, key: Key) -> Part:
    words = _WORDS.get((table, key.name))
    if words:
        return _words(*words)
    if key.name in _HELD and table in ("top", "router_settings"):
        return _HELD[key.name]
    if key.table and key.types and "array" in key.types:
        return {"type": ["array", "null"], "items": {"$ref": f"#/definitions/{key.table}"}}
    if key.table and set(key.types) <= {"object", "null"}:
        return {"$ref": f"#/definitions/{key.table}"}
    return _typed(table, key)


def _words(name: str, open_ended: bool) -> Part:
    """One word, or a list of them; others too where a file's own code may be named."""
    one: Part = {"enum": list(tables(NEWEST).words(name))}
    if not open_ended:
        return {"anyOf": [one, _VARIABLE]}
    one = {"anyOf": [one, {"type": "string"}]}
    return {"anyOf": [one, {"type": "array"}, {"type": ["object", "null"]}]}


def _typed(table: str, key: Key) -> Part:
    """The types a value may have; nothing where LiteLLM takes whatever stands there."""
    types = set(key.types)
    settings = ("litellm_settings", "router_settings", "general_settings", "litellm_params", "top")
    if not types or table not in settings or types == {"null"}:
        return {}
    plain = sorted(types | {"null"})
    if "number" in types:
        plain = sorted({*plain} - {"integer"})
    if types & {"integer", "number"}:
        return {"anyOf": [{"type": plain}, _NUMBER]}
    if "string" in types:
        # A bare number or truth value is a slip that pydantic refuses in some places and takes in others.
        return {"type": plain} if table == "litellm_params" else {}
    return {"anyOf": [{"type": plain}, _VARIABLE]}


def written() -> str:
    """The schema as it is kept: a line a property."""
    return _lines(schema(), 0) + "\n"


def _lines(value: Part, depth: int) -> str:
    inner = []
    for name, one in value.items():
        opened = isinstance(one, dict) and (name in ("properties", "definitions") or "properties" in one)
        said = _lines(one, depth + 1) if opened else json.dumps(one, ensure_ascii=False)
        inner.append(f"{' ' * (depth + 1)}{json.dumps(name)}: {said}")
    return "{\n" + ",\n".join(inner) + f"\n{' ' * depth}}}"


if __name__ == "__main__":
    PLACE.write_text(written(), encoding="utf-8")
