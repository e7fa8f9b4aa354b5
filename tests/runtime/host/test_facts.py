"""What is known of each LiteLLM, and what is read of its router in the words of either kind of version."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import litellm
import pytest
from litellm.proxy import proxy_server
from packaging.requirements import Requirement

from one_adapter.runtime.host import facts, reading
from one_adapter.runtime.host.loaded import loaded
from one_adapter.runtime.host.profile import CHOICES

pytestmark = pytest.mark.proxy
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "performance.md"


class TestTable:
    def test_every_choice_that_needs_a_name_is_one_of_the_profiles(self) -> None:
        assert facts.SHORTCUTS.keys() < CHOICES

    @pytest.mark.parametrize("row", facts.ROWS, ids=lambda row: row.minor)
    def test_a_row_lies_within_the_bounds_and_is_found_by_its_versions(self, row: facts.Row) -> None:
        lines = map(Requirement, requires("one-adapter") or [])
        bounds = next(line.specifier for line in lines if line.name == "litellm")
        assert bounds.contains(row.tried)
        assert facts.row_of(row.tried) is row
        assert facts.row_of(f"{row.minor}.99") is row

    def test_the_bounds_end_where_the_rows_do(self) -> None:
        lines = map(Requirement, requires("one-adapter") or [])
        bounds = next(line.specifier for line in lines if line.name == "litellm")
        first, last = (int(row.minor.split(".")[1]) for row in (facts.ROWS[0], facts.ROWS[-1]))
        assert not bounds.contains(f"1.{first - 1}.99")
        assert not bounds.contains(f"1.{last + 1}.0")

    def test_the_version_of_this_environment_has_every_name_its_row_uses(self) -> None:
        row = facts.row_of(facts.installed())
        assert row is not None
        assert facts.check(CHOICES) == facts.Checked(row.shortcuts)
        assert [name for names in facts.GUARDS.values() for name in facts.missing(names)] == []

    def test_the_page_on_performance_has_the_same_rows(self) -> None:
        found = re.findall(r"^\| (1\.\d+) \| ([\d.]+) \| (.*?) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
        assert [(minor, tried, set(re.findall(r"`(\w+)`", names))) for minor, tried, names in found] == [
            (row.minor, row.tried, set(row.shortcuts)) for row in facts.ROWS
        ]


class TestCheck:
    def test_a_version_with_all_its_names_says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(facts, "installed", lambda: "1.106.12")
        monkeypatch.setattr(facts, "missing", lambda _: [])
        assert facts.check(CHOICES) == facts.Checked(frozenset(facts.SHORTCUTS))
        assert facts.check(frozenset({"log"})) == facts.Checked(frozenset())

    def test_the_oldest_has_no_shortcuts_and_nothing_to_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(facts, "installed", lambda: "1.105.0")
        assert facts.check(CHOICES) == facts.Checked(frozenset())

    @pytest.mark.parametrize("version", ["1.104.9", "1.107.1", "1.111.0", "2.0", "unknown"])
    def test_a_version_without_a_row_is_told(self, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
        monkeypatch.setattr(facts, "installed", lambda: version)
        found = facts.check(frozenset({"log"}))
        assert found.shortcuts == frozenset()
        assert found.said.startswith(f"LiteLLM {version} was not tried with this one-adapter")
        assert "\n" not in found.said

    def test_a_lost_guard_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(facts, "missing", lambda names: [n for n in names if "SECRET" in n])
        assert facts.check(frozenset()).said.endswith(
            ": it goes its own way, without a search for secrets at bounded cost"
        )


class OldRouter:
    """A router as it was up to 1.108."""

    routing_strategy = "simple-shuffle"
    disable_cooldowns = True

    def __init__(self, names: list[str]) -> None:
        self.model_list = deployments(names)
        self.model_group_alias = {"fast": "m1"}


class NewRouter:
    """A router as it is from 1.109 on: one list for ever, and a count of its changes."""

    def __init__(self, names: list[str]) -> None:
        self.held = deployments(names)
        self.version = 1

    def registry(self) -> Any:
        return SimpleNamespace(all=lambda: self.held, aliases=lambda: {"fast": "m1"}, version=self.version)

    def settings(self) -> Any:
        return SimpleNamespace(routing_strategy="simple-shuffle", disable_cooldowns=True)

    def replace(self, names: list[str]) -> None:
        self.held[:] = deployments(names)
        self.version += 1


def deployments(names: list[str]) -> list[dict[str, Any]]:
    return [
        {"model_name": n, "litellm_params": {"model": f"openai/{n}"}, "model_info": {"id": n}} for n in names
    ]


class TestReading:
    @pytest.mark.parametrize("kind", [OldRouter, NewRouter])
    def test_both_kinds_of_router_tell_the_same(self, kind: Any) -> None:
        router = kind(["m1"])
        assert [one["model_name"] for one in reading.deployments(router)] == ["m1"]
        assert reading.aliases(router) == {"fast": "m1"}
        assert not reading.counts(router)

    def test_a_router_that_replaces_its_list_in_place_is_read_anew(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        router = NewRouter(["m1", "m2"])
        monkeypatch.setattr(proxy_server, "llm_router", router)
        first = loaded()
        assert first is loaded()
        router.replace(["m1", "m3"])
        assert list(loaded().config.groups) == ["m1", "m3"]

    def test_litellms_own_router_is_read_anew_after_as_many_deployments(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        router = litellm.Router(model_list=deployments(["m1", "m2"]), disable_cooldowns=True)
        monkeypatch.setattr(proxy_server, "llm_router", router)
        assert list(loaded().config.groups) == ["m1", "m2"]
        router.set_model_list(deployments(["m1", "m3"]))
        assert list(loaded().config.groups) == ["m1", "m3"]

    def test_a_version_that_shows_no_configuration_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert reading.configuration() is not None
        monkeypatch.setattr(proxy_server, "proxy_config", object())
        assert reading.configuration() is None
