"""What `export --pure` gives up is told, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from configurations import only, openai, plan, service

from one_adapter.export.litellm.start_commands import commands_of
from one_adapter.export.pure.costs import pure_costs

PROXY = {"strategy": "force_all", "type": "http", "http_proxy": "http://p"}
KEY = {"api_key": "k"}
PLAIN = openai(service("gpt-4o"), circuit_breaker={"enabled": False}, **KEY)


def costs(config: dict[str, Any]) -> str:
    return "\n".join(pure_costs(plan(config)))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (only("dify", models=["d"]), "dify-1: LiteLLM has no provider for dify"),
        (only("dify", models=["d"]), "These names lead nowhere any more: d, random."),
        (openai(service("m")), "where the gateway asked clients for no key"),
        (openai(service("m"), **KEY), "The old client keys do not work"),
        (
            openai(service("m"), api_keys=[{"api_key": "a", "supported_models": {"x": ["m"]}}]),
            "which models a key may call",
        ),
        (openai(service("m"), model_redirect={"all": "m"}), 'The global redirect "all" is lost'),
        (
            openai(service("m", model_redirect={"n": "m"})),
            "/v1/models shows names the gateway kept to itself: m.",
        ),
        (openai(service("m"), service("m"), load_balancing="rr"), "No strict rotation: m are drawn"),
        (openai(service("m"), circuit_breaker={"failure_threshold": 7}), "(7 failures, 30 s)"),
        (openai(service("m", credential_list=[{}, {}])), "No failover: a key of openai-1 that fails"),
        (
            openai(service("m", credential_list=[{"limit": {"tpm": 9}}, {}])),
            "Keys are drawn by weight, whatever tokens they have left",
        ),
        (openai(service("m", model_limits={"m": {"tpm": 9}})), "No waiting limits: calls to openai-1"),
        (openai(service("m", limit={"rpm": 1})), "No waiting limits: calls to openai-1"),
        (openai(service("m", credentials={"limit": {"rpm": 1}})), "No waiting limits: calls to openai-1"),
        (openai(service("m", embedding_limit={"rpm": 1})), "No embedding limits for openai-1."),
        (openai(service("m"), proxy=PROXY), "No proxy per service: openai-1"),
        (
            openai(service("m", server_url="https://h.example/v1?a=b")),
            "The query of server_url is not sent: openai-1.",
        ),
        (only("groq", models=["m"]), "not corrected for groq-1"),
        (openai(service("m")), "Content in parts is not made into text for m."),
        (openai(service("m", model_map={"m": "x"})), "Chats and embeddings of m share their upstreams"),
        (openai(service("文心")), "percent-encoded: 文心."),
        (
            openai(*[service("m", id=f"s{n}", limit={"qps": 1}) for n in range(6)]),
            "calls to s0, s1, s2, s3 and 2 more",
        ),
    ],
)
def test_what_is_lost_is_told(config: dict[str, Any], said: str) -> None:
    assert said in costs(config)


@pytest.mark.parametrize(
    "word",
    [
        "no provider",
        "lead nowhere",
        '"all"',
        "kept to itself",
        "rotation",
        "breaker",
        "waiting",
        "failover",
        "tokens",
        "embedding",
        "proxy per",
        "query",
        "corrected",
        "parts",
        "percent-encoded",
        "share their upstreams",
        "which models",
    ],
)
def test_what_was_never_there_is_not_told(word: str) -> None:
    assert word not in costs(PLAIN)


def test_the_commands_start_the_proxy_where_the_gateway_was() -> None:
    decided = plan({**PLAIN, "server_port": "127.0.0.1:8080"})
    lines = [command.line for command in commands_of("my config.json", decided, pure=False)]
    assert "one-adapter run 'my config.json' --dry-run --port 9091" in lines
    assert lines[-1].endswith("litellm --config config.yaml --host 127.0.0.1 --port 8080")
    assert "one-adapter run config.json" in [each.line for each in commands_of("-", decided, pure=False)]
    assert not [each.line for each in commands_of("-", decided, pure=True) if "one-adapter" in each.line]


def test_stock_litellm_gets_what_it_lacks_for_vertex_ai() -> None:
    credentials = {"project_id": "p", "location": "us-central1"}
    lines = [
        each.line
        for each in commands_of("c.json", plan(only("vertexai", models=["m"], credentials=credentials)), True)
    ]
    assert lines[0] == "pip install 'litellm[proxy]' 'google-auth[requests]'"
    assert commands_of("c.json", plan(openai(service("m"))), True)[0].line == "pip install 'litellm[proxy]'"
