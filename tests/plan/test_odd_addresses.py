"""Addresses that are odd: a query with a parameter twice, a proxy that has none."""

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


@pytest.mark.parametrize("kind", ["http", "socks5", ""])
def test_a_proxy_without_an_address_is_no_proxy(kind: str) -> None:
    config = {
        "proxy": {"strategy": "all", "type": kind},
        "services": {"dify": [{"models": ["app"], "enabled": True}]},
    }
    plan = decide(parse(json.dumps(config).encode(), "config.json"))
    assert plan.services[0].proxy is None
