"""Which models LiteLLM can price: those of its own list, at their vendors' own addresses, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from configurations import gateway, plan

from one_adapter.cli import cli
from one_adapter.export.litellm import prices as module
from one_adapter.export.litellm.prices import LIST, NO_PRICES, Prices, prices_of, rates_of, shipped
from one_adapter.export.litellm.proxy_config import proxy_config
from one_adapter.export.secrets.variables import secrets_of

ZEROS = {
    "input_cost_per_token": 0,
    "output_cost_per_token": 0,
    "cache_creation_input_token_cost": 0,
    "cache_read_input_token_cost": 0,
}


def service(kind: str, *models: str, **more: Any) -> dict[str, Any]:
    credentials = {"api_key": "k", "project_id": "p", "location": "us-central1", "group_id": "1"}
    return {
        "services": {kind: [{"models": list(models), "credentials": credentials, "enabled": True, **more}]}
    }


def infos(config: dict[str, Any], prices: Prices | None = None, pure: bool = False) -> list[dict[str, Any]]:
    """The model_info of each deployment."""
    decided = plan(config)
    text = proxy_config(
        decided, secrets_of(gateway(config), decided), pure, prices=shipped() if prices is None else prices
    )
    return [each["model_info"] for each in yaml.safe_load(text)["model_list"]]


@pytest.mark.parametrize(
    ("kind", "model", "address", "expected"),
    [
        ("openai", "gpt-4o", "", "gpt-4o"),
        ("openai", "gpt-4o", "https://api.openai.com/v1", "gpt-4o"),
        ("deepseek", "deepseek-chat", "", "deepseek/deepseek-chat"),
        ("openai", "deepseek-chat", "https://api.deepseek.com/v1", "deepseek/deepseek-chat"),
        ("groq", "openai/gpt-oss-120b", "https://api.groq.com/openai/v1", "groq/openai/gpt-oss-120b"),
        ("dashscope", "qwen-plus", "", "dashscope/qwen-plus"),
        ("zhipu", "glm-4.6", "", "zai/glm-4.6"),
        ("minimax", "MiniMax-M2", "", "minimax/MiniMax-M2"),
        ("claude", "claude-sonnet-4-5", "", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-flash", "", "gemini/gemini-2.5-flash"),
        ("azure", "gpt-4o", "https://a-b.openai.azure.com", "azure/gpt-4o"),
        ("vertexai", "gemini-2.5-flash", "", "gemini-2.5-flash"),
    ],
)
def test_a_model_at_its_vendors_own_address_is_named_and_has_no_zeros(
    kind: str, model: str, address: str, expected: str
) -> None:
    found, *_ = infos(service(kind, model, **({"server_url": address} if address else {})))
    assert found["base_model"] == expected
    assert not ZEROS.keys() & found.keys()


@pytest.mark.parametrize(
    ("kind", "model", "address"),
    [
        ("openai", "gpt-4o", "https://a-reseller.example/v1"),
        ("openai", "gpt-4o", "https://api.openai.com.example/v1"),
        ("claude", "claude-sonnet-4-5", "https://a-reseller.example"),
        ("openai", "no-such-model", ""),
        ("openai", "Gpt-4o", "https://api.openai.com/v1"),
        ("ollama", "llama3", "http://localhost:11434"),
        ("dify", "mine", ""),
    ],
)
def test_any_other_costs_nothing_that_is_known(kind: str, model: str, address: str) -> None:
    for found in infos(service(kind, model, **({"server_url": address} if address else {}))):
        assert "base_model" not in found
        assert ZEROS.items() <= found.items()


def test_stock_litellm_counts_by_its_list_too() -> None:
    found, *_ = infos(service("openai", "gpt-4o"), pure=True)
    assert found["base_model"] == "gpt-4o"


def test_without_prices_all_are_zero() -> None:
    for found in infos(service("openai", "gpt-4o"), NO_PRICES):
        assert "base_model" not in found
        assert ZEROS.items() <= found.items()


def test_the_model_that_is_asked_is_priced_and_not_the_name_that_clients_use() -> None:
    config = service(
        "openai", "gpt-4o", server_url="https://api.openai.com/v1", model_redirect={"mine": "gpt-4o"}
    )
    named = [one for one in infos(config) if one.get("base_model")]
    assert len(named) > 1
    assert {one["base_model"] for one in named} == {"gpt-4o"}


class TestWhichList:
    """LiteLLM's own where it is installed, what ships otherwise; neither imports LiteLLM."""

    def installed(self, monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
        spec = None if folder is None else SimpleNamespace(origin=str(folder / "__init__.py"))
        monkeypatch.setattr(module, "find_spec", lambda _: spec)

    def test_the_installed_ones_is_taken(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        row = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06}
        (tmp_path / LIST).write_text(json.dumps({"gpt-of-tomorrow": row, "sample_spec": {}}))
        self.installed(monkeypatch, tmp_path)
        assert prices_of().names == {"gpt-of-tomorrow"}

    @pytest.mark.parametrize("text", [None, "{", "\xff"])
    def test_what_ships_is_taken_where_there_is_none_that_can_be_read(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
    ) -> None:
        if text is not None:
            (tmp_path / LIST).write_text(text, encoding="latin-1")
        self.installed(monkeypatch, tmp_path)
        assert prices_of() == shipped()
        self.installed(monkeypatch, None)
        assert prices_of() == shipped()
        assert set(rates_of()) == shipped().names
        assert 0 < rates_of()["gpt-4o"][0] < rates_of()["gpt-4o"][1] < 1e-3

    def test_what_ships_is_dated(self) -> None:
        path = Path(module.__file__).parents[2] / "vendors" / "prices.json"
        found = json.loads(path.read_text("utf-8"))
        assert found["date"] >= "2026-11-26"
        assert list(found["names"]) == sorted(found["names"])
        assert all(len(rate) == 2 and min(rate) >= 0 for rate in found["names"].values())
        assert {"gpt-4o", "deepseek/deepseek-chat", "dashscope/qwen-plus"} <= set(found["names"])


def export(*words: object) -> None:
    with pytest.raises(SystemExit) as ended:
        cli(["export", *map(str, words)], prog_name="one-adapter")
    assert not ended.value.code


def test_the_command_lists_in_the_report_what_has_no_price(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    config = service("openai", "gpt-4o", "mystery-1", server_url="https://api.openai.com/v1")
    path.write_text(json.dumps(config))
    report = tmp_path / "report.json"
    export(path, "-o", tmp_path / "a.yaml", "--report", report)
    (told,) = [one for one in json.loads(report.read_text())["todo"] if one["code"] == "price-unknown"]
    assert "mystery-1" in told["text"]
    assert "gpt-4o" not in told["text"]
    export(path, "-o", tmp_path / "b.yaml", "--report", report, "--force", "--prices", "none")
    assert "price-unknown" not in report.read_text()
    assert "base_model" not in (tmp_path / "b.yaml").read_text()
    assert "base_model: gpt-4o" in (tmp_path / "a.yaml").read_text()
