"""Differences on purpose, as two servers show them: each by its name, and never the other way round."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from one_adapter.verify.known_differences import GATEWAYS_ERROR, TABLE, is_gateways, known_difference
from one_adapter.verify.servers.judge import ASPECTS, Finding

ROOT = Path(__file__).parent.parent.parent
OPENAIS_ERROR = {"form": ["code", "message"], "type": "invalid_request_error", "code": "model_not_found"}
FORBIDDEN = {"error": {"form": ["message"], "code": "model_forbidden"}}
BY_LITELLM = {"way": "litellm"}
#: name of the difference -> (probe, aspect, old, new, facts of the new side)
SHOWN: dict[str, list[tuple[str, str, Any, Any, dict[str, Any]]]] = {
    "status-kept": [("unknown model", "error", GATEWAYS_ERROR, OPENAIS_ERROR, {})],
    "forbidden-model-is-403": [("whole", "status", 401, 403, FORBIDDEN)],
    "keys-guard-every-route": [("list without key", "status", 200, 401, {})],
    "unknown-embedding-refused": [("embeddings", "status", 200, 400, {})],
    "finish-reason-told": [
        ("stream", "finish reason", [], ["an end"], {}),
        ("whole", "finish reason", ["STOP"], ["an end"], {}),
    ],
    "answers-whole": [
        ("tools", "tool calls", [], ["get_time(city)"], {}),
        ("whole", "reasoning", [], ["reasoning_content"], {}),
        ("stream", "fields", ["choices[].content_filter_results.hate.filtered boolean"], [], {}),
        ("whole", "fields", [], ["service_tier string"], {"gateway": True}),
        ("tools", "fields", ["HttpHeader.Date[] string"], ["service_tier string"], {"gateway": True}),
    ],
    "streams-end-properly": [
        ("stream", "stream", "in order no [DONE]", "in order [DONE]", {}),
        ("tool stream", "fields", [], ["object string"], {}),
    ],
    "raw-responses-keep-the-name": [("responses", "model", "upstream", "as asked", {"model": "as asked"})],
    "messages-kept": [("whole", "upstream roles", "user", "system,user", {})],
    "litellm-writes-answers": [
        ("whole", "fields", ["choices[].logprobs object"], ["system_fingerprint string"], BY_LITELLM),
    ],
}
ROWS = [(name, *row) for name, rows in SHOWN.items() for row in rows]


@pytest.mark.parametrize(("name", "probe", "aspect", "old", "new", "facts"), ROWS)
def test_a_difference_on_purpose_has_its_name_and_the_reverse_has_none(
    name: str, probe: str, aspect: str, old: Any, new: Any, facts: dict[str, Any]
) -> None:
    assert known_difference(probe, Finding(aspect, "", old, new), facts) == name
    reverse = {"error": OPENAIS_ERROR, "model": "upstream"}
    assert known_difference(probe, Finding(aspect, "", new, old), reverse) == ""


def test_every_row_is_shown_names_a_paragraph_and_an_aspect() -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    names = {row.name for row in TABLE}
    assert names == set(SHOWN)
    assert names <= set(re.findall(r"^### (\S+)$", page, re.MULTILINE))
    assert {row.aspect for row in TABLE} <= set(ASPECTS)


def test_a_wrong_key_that_gets_another_status_is_no_forbidden_model() -> None:
    other = {"error": {"form": ["message"], "code": "invalid_api_key"}}
    assert known_difference("wrong key", Finding("status", "", 401, 403), other) == ""


def test_a_new_field_is_on_purpose_only_where_the_old_side_is_the_gateway() -> None:
    finding = Finding("fields", "", [], ["service_tier string"])
    assert known_difference("whole", finding, {}) == ""
    assert is_gateways([{"status": 400, "error": GATEWAYS_ERROR}])
    assert not is_gateways([{"status": 400, "error": OPENAIS_ERROR}, {"status": 200}])


def test_fields_that_litellm_does_not_write_are_never_its_doing() -> None:
    finding = Finding("fields", "", ["choices[].message.content string"], [])
    assert known_difference("whole", finding, BY_LITELLM) == ""
    written = Finding("fields", "", ["choices[].logprobs object"], [])
    assert known_difference("whole", written, {"way": "relay"}) == ""


def test_the_page_tells_every_aspect() -> None:
    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([a-z, ]+) \| ", page, re.MULTILINE)
    named = {aspect for line in told for aspect in line.split(", ")}
    quiet = {aspect for aspect in ASPECTS if aspect.startswith("upstream")} | {"words"}
    assert set(ASPECTS) - quiet <= named
