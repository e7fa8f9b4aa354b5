"""What the gateway of today answers to requests that come one after another, and when, row by row."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from doorway import CHAT, deployment, loaded_of, serve
from virtual import run

KEYS = ("key-1", "key-2")


def service(limits: dict[str, Any], **ours: Any) -> list[dict[str, Any]]:
    return [deployment(limits=limits, timeout=30, **ours)]


def pool(limits: dict[str, Any], *first: dict[str, Any]) -> list[dict[str, Any]]:
    """Two keys, of which each has limits of its own beside those of the service."""
    return [
        deployment(
            credential=place,
            key=key,
            places=[place],
            order="first",
            timeout=30,
            limits={**limits, **(first[place] if place < len(first) else {})},
        )
        for place, key in enumerate(KEYS)
    ]


@pytest.mark.parametrize(
    ("deployments", "bodies", "answers"),
    [
        pytest.param(
            service({"service": {"qps": 50, "qpm": 2, "wait_seconds": 2}}),
            [{}] * 3,
            [(200, 0), (200, 0), (429, 2)],
            id="all kinds hold at once",
        ),
        pytest.param(
            service({"service": {"qpm": 0.5, "wait_seconds": 2}}),
            [{}] * 2,
            [(200, 0), (429, 2)],
            id="below 1 counts as 1",
        ),
        pytest.param(
            service({"service": {"tpm": 100, "wait_seconds": 1}}),
            [{"max_tokens": 80}, {}],
            [(200, 0), (429, 1)],
            id="the longest answer counts as tokens",
        ),
        pytest.param(
            service({"service": {"tpm": 30, "wait_seconds": 2}}),
            [{}] * 3,
            [(200, 0), (200, 0), (429, 2)],
            id="used tokens are waited for",
        ),
        pytest.param(
            service({"service": {"tpm": 30}}),
            [{"max_tokens": 19}, {}],
            [(429, 0), (200, 0)],
            id="more tokens than a minute has are refused at once and take none",
        ),
        pytest.param(
            service({"service_models": {"up-m": {"qpm": 1, "wait_seconds": 1}}}),
            [{}, {"model": "nick"}],
            [(200, 0), (429, 1)],
            id="a model's limit is found by every name on the way",
        ),
        pytest.param(
            pool({}, {"credential": {"qpm": 1, "wait_seconds": 1}}),
            [{}] * 3,
            [(200, 0), (200, 1), (200, 1)],
            id="a full key is left for the next",
        ),
        pytest.param(
            pool({"service": {"qpm": 1, "wait_seconds": 1}}),
            [{}] * 2,
            [(200, 0), (429, 1)],
            id="a full service is not passed by another key",
        ),
    ],
)
def test_limits_are_waited_for_as_the_gateway_does(
    deployments: list[dict[str, Any]], bodies: list[dict[str, Any]], answers: list[tuple[int, float]]
) -> None:
    loaded = loaded_of(*deployments)

    async def scenario() -> list[tuple[int, float]]:
        caller, _ = serve(loaded)
        loop = asyncio.get_running_loop()
        found = []
        for body in bodies:
            began = loop.time()
            status = (await caller("POST", "/v1/chat/completions", {**CHAT, **body}))[0]
            found.append((status, loop.time() - began))
        return found

    assert run(scenario()) == answers
    assert loaded.memory.limits.held() == {}
