"""Fixtures of the provider tests: the mock vendors, and LiteLLM with the providers in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no look at the network when litellm is imported

import litellm
import mock_vendors
import pytest
from mock_vendors import Vendors

from one_adapter.providers import register

CREDENTIALS = {
    "CANARY_APPID": mock_vendors.SPARK_ID,
    "CANARY_API_SECRET": mock_vendors.SPARK_SECRET,
    "CANARY_API_KEY": mock_vendors.SPARK_KEY,
    "CANARY_DIFY_API_KEY": mock_vendors.DIFY_KEY,
    "CANARY_ARK_ACCESS_KEY": mock_vendors.ACCESS_KEY,
    "CANARY_ARK_SECRET_KEY": mock_vendors.SECRET_KEY,
}


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
