"""The launch profile: what it leaves out, when it doesn't, and that nobody notices."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import litellm
import litellm_forks
import pytest
from litellm.proxy import proxy_server

from one_adapter.runtime.entry.request import Attempt, Request, current
from one_adapter.runtime.gateway.choice import Choice
from one_adapter.runtime.gateway.config import read_config
from one_adapter.runtime.gateway.keys import Client
from one_adapter.runtime.gateway.settings import Policy, read_policy
from one_adapter.runtime.host import facts, shortcuts
from one_adapter.runtime.host.hooks import Handler
from one_adapter.runtime.json_object import JsonObject

pytestmark = pytest.mark.proxy
CHAT: dict[str, Any] = {"model": "m1", "messages": [{"role": "user", "content": "hello"}]}
FREE = Policy(id="d", provider="openai", upstream_model="up", free=True)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM as it is when the configuration names no callbacks."""
    for name in ("callbacks", "success_callback", "failure_callback", "_async_success_callback"):
        monkeypatch.setattr(litellm, name, [])
    monkeypatch.setattr(proxy_server, "prisma_client", None)


def under_way(policy: Policy = FREE, kind: str = "chat", **body: Any) -> None:
    client, config = Client("k", frozenset({"*"})), read_config([], None, None, {})
    read = JsonObject.read(json.dumps({**CHAT, **body}).encode())
    current.set(Request(kind, client, read, config, 0.0, "m1", "m1", attempt=Attempt(Choice(policy))))


class Logging:
    """The two attributes that are read of LiteLLM's object, and what is called on it."""

    def __init__(self, *listening: Any) -> None:
        self.dynamic_success_callbacks = list(listening)
        self.dynamic_async_success_callbacks: list[Any] = []
        self.breakdown: dict[str, float] = {}
        self.restored = 0

    def set_cost_breakdown(self, **costs: float) -> None:
        self.breakdown = costs

    def _restore_correlation_context(self) -> None:
        self.restored += 1


def on_success(*_: Any) -> None:
    """An operator's callback."""


class TestWhoListens:
    def test_nobody_does_by_default(self) -> None:
        assert not shortcuts.is_heard(Logging())

    @pytest.mark.parametrize("place", ["callbacks", "success_callback", "_async_success_callback"])
    @pytest.mark.parametrize("listener", [on_success, "langfuse"])
    def test_an_operators_callback_does(
        self, monkeypatch: pytest.MonkeyPatch, place: str, listener: object
    ) -> None:
        monkeypatch.setattr(litellm, place, [listener])
        assert shortcuts.is_heard(Logging())

    def test_a_callback_of_one_request_does(self) -> None:
        assert shortcuts.is_heard(Logging("langfuse"))

    def test_a_database_does_because_it_keeps_what_was_spent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(proxy_server, "prisma_client", object())
        assert shortcuts.is_heard(Logging())

    @pytest.mark.parametrize(
        ("name", "value"),
        [("cache", "a cache"), ("max_budget", 5.0), ("cost_discount_config", {"openai": 0.1})],
    )
    def test_a_cache_a_budget_and_a_discount_do(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: object
    ) -> None:
        monkeypatch.setattr(litellm, name, value)
        assert shortcuts.is_heard(Logging())

    @pytest.mark.parametrize(
        ("strategy", "cooldowns_off", "listens"),
        [
            ("simple-shuffle", True, False),
            ("usage-based-routing-v2", True, True),
            ("simple-shuffle", False, True),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Router.deployment_callback_on_success:DeprecationWarning")
    def test_the_router_does_where_it_counts(
        self, monkeypatch: pytest.MonkeyPatch, strategy: str, cooldowns_off: bool, listens: bool
    ) -> None:
        router = litellm.Router(model_list=[], routing_strategy=strategy, disable_cooldowns=cooldowns_off)
        monkeypatch.setattr(litellm, "_async_success_callback", [router.deployment_callback_on_success])
        assert shortcuts.is_heard(Logging()) is listens

    def test_litellms_own_counters_and_our_handler_do_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counter = proxy_server.proxy_logging_obj.max_parallel_request_limiter
        monkeypatch.setattr(litellm, "callbacks", [counter, Handler()])
        assert not shortcuts.is_heard(Logging())

    def test_the_name_of_a_cache_that_is_none_does_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(litellm, "cache", None)
        monkeypatch.setattr(litellm, "success_callback", ["cache"])
        assert not shortcuts.is_heard(Logging())


class TestPrices:
    def price(self, logging: Logging) -> float:
        found: float = shortcuts.free(lambda *_, **__: 7.0)(logging, "an answer", cache_hit=None)
        return found

    async def test_an_answer_that_costs_nothing_is_priced_at_once(self) -> None:
        logging = Logging()
        under_way()
        assert self.price(logging) == 0.0
        assert logging.breakdown["original_cost"] == 0.0

    @pytest.mark.parametrize(
        ("policy", "kind", "body"),
        [
            (Policy(upstream_model="up"), "chat", {}),
            (FREE, "embeddings", {}),
            (FREE, "chat", {"tools": []}),
            (FREE, "chat", {"web_search_options": {}}),
            (Policy(upstream_model="gpt-4o-search-preview", free=True), "chat", {}),
        ],
    )
    async def test_anything_else_is_reckoned_by_litellm(
        self, policy: Policy, kind: str, body: dict[str, Any]
    ) -> None:
        under_way(policy, kind, **body)
        assert self.price(Logging()) == 7.0

    async def test_a_listener_gets_litellms_own_reckoning(self) -> None:
        under_way()
        assert self.price(Logging("langfuse")) == 7.0

    async def test_outside_a_request_litellm_reckons(self) -> None:
        assert self.price(Logging()) == 7.0

    @pytest.mark.parametrize(
        ("info", "free"),
        [
            ({"input_cost_per_token": 0, "output_cost_per_token": 0}, True),
            ({"input_cost_per_token": 0, "output_cost_per_token": 1e-6}, False),
            ({"input_cost_per_token": 0, "output_cost_per_token": 0, "input_cost_per_image": 1}, False),
            ({"input_cost_per_token": 0}, False),
            ({}, False),
        ],
    )
    def test_only_prices_of_nothing_make_a_deployment_free(self, info: dict[str, Any], free: bool) -> None:
        assert read_policy({"model_name": "m", "model_info": info}).free is free


class TestLogging:
    async def test_an_answer_is_described_only_to_somebody(self) -> None:
        heard: list[object] = []

        async def log(_: Any, result: object) -> None:
            heard.append(result)

        quiet, loud = Logging(), Logging("langfuse")
        await shortcuts.unheard(log)(quiet, result="outside a request")
        under_way()
        await shortcuts.unheard(log)(quiet, result="for nobody")
        await shortcuts.unheard(log)(loud, result="for somebody")
        assert heard == ["outside a request", "for somebody"]
        assert quiet.restored == 1

    async def test_a_whole_stream_is_told_only_to_somebody(self) -> None:
        heard: list[object] = []

        async def tell(_: Any, result: object) -> None:
            heard.append(result)

        await shortcuts.untold(tell)(Logging(), "outside a request")
        under_way()
        await shortcuts.untold(tell)(Logging(), "for nobody")
        await shortcuts.untold(tell)(Logging("langfuse"), "for somebody")
        assert heard == ["outside a request", "for somebody"]


class TestUsage:
    def router(self) -> Any:
        return SimpleNamespace(model_list=[{"a": 1}, {"b": 1}], model_id_to_deployment_index_map={"d": 1})

    async def test_a_deployment_without_limits_is_looked_at_once(self) -> None:
        asked: list[str] = []

        async def count(_: Any, *, deployment_id: str, **__: int) -> None:
            asked.append(deployment_id)

        router, counted = self.router(), shortcuts.unlimited(count)
        for identity in ("d", "d", "unknown", "unknown"):
            await counted(router, deployment_id=identity, rpm_increment=1)
        assert asked == ["d", "unknown", "unknown"]
        router.model_list[1] = {"b": 1}
        await counted(router, deployment_id="d", rpm_increment=1)
        assert asked[-1] == "d"

    async def test_one_with_limits_is_counted_each_time(self) -> None:
        async def count(*_: Any, **__: Any) -> str:
            return "key"

        router, counted = self.router(), shortcuts.unlimited(count)
        assert [await counted(router, deployment_id="d", rpm_increment=1) for _ in range(2)] == ["key", "key"]


#: Where each choice of shortcuts shows.
PLACES = {
    "routes": "litellm.proxy.auth.route_checks.RouteChecks._route_matches_pattern",
    "usage": "litellm.router.Router._increment_deployment_usage",
    "prices": "litellm.litellm_core_utils.litellm_logging.Logging.response_cost_calculator",
    "describe": "litellm.utils._client_async_logging_helper",
}

#: From 1.109 on a router's member is asked for in Rust.
USAGE_IS_PYTHON = "not hasattr(pydoc.locate('litellm.router.Router'), 'registry')"


def started(chosen: str | None, before: str = "") -> tuple[set[str], str]:
    """The shortcuts that a process with this profile takes, and what it says on standard error.

    `before` is done once LiteLLM is loaded, and before it is looked at.
    """
    program = (
        "import os, pydoc; from one_adapter.runtime.host import profile\n"
        f"{before}\n"
        f"profile.after_import(profile.choices({chosen!r}))\n"
        f"places = [one for one in {PLACES!r}.items() if one[0] != 'usage' or {USAGE_IS_PYTHON}]\n"
        "print(*(name for name, place in places if hasattr(pydoc.locate(place), '__wrapped__')))"
    )
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"}
    done = litellm_forks.run(program, Path.cwd(), environment)
    told = [line for line in done.stderr.splitlines() if line.startswith("one-adapter:")]
    return set(done.stdout.splitlines()[-1].split()), "\n".join(told)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("fast", set(PLACES)),
        ("stock", set()),
        (None, set()),
        ("usage", {"usage"}),
        ("fast,-routes", set(PLACES) - {"routes"}),
    ],
)
def test_shortcuts_are_taken_only_where_they_are_chosen(chosen: str | None, expected: set[str]) -> None:
    row = facts.row_of(facts.installed())
    assert row is not None
    assert started(chosen) == (expected & row.shortcuts, "")


def test_an_unknown_version_is_left_alone_and_says_so_in_one_line() -> None:
    took, told = started("fast", "from litellm import _version; _version.version = '1.999.0'")
    assert took == set()
    assert told == (
        "one-adapter: LiteLLM 1.999.0 was not tried with this one-adapter, 1.105 to 1.110 were: "
        "it goes its own way, without the shortcuts describe, prices, routes, usage"
    )


def test_a_name_that_is_gone_costs_its_shortcut_alone_and_is_told_in_one_line() -> None:
    row = facts.row_of(facts.installed())
    assert row is not None
    took, told = started("fast", "from litellm import utils; del utils._client_async_logging_helper")
    assert took == row.shortcuts - {"describe"}
    if row.shortcuts:
        assert told == (
            f"one-adapter: LiteLLM {facts.installed()} lacks names that {row.tried} has: "
            "it goes its own way, without the shortcuts describe"
        )
