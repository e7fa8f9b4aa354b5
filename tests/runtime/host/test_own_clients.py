"""Which of LiteLLM's calls leave by a client of ours."""

from __future__ import annotations

import asyncio
from typing import Any

import litellm
import pytest
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
from openai import AsyncAzureOpenAI, AsyncOpenAI

from one_adapter.contract import NO_KEY
from one_adapter.runtime.gateway.settings import Policy, ProxyRule
from one_adapter.runtime.host import clients
from one_adapter.runtime.host.clients import Clients, is_wired
from one_adapter.runtime.host.wire import Wire

CALL = {"api_key": "k", "api_base": "http://vendor.invalid/v1"}
PROXIED = {"proxy": ProxyRule(http_env="P")}


def client(provider: str, call: dict[str, Any] | None = None, **policy: Any) -> Any:
    made = Policy(id="m-1", provider=provider, **{"upstream_model": "m", **policy})
    return Clients({"P": "http://proxy.invalid:1"}).client(made, CALL if call is None else call)


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("openai", AsyncOpenAI),
        ("volcengine", AsyncOpenAI),
        ("azure", AsyncAzureOpenAI),
        ("anthropic", AsyncHTTPHandler),
        ("gemini", AsyncHTTPHandler),
        ("ollama_chat", AsyncHTTPHandler),
    ],
)
@pytest.mark.parametrize("policy", [{}, PROXIED], ids=["direct", "proxied"])
def test_a_vendor_is_called_by_a_client_with_the_wire_in_it(
    provider: str, kind: type, policy: dict[str, Any]
) -> None:
    made = client(provider, **policy)
    assert isinstance(made, kind)
    http = made.client if kind is AsyncHTTPHandler else made._client
    assert isinstance(http._transport_for_url(http.build_request("GET", "http://v.invalid").url), Wire)
    assert not http.trust_env


@pytest.mark.parametrize(
    ("provider", "call", "policy"),
    [
        ("dify", CALL, {}),
        ("dify", CALL, PROXIED),
        ("azure", {"api_base": "http://a.invalid"}, {}),
        ("vertex_ai", CALL, {"upstream_model": "claude-sonnet"}),
    ],
)
def test_other_calls_leave_as_litellm_has_them(
    provider: str, call: dict[str, Any], policy: dict[str, Any]
) -> None:
    assert client(provider, call, **policy) is None


def test_what_the_owner_says_of_tls_is_litellms_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm, "ssl_verify", False)
    assert client("openai") is None
    assert client("openai", **PROXIED) is not None
    assert client("openai", {**CALL, "api_key": NO_KEY}) is not None


def test_an_organization_is_named() -> None:
    assert client("openai", {**CALL, "organization": "org-1"}).organization == "org-1"


def test_a_client_is_kept_for_a_deployment_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_CLIENTS", 1)
    several, policy = Clients({}), Policy(id="m-1", provider="openai", upstream_model="m")
    first = several.client(policy, CALL)
    assert several.client(policy, CALL) is first
    other = several.client(policy, {**CALL, "api_key": "other"})
    assert other is not first
    assert several.client(policy, CALL) is not first


def test_a_copy_without_the_relay_has_no_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_wired(Policy(provider="openai"))
    monkeypatch.setattr(clients, "Wire", None)
    assert not is_wired(Policy(provider="openai"))
    assert client("openai") is None
    assert client("openai", **PROXIED) is not None


def test_calls_of_the_responses_api_are_made_by_a_client_of_the_kind_litellm_takes_there() -> None:
    found = client("openai", {**CALL, "api_key": NO_KEY}, by_responses=True, query={"tenant": "7"})
    assert isinstance(found, AsyncHTTPHandler)
    assert dict(found.client.params) == {"tenant": "7"}
    assert isinstance(found.client._transport, Wire)


def test_clients_and_ways_out_go_with_the_deployments_they_were_for() -> None:
    from one_adapter.runtime.relay.client import Pools

    environment = {"ONE": "http://127.0.0.1:9", "TWO": "http://127.0.0.1:10"}
    gone, stays = (Policy(name, proxy=ProxyRule(http_env=name), timeout=1.0) for name in ("ONE", "TWO"))
    clients, pools = Clients(environment), Pools(environment)

    async def scenario() -> list[object]:
        for policy in (gone, stays):
            assert clients.client(policy, {"api_key": "k", "api_base": "http://x/v1"}) is not None
            pools._mounts[policy.proxy] = {"http://": environment[policy.id]}
            pools._session(environment[policy.id])
        first = pools._sessions[environment["ONE"]]
        clients.keep([stays])
        pools.keep([stays])
        for _ in range(5):
            await asyncio.sleep(0)
        found = [{key[0] for key in clients._made}, {*clients._transports}, {*pools._sessions}, first.closed]
        await pools.close()
        return found

    assert asyncio.run(scenario()) == [{"TWO"}, {stays.proxy}, {environment["TWO"]}, True]
