from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from one_adapter.contract import DEPLOYMENT_FIELDS, SETTINGS_FIELDS
from one_adapter.runtime.gateway.settings import Policy, Settings

PAGE = (Path(__file__).parent.parent.parent / "docs" / "model-info.md").read_text("utf-8")
#: Fields whose values come from LiteLLM's own keys or are spelt as a part of another field.
ELSEWHERE = {
    "id",
    "weight",
    "mode",
    "provider",
    "by_responses",
    "open",
    "keys",
    "free",
    "hosts",
    "dialect",
} | {
    *("identity", "key_identity"),  # found by the runtime itself
}


def test_every_field_the_runtime_reads_has_its_line() -> None:
    names = {field.name for kind in (Policy, Settings) for field in dataclasses.fields(kind)}
    assert {name for name in names - ELSEWHERE if f"| `{name}` |" not in PAGE} == set()


def test_every_field_of_the_contract_has_its_line() -> None:
    assert [name for name in (*SETTINGS_FIELDS, *DEPLOYMENT_FIELDS) if f"| `{name}` |" not in PAGE] == []


def test_every_line_of_the_page_is_a_field_of_the_contract() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(told) == {*SETTINGS_FIELDS, *DEPLOYMENT_FIELDS}
