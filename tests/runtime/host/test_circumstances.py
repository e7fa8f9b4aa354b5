"""What LiteLLM has to do for every request at present, and so why the relay stands aside."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import count
from typing import Any

import litellm
import pytest
import yaml
from litellm.proxy import proxy_server
from proxy import configuration, deployment

from one_adapter.runtime.entry.request import Attempt, Request
from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.host.circumstances import COMMAND_LINE, present, unknown_settings
from one_adapter.runtime.host.loaded import loaded
from one_adapter.runtime.host.standing import LOOK_SECONDS, Standing
from one_adapter.runtime.json_object import JsonObject


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """LiteLLM in this process, with a configuration as one-adapter writes it."""
    found: dict[str, Any] = yaml.safe_load(
        configuration(
            [deployment("m1", "http://127.0.0.1:9/v1"), deployment("m2", "http://x/v1")], relay=True
        )
    )
    router = litellm.Router(model_list=found["model_list"][:1], num_retries=0, disable_cooldowns=True)
    monkeypatch.setattr(proxy_server, "llm_router", router)
    monkeypatch.setattr(proxy_server, "general_settings", found["general_settings"])
    monkeypatch.setattr(proxy_server, "prisma_client", None)
    for name in ("callbacks", "success_callback", "failure_callback", "_async_success_callback"):
        monkeypatch.setattr(litellm, name, [])
    kept = proxy_server.proxy_config.get_config_state()
    proxy_server.proxy_config.update_config_state(found)
    yield found
    proxy_server.proxy_config.update_config_state(kept)


#: When each of the requests comes in, in seconds.
TIMES = count(step=LOOK_SECONDS)


def why(standing: Standing | None = None, *headers: bytes) -> str:
    """Why a chat that comes in a moment after the one before it does not go by the relay."""
    config = loaded().config
    body = JsonObject.read(b'{"model": "m1"}')
    request = Request("chat", Client("k", frozenset({"*"})), body, config, next(TIMES), "m1", "m1")
    request.attempt = Attempt(Choice(config.groups["m1"][0]))
    return (standing or Standing())(request, {"headers": [(name, b"x") for name in headers]})


class TestStanding:
    def test_a_configuration_as_it_is_written_needs_nothing_of_litellm(self) -> None:
        assert why() == ""

    @pytest.mark.parametrize(
        ("owner", "name", "value", "reason"),
        [
            (proxy_server, "prisma_client", object(), "a database is connected"),
            (litellm, "cache", object(), "a cache is configured"),
            (litellm, "max_budget", 5.0, "a budget is configured"),
            *(
                (litellm, place, ["langfuse"], "callbacks listen to every answer: langfuse")
                for place in ("callbacks", "success_callback", "failure_callback", "_async_success_callback")
            ),
            *(
                (proxy_server, place, 3, "LiteLLM's command line says something of every call")
                for place in COMMAND_LINE
            ),
        ],
    )
    def test_what_is_switched_on_later_counts_from_then_on(
        self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, value: object, reason: str
    ) -> None:
        standing = Standing()
        assert why(standing) == ""
        monkeypatch.setattr(owner, name, value)
        assert why(standing) == reason
        monkeypatch.undo()

    @pytest.mark.parametrize("name", ["LiteLLM Proxy", "LiteLLM Router"])
    def test_a_log_of_every_request_is_litellms(self, name: str) -> None:
        logger = logging.getLogger(name)
        before = logger.level
        assert why() == ""
        logger.setLevel(logging.INFO)
        try:
            assert why() == "LiteLLM's log of every request is on"
        finally:
            logger.setLevel(before)

    def test_an_order_is_one_requests_own(self) -> None:
        standing = Standing()
        assert (
            why(standing, b"host", b"x-litellm-tags") == "the request has orders for LiteLLM: x-litellm-tags"
        )
        assert why(standing, b"host", b"x-litellm-api-key") == ""

    def test_a_setting_of_the_owners_and_a_new_list_of_models_are_seen(self, written: dict[str, Any]) -> None:
        standing = Standing()
        assert why(standing) == ""
        proxy_server.proxy_config.update_config_state({**written, "guardrails": [{"guardrail_name": "a"}]})
        proxy_server.llm_router.set_model_list(written["model_list"])  # type: ignore[union-attr]
        assert why(standing) == "settings that are LiteLLM's business: guardrails"


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("general_settings", "always_include_stream_usage", True),
        ("general_settings", "max_request_size_mb", 1),
        ("general_settings", "custom_auth", "mine.auth"),
        ("litellm_settings", "num_retries", 1),
        ("litellm_settings", "drop_params", True),
        ("litellm_settings", "cache", True),
        ("router_settings", "fallbacks", [{"m1": ["m2"]}]),
        ("router_settings", "routing_strategy", "least-busy"),
    ],
)
def test_a_setting_that_is_not_as_it_was_written_is_unknown(
    written: dict[str, Any], section: str, name: str, value: object
) -> None:
    assert list(unknown_settings(written)) == []
    changed = {**written, section: {**written[section], name: value}}
    assert list(unknown_settings(changed)) == [f"{section}.{name}"]


@pytest.mark.parametrize("section", ["guardrails", "mcp_servers", "credential_list", "of_another_day"])
def test_a_section_that_is_not_written_is_unknown(written: dict[str, Any], section: str) -> None:
    assert list(unknown_settings({**written, section: None})) == [section]


def test_nothing_is_made_anew_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert present() is present()
    before = present()
    monkeypatch.setattr(litellm, "callbacks", [object()])
    assert present() is not before


class TestLoaded:
    def test_what_is_loaded_is_read_once_and_the_memory_outlives_it(self, written: dict[str, Any]) -> None:
        first = loaded()
        assert first is loaded()
        assert list(first.config.groups) == ["m1"]
        proxy_server.llm_router.set_model_list(written["model_list"])  # type: ignore[union-attr]
        second = loaded()
        assert list(second.config.groups) == ["m1", "m2"]
        assert second.memory is first.memory

    def test_without_a_router_there_are_no_models(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proxy_server, "llm_router", None)
        assert loaded().config.groups == {}


def test_a_redis_for_the_routers_own_counts_is_nothing_to_a_call(written: dict[str, Any]) -> None:
    own = {**written["router_settings"], "redis_host": "cache", "redis_port": 6379, "redis_password": "x"}
    assert list(unknown_settings({**written, "router_settings": own})) == []
