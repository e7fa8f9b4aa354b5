"""`one-adapter run` before anything is started: where it would listen, and what a dry run replaces."""

from __future__ import annotations

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from configurations import gateway, only, openai, plan, service

from one_adapter.commands.run import default_host, exporting, lacks_google, through, warnings, ways
from one_adapter.commands.sharing import Sharing
from one_adapter.export.litellm import prices
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of
from one_adapter.runtime.reload.naming import loaded


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({}, "127.0.0.1"),
        ({"server_port": "0.0.0.0:80"}, "127.0.0.1"),
        ({"api_key": "k"}, "0.0.0.0"),
        ({"api_key": "k", "server_port": ":80"}, "0.0.0.0"),
        ({"api_key": "k", "server_port": "127.0.0.1:80"}, "127.0.0.1"),
        ({"api_key": "k", "server_port": "[::1]:80"}, "::1"),
    ],
)
def test_without_a_key_it_listens_on_loopback_alone(config: dict[str, str], host: str) -> None:
    assert default_host(plan(config)) == host


def test_in_a_dry_run_every_upstream_is_replaced() -> None:
    config = openai(service("m", model_map={"m": "x"}), model_redirect={"all": "m"})
    config["services"]["xinghuo"] = [service("spark-lite")]
    replaced = through(plan(config), lambda url: f"http://here/{url}")
    routes = [*replaced.routes, replaced.any]
    targets = [
        each for route in routes if route for each in (*route.targets, *(route.embedding_targets or ()))
    ]
    assert targets
    assert all(each.upstream.url.startswith("http://here/") for each in targets)
    assert "http://here/wss://spark-api.xf-yun.com/v1.1/chat" in {each.upstream.url for each in targets}


def test_in_a_dry_run_no_key_is_fetched_from_the_vendor() -> None:
    pair = {"access_key": "a", "secret_key": "s"}
    route = through(plan(only("huoshan", models=["ep-1"], credentials=pair)), str).route("ep-1")
    assert route is not None
    (found,) = route.targets
    assert found.upstream.provider == "openai"
    assert [(name, ref.field) for name, ref in found.upstream.keys] == [("api_key", "access_key")]
    assert found.upstream.by_reference == ()


def test_in_a_dry_run_no_token_is_fetched_from_google() -> None:
    credentials = {"project_id": "p", "location": "us-east1", "json_file": "/key.json"}
    route = through(plan(only("vertexai", models=["m"], credentials=credentials)), str).route("m")
    assert route is not None
    found = route.targets[0].upstream
    place = "https://us-east1-aiplatform.googleapis.com/v1/projects/p/locations/us-east1/publishers/google"
    assert (found.provider, found.url) == ("gemini", place)
    assert "/key.json" not in str(found)


def test_that_it_is_open_is_a_warning_where_others_can_reach_it() -> None:
    open_to_all = plan(openai(service("m")))
    assert any("asks clients for no key" in line for line in warnings(open_to_all, "0.0.0.0", False))
    assert warnings(open_to_all, "127.0.0.1", False) == []


def test_what_a_token_from_google_needs_is_missed_where_there_is_such_a_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vertex = plan(only("vertexai", models=["m"], credentials={"project_id": "p", "location": "us-east1"}))
    monkeypatch.setitem(sys.modules, "google", None)
    assert any("google-auth" in line for line in warnings(vertex, "127.0.0.1", dry_run=False))
    assert not any("google-auth" in line for line in warnings(vertex, "127.0.0.1", dry_run=True))
    assert not lacks_google(plan(openai(service("m"))))
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    sys.modules["google"].__spec__ = ModuleSpec("google", None)
    assert not lacks_google(vertex)


def told(config: dict[str, Any], relay: bool = True) -> str:
    secrets = secrets_of(gateway(config), plan(config))
    return "\n".join(ways(loaded(proxy_config(plan(config), secrets, relay=relay))))


def test_it_says_how_many_names_are_relayed_and_why_the_others_are_not() -> None:
    config = openai(service("gpt-4o", "glm-4"), load_balancing="first")
    config["services"]["claude"] = [service(*(f"claude-{number}" for number in range(9)))]
    text = told(config)
    assert "Relayed, without LiteLLM's translation: 2 of 12 names." in text
    reason = "Through LiteLLM, as the vendor does not speak the client's protocol: "
    assert f"{reason}claude-0, claude-1, claude-2, claude-3, claude-4, claude-5 and 4 more." in text


def test_a_name_with_one_deployment_that_is_not_relayed_is_not_counted_as_relayed() -> None:
    config = openai(service("gpt-4o"))
    config["services"]["claude"] = [service("claude-3")]
    assert "random" in told(config).partition("Through LiteLLM")[2]


def test_it_says_which_names_are_relayed_to_clients_of_the_upstreams_own_protocol() -> None:
    config = openai(service("r", upstream_protocol="responses"), load_balancing="first")
    config["services"]["claude"] = [service("claude-3")]
    text = told(config)
    assert "Relayed all the same where clients call /v1/messages: claude-3" in text
    assert "Relayed all the same where clients call /v1/responses: r" in text


def test_without_the_relay_every_name_goes_through_litellm() -> None:
    text = told(openai(service("gpt-4o")), relay=False)
    assert ": 0 of 2 names." in text
    assert "as the relay is switched off: gpt-4o, random." in text
    assert "all the same" not in told(openai(service("r", upstream_protocol="responses")), relay=False)


def test_the_prices_of_a_changed_configuration_are_those_that_litellm_began_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prices, "find_spec", lambda _: ModuleSpec("x", None, origin=str(tmp_path / "x")))
    row = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06}
    (tmp_path / prices.LIST).write_text(json.dumps({"m": row}), "utf-8")
    config = only("openai", models=["m"], server_url="https://api.openai.com/v1")
    found, secrets = plan(config), secrets_of(gateway(config), plan(config))
    export = exporting(Sharing(1), None, True, "sk-master")
    first = export(found, secrets)
    (tmp_path / prices.LIST).unlink()  # as while another version is installed
    assert "base_model: m" in first.text
    assert export(found, secrets).text == first.text
