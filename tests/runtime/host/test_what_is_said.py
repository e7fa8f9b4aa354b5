"""What the relay is told of LiteLLM, and the operator of the relay."""

from __future__ import annotations

import litellm
import pytest

from one_adapter.runtime.gateway.config import Config, read_config
from one_adapter.runtime.host.circumstances import unknown_settings
from one_adapter.runtime.host.standing import Standing

BUDGET = "one-adapter: nothing is relayed, LiteLLM makes every call: a budget is configured\n"


def config(relay: bool = True) -> Config:
    return read_config([], {"relay": relay}, None, {})


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_it_is_said_once_why_nothing_is_relayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    standing, one = Standing(), config()
    standing.look(one)
    assert said(capsys) == ""
    monkeypatch.setattr(litellm, "max_budget", 5.0)
    standing.look(one)
    standing.look(one)
    standing.look(config())
    assert said(capsys) == BUDGET
    monkeypatch.setattr(litellm, "max_budget", 0.0)
    standing.look(one)
    assert said(capsys) == ""
    monkeypatch.setattr(litellm, "max_budget", 5.0)
    standing.look(one)
    assert said(capsys) == BUDGET


def test_nothing_is_said_of_a_relay_that_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(litellm, "max_budget", 5.0)
    Standing().look(config(relay=False))
    assert said(capsys) == ""


def test_hosts_that_images_may_come_from_are_no_matter_for_the_relay() -> None:
    settings = {"user_url_allowed_hosts": ["pictures.lan"], "user_url_validation": False, "cache": True}
    assert list(unknown_settings({"litellm_settings": settings})) == ["litellm_settings.cache"]
