"""`one-adapter run` before anything is started: where it would listen, and what a dry run replaces."""

from __future__ import annotations

import pytest
from configurations import only, openai, plan, service

from one_adapter.commands.run import default_host, through


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
