"""LiteLLM acts on no tool by itself for somebody who came by the door."""

from __future__ import annotations

from typing import Any

import pytest

from one_adapter.runtime.entry.request import Request, current
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.host import side_calls
from one_adapter.runtime.json_object import JsonObject

pytestmark = pytest.mark.proxy
TOOLS: list[Any] = [{"type": "mcp", "server_url": "litellm_proxy", "require_approval": "never"}]
SEARCH: list[Any] = [{"type": "file_search", "vector_store_ids": ["v"]}]


def _acts() -> tuple[bool, bool]:
    from litellm.responses import main
    from litellm.responses.mcp.litellm_proxy_mcp_handler import LiteLLM_Proxy_MCP_Handler

    gateway = LiteLLM_Proxy_MCP_Handler.should_use_litellm_mcp_gateway(tools=TOOLS)
    return bool(gateway), bool(main._has_file_search_tool(SEARCH))


def test_tools_are_left_to_the_upstream() -> None:
    side_calls.stop_side_calls()
    assert _acts() == (True, True), "without a client of ours LiteLLM is as it was"
    token = current.set(
        Request(
            "responses", Client("k", frozenset("*")), JsonObject({}, {}), read_config([], None, None, {}), 0.0
        )
    )
    try:
        assert _acts() == (False, False)
    finally:
        current.reset(token)
