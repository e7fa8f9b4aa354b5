"""Fixtures of the provider tests: the mock vendors, and LiteLLM with the providers in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no look at the network when litellm is imported

import litellm
import pytest
from mock_vendors import CREDENTIALS, Vendors

from one_adapter.providers import register
from one_adapter.providers.network import http_client


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    running = Vendors().start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(litellm, "suppress_debug_info", True)
    register()


@pytest.fixture(autouse=True)
async def _no_client_outlives_its_loop() -> AsyncIterator[None]:
    """Close the client that LiteLLM's cache has for the loop of a test, while there is the loop."""
    yield
    await http_client(None).close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.proxy)
