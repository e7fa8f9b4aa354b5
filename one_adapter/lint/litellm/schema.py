"""The JSON schema of LiteLLM's configuration, which editors complete and explain with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE_NAME = "litellm-config.schema.json"
#: The objects that `--strict` closes: LiteLLM passes over every other key in them.
CLOSED = (
    "general_settings",
    "litellm_settings",
    "router_settings",
    "deployment",
    "guardrail",
    "retry_policy",
    "allowed_fails_policy",
    "credential",
    "search_tool",
    "cache_params",
)
#: Keys that hold anchors for others, and are meant to do nothing.
_ANCHORS = {"^(x-|\\.|_)": True}


def schema_text(strict: bool = False) -> str:
    """The schema, a JSON text; a strict one refuses keys that LiteLLM does not know.

    >>> '"additionalProperties": false' in schema_text(strict=True)
    True
    """
    text = _shipped().read_text(encoding="utf-8")
    return json.dumps(closed(json.loads(text)), ensure_ascii=False, indent=1) + "\n" if strict else text


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its objects closed in which LiteLLM passes over what it does not know."""
    definitions = schema["definitions"]
    closed_ones = {name: {**definitions[name], "additionalProperties": False} for name in CLOSED}
    return {
        **schema,
        "patternProperties": _ANCHORS,
        "additionalProperties": False,
        "definitions": {**definitions, **closed_ones},
    }


def _shipped() -> Path:
    here = Path(__file__).resolve().parent
    # A wheel has the schema beside this module; a checkout keeps it at the top, where editors find it.
    return here / FILE_NAME if (here / FILE_NAME).exists() else here.parents[2] / "schemas" / FILE_NAME
