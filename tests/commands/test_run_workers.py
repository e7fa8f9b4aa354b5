"""What `run` makes of several workers: what they share, or what each of them may."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from command_runner import runner

from one_adapter.cli import cli
from one_adapter.commands.options import options_of
from one_adapter.commands.sharing import Sharing, sharing
from one_adapter.commands.source import accepted
from one_adapter.commands.workers import MOST, Workers
from one_adapter.dialect import CURRENT
from one_adapter.errors import OneAdapterError
from one_adapter.plan.division import divided, limited, told, wants_sharing
from one_adapter.plan.types import LimitPolicy, Plan


def file(folder: Path, *services: dict[str, Any], **more: Any) -> Path:
    whole = [
        {
            "models": [f"m{number}"],
            "enabled": True,
            "credentials": {"api_key": f"sk-upstream-{number}"},
            "server_url": "http://127.0.0.1:9/v1",
            **service,
        }
        for number, service in enumerate(services)
    ]
    path = folder / "config.json"
    path.write_text(json.dumps({"api_key": "sk-client-key", "services": {"openai": whole}, **more}))
    return path


def plan_of(folder: Path, *services: dict[str, Any], **more: Any) -> Plan:
    return accepted(str(file(folder, *services, **more)), options_of("smart", "websocket", CURRENT)).plan


LIMITED = {"limit": {"qpm": 30, "timeout": 5}}
EVERYWHERE = {
    "limit": {"qps": 2.5, "concurrency": 3, "timeout": 5},
    "model_limits": {"m0": {"tpm": 1000}},
    "credential_list": [
        {"id": "a", "api_key": "sk-a", "limit": {"qpm": 9}, "model_limits": {"m0": {"concurrency": 2}}},
        {"id": "b", "api_key": "sk-b"},
    ],
}


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


class TestDivision:
    def test_each_worker_has_its_part_of_every_limit_and_at_least_one(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, EVERYWHERE)
        (one,) = divided(plan, 4).services
        assert one.limit == LimitPolicy(qps=1, concurrency=1, wait_seconds=5)
        assert one.model_limits["m0"].tpm == 250
        first, second = one.credentials
        assert first.limit is not None
        assert first.limit.qpm == 2
        assert first.model_limits["m0"].concurrency == 1
        assert second.limit is None

    def test_a_limit_below_one_stays(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, {"limit": {"qps": 0.5}})
        (one,) = divided(plan, 4).services
        assert one.limit is not None
        assert one.limit.qps == 0.5

    def test_it_is_told_of_every_limited_service(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, EVERYWHERE, {}, LIMITED)
        assert limited(plan) == ("openai-1", "openai-3")
        assert told(plan, 4) == (
            "openai-1: concurrency 2 -> 1, concurrency 3 -> 1, qpm 9 -> 2, qps 2.5 -> 1, tpm 1000 -> 250",
            "openai-3: qpm 30 -> 7",
        )

    def test_what_needs_no_memory_needs_no_sharing(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, {}, load_balancing="random")
        assert wants_sharing(plan) == (plan.breaker is not None)
        assert not wants_sharing(replace(plan, breaker=None))
        assert wants_sharing(plan_of(tmp_path, LIMITED, load_balancing="random"))
        assert wants_sharing(plan_of(tmp_path, {}, load_balancing="rr"))


@pytest.mark.usefixtures("nothing_installed")
class TestWithoutAnInstalledRedis:
    def test_limits_are_refused_in_one_sentence(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, LIMITED, {}, LIMITED, LIMITED, LIMITED)
        share = sharing(plan, 4, None, False)
        with pytest.raises(OneAdapterError) as problem:
            share.plan(plan)
        assert str(problem.value) == (
            "4 workers that share nothing would let through 4 times the limits of openai-1, openai-3, "
            "openai-4 and others: install redis-server, name a Redis with --redis, or have each worker hold "
            "its part with --approximate."
        )

    def test_a_configuration_without_limits_needs_none(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, {})
        share = sharing(plan, 4, None, False)
        assert share.plan(plan) == plan
        assert share.lines(plan) == ["4 workers share nothing: each has breakers and turns of its own."]
        assert share.environment == {}

    def test_each_holds_its_part_where_that_is_enough(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, LIMITED)
        share = sharing(plan, 4, None, True)
        assert share.plan(plan) == divided(plan, 4)
        assert share.lines(plan) == [
            "4 workers share nothing: each has breakers and turns of its own. "
            "Limits of each: openai-1: qpm 30 -> 7."
        ]

    def test_one_that_is_asked_for_is_missed(self, tmp_path: Path) -> None:
        with pytest.raises(OneAdapterError, match="No redis-server is installed"):
            sharing(plan_of(tmp_path, LIMITED), 2, "auto", False)

    def test_one_worker_has_nothing_to_share(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, LIMITED)
        share = sharing(plan, 1, None, False)
        assert (share.plan(plan), share.lines(plan)) == (plan, [])

    def test_run_says_it_and_does_not_start(self, tmp_path: Path) -> None:
        done = runner().invoke(cli, ["run", str(file(tmp_path, LIMITED)), "--workers", "2"])
        assert done.exit_code == 1
        assert done.stderr.splitlines()[-1].startswith(
            "Error: 2 workers that share nothing would let through"
        )


class TestRedis:
    def test_a_named_one_is_used_whatever_the_number_of_workers(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, LIMITED)
        for workers in (1, 3):
            share = sharing(plan, workers, "redis://:secret@host/0", False)
            assert share == Sharing(workers, "redis://:secret@host/0")
            assert (share.plan(plan), share.lines(plan)) == (plan, [])
            assert share.environment == {"ONE_ADAPTER_REDIS_URL": "redis://:secret@host/0"}
            assert "secret" not in repr(share)

    def test_what_is_no_url_is_refused_without_being_told(self, tmp_path: Path) -> None:
        with pytest.raises(OneAdapterError, match="--redis must be a URL") as problem:
            sharing(plan_of(tmp_path, LIMITED), 2, "http://:secret@host", False)
        assert "secret" not in str(problem.value)

    def test_an_installed_one_is_the_workers_own(self, tmp_path: Path) -> None:
        plan = plan_of(tmp_path, LIMITED)
        share = sharing(plan, 2, None, False)
        assert share.server is not None
        assert share.url == share.server.url
        assert share.plan(plan) == plan
        assert share.lines(plan) == [
            "2 workers share limits, breakers and turns through a Redis of their own."
        ]
        with share.running():
            assert share.server.answers()

    def test_none_is_started_where_it_is_not_wanted(self, tmp_path: Path) -> None:
        assert sharing(plan_of(tmp_path, LIMITED), 2, "none", True).server is None

    def test_a_start_with_them_comes_as_far_as_the_port(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            words = ["--workers", "2", "--port", str(taken.getsockname()[1]), "--host", "127.0.0.1"]
            done = runner().invoke(cli, ["run", str(file(tmp_path, LIMITED)), *words])
        assert "Relayed, without LiteLLM's translation: " in done.stdout
        assert "2 workers share limits, breakers and turns through a Redis of their own." in done.stdout
        assert "Cannot listen on 127.0.0.1:" in done.stderr.splitlines()[-1]
        assert done.exit_code == 2


class TestNumber:
    @pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", str(MOST + 1), ""])
    def test_what_is_no_number_of_workers_is_refused(self, text: str) -> None:
        with pytest.raises(click.BadParameter, match="neither auto nor a number"):
            Workers().convert(text, None, None)

    def test_auto_is_as_many_as_there_are_processors(self) -> None:
        assert 1 <= Workers().convert("auto", None, None) <= MOST
        assert Workers().convert("7", None, None) == 7
