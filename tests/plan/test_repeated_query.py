"""What the ledger says of an address whose query names a parameter twice."""

from __future__ import annotations

import json

import pytest

from one_adapter.config.document import parse
from one_adapter.plan.build import decide


@pytest.mark.parametrize(("query", "verdict"), [("a=1&b=2", "emulated"), ("a=1&a=2", "approximated")])
def test_a_parameter_given_twice_is_owned_up_to(query: str, verdict: str) -> None:
    service = {"models": ["m"], "enabled": True, "server_url": f"https://h/v1?{query}"}
    plan = decide(parse(json.dumps({"services": {"openai": [service]}}).encode(), "config.json"))
    assert [row.verdict for row in plan.ledger if row.pointer.endswith("server_url")] == [verdict]
